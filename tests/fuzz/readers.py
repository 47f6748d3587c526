"""Every reader of files that others write: a small valid file, and what isomorph does with it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml


@dataclass(frozen=True)
class Reader:
    """One kind of file and its reader.

    Attributes
    ----------
    file : str
        What the file is called.
    write : callable
        Writes a valid one at a path; the file's folder is empty.
    read : callable
        Reads what stands at a path as isomorph does.
    text : bool
        Whether words and lines are changed too.
    packed : str
        How its contents are packed, see `mutations`.
    cost : float
        Milliseconds a reading takes, roughly; dear ones get fewer inputs.
    """

    file: str
    write: Callable[[Path], object]
    read: Callable[[Path], object]
    text: bool = False
    packed: str = ""
    cost: float = 1.0


RNG = np.random.default_rng(0)
STIMULI = ["a", "b", "c", "d"]

# ---------------------------------------------------------------- images, arrays, tables


def _image(form: str) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        from PIL import Image

        pixels = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        image = Image.fromarray(pixels)
        if form == "GIF":
            image.save(file, form, save_all=True, append_images=[image.rotate(90)])
        else:
            image.save(file, form)

    return write


def _open_rgb(file: Path) -> object:
    from isomorph.stimuli.pixels import open_rgb

    return open_rgb(file)


def _variables(file: Path) -> object:
    from isomorph.responses.named_arrays import read_variables

    return {name: np.asarray(value) for name, value in read_variables(file).items()}


def _tensors(file: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"early": torch.ones(4, 3).bfloat16(), "late": torch.eye(4)}, file)


def _netcdf_by(engine: str) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        import xarray as xr

        data = {"late": (("stimulus", "f"), np.arange(24.0).reshape(4, 6))}
        xr.Dataset(data, {"stimulus": STIMULI}).to_netcdf(file, engine=engine)

    return write


def _savemat(file: Path, *, compressed: bool) -> None:
    from scipy.io import savemat

    struct = np.array([(1, "ab"), (2, "c")], dtype=[("a", object), ("b", object)])
    cell = np.empty((2, 1), object)
    cell[:, 0] = ["text", np.eye(2)]
    values = {"rdm": np.eye(4), "s": struct, "cell": cell}
    savemat(file, values, do_compression=compressed)


def _struct(file: Path) -> None:
    """Write a struct array of stimuli: pixels, a text and numbers of each."""
    from scipy.io import savemat

    pixels = np.random.default_rng(1).integers(0, 256, (4, 8, 9, 3), dtype=np.uint8)
    fields = [("image", object), ("label", object), ("at", object)]
    rows = [(pixels[i], one, np.array([i, 1.5])) for i, one in enumerate(STIMULI)]
    savemat(file, {"s": np.array(rows, dtype=fields)})


def _netcdf(file: Path) -> None:
    from scipy.io import netcdf_file

    with netcdf_file(file, "w") as opened:
        opened.createDimension("presentation", 3)
        opened.createDimension("unit", 4)
        one = opened.createVariable("held", ">i2", ("presentation", "unit"))
        one[:] = np.arange(12).reshape(3, 4)
        one.scale_factor = 0.5


def _matlab_73(file: Path) -> None:
    """Write what MATLAB 7.3 does: HDF5 behind a block of its own, axes the other way round."""
    import h5py

    with h5py.File(file, "w", userblock_size=512) as out:
        letters = np.array([[ord(one)] for one in "text"], np.uint16)
        arrays = {"rdm": (np.eye(4), b"double"), "text": (letters, b"char")}
        for name, (values, kind) in arrays.items():
            out[name] = values
            out[name].attrs["MATLAB_class"] = np.bytes_(kind)
        for one in STIMULI:
            out[f"#refs#/{one}"] = np.array([[ord(one)]], np.uint16)
            out[f"#refs#/{one}"].attrs["MATLAB_class"] = np.bytes_(b"char")
        cells = [out[f"#refs#/{one}"].ref for one in STIMULI]
        out["names"] = np.array([cells], dtype=h5py.ref_dtype)
        out["names"].attrs["MATLAB_class"] = np.bytes_(b"cell")
    with open(file, "r+b") as out:
        out.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def _rsatoolbox(file: Path) -> None:
    from rsatoolbox.rdm import RDMs

    RDMs(
        np.random.default_rng(6).random((2, 6)),
        dissimilarity_measure="euclidean",
        rdm_descriptors={"subject": ["s1", "s2"]},
        pattern_descriptors={"stimulus": STIMULI},
    ).save(str(file), file_type="hdf5")


def _table(file: Path) -> object:
    from isomorph.foreign import read_table

    return read_table(file)


EVENTS = b"onset\tduration\ttrial_type\n" + b"".join(
    b"%d.5\t1\t%s\n" % (i, STIMULI[i % 4].encode()) for i in range(12)
)


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


def _read_events(file: Path) -> object:
    from isomorph.responses.bids.events import read_events
    from isomorph.study.bids import BidsEvents

    spec = BidsEvents(files="*_events.tsv", where={"trial_type": ("a", "b", "c")})
    return read_events(file, spec)


def _confounds(file: Path) -> None:
    values = np.random.default_rng(7).normal(size=(8, 7))
    values[:, 6] = np.arange(8) == 0
    names = [
        "trans_x",
        "trans_y",
        "trans_z",
        "rot_x",
        "rot_y",
        "rot_z",
        "non_steady_state_outlier00",
    ]
    rows = ["\t".join(f"{one:g}" for one in row) for row in values]
    file.write_text("\n".join(["\t".join(names), *rows]) + "\n")
    file.with_suffix(".json").write_text("{}")


def _read_confounds(file: Path) -> object:
    """Read a table as fMRIPrep's own, and by the names of its columns."""
    from isomorph.responses.bids.confounds import read_confounds
    from isomorph.responses.bids.run_files import RunFiles
    from isomorph.study.bids import BidsConfounds

    start = file.name.partition("_desc-")[0]
    bold = file.with_name(f"{start}_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz")
    run = RunFiles(bold, file.with_name(f"{start}_events.tsv"), "")
    by_name = BidsConfounds(files="*.tsv", columns=("trans_*", "rot_x"))
    return [
        read_confounds(run, [file], spec, 8)
        for spec in (by_name, BidsConfounds(strategy=("motion",)))
    ]


# ---------------------------------------------------------------- settings


DATASET: dict[str, Any] = {
    "name": "toy", "title": "Toy", "citation": "none", "licence": "CC0-1.0", "species": "none",
    "subjects": ["s1"], "archive": {"kind": "local", "path": "../files"},
    "stimuli": {"kind": "folder", "files": "*.png"},
    "responses": {
        "kind": "nwb", "files": "{subject}*.nwb", "window": [0.0, 0.1], "region": "location",
        "presentations": {"table": "trials", "onset": "on", "stimulus": "image"},
    },
}  # fmt: skip
MODEL = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
STUDY = {
    "name": "toy", "title": "Toy", "datasets": ["toy"], "models": ["pixels"],
    "distances": ["correlation", "euclidean"],
}  # fmt: skip


def _settings(which: str) -> Callable[[Path], None]:
    """Return a writer of one of the three files of a study; the two others stand beside."""

    def write(file: Path) -> None:
        content = {"study": STUDY, "dataset": DATASET, "model": MODEL}[which]
        file.write_text(yaml.safe_dump(content, sort_keys=False))

    return write


def _load_settings(which: str) -> Callable[[Path], object]:
    def read(file: Path) -> object:
        from isomorph.study import load_study

        top = file.parent / f"{which}-study"
        places = {
            "study": "study.yaml",
            "dataset": "datasets/toy.yaml",
            "model": "models/pixels.yaml",
        }
        contents = {"study": STUDY, "dataset": DATASET, "model": MODEL}
        for name, place in places.items():
            (top / place).parent.mkdir(parents=True, exist_ok=True)
            (top / place).write_bytes(
                file.read_bytes() if name == which else yaml.safe_dump(contents[name]).encode()
            )
        return load_study(top / "study.yaml")

    return read


# ---------------------------------------------------------------- whole stages


def study_around(files: Path, **changes: Any) -> Any:
    """Write a study whose local archive is a folder, and return its layout."""
    from isomorph.layout import Layout
    from isomorph.study import load_study

    top = files.parent / "study"
    for name, content in {
        "datasets/toy.yaml": DATASET | {"archive": {"kind": "local", "path": str(files)}} | changes,
        "models/pixels.yaml": MODEL,
        "study.yaml": STUDY,
    }.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(yaml.safe_dump(content))
    return Layout(load_study(top / "study.yaml"), top)


@cache
def _laid_out(files: Path, key: str) -> Any:
    import pandas as pd

    from isomorph.artefacts import provenance, write_table

    layout = study_around(files, **json.loads(key))
    table = pd.DataFrame({"stimulus": STIMULI, "file": "", "sha256": ""})
    write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
    return layout


def _responses(**settings: Any) -> Callable[[Path], object]:
    """Return what fetches the one file of a dataset and reads its responses."""

    def read(file: Path) -> object:
        from isomorph.stages import fetch, responses

        layout = _laid_out(file.parent, json.dumps({"responses": settings}))
        fetch.run(layout, "toy")
        return responses.run(layout, "toy", "s1")

    return read


def _stimuli(**settings: Any) -> Callable[[Path], object]:
    def read(file: Path) -> object:
        from isomorph.stages import fetch, stimuli

        layout = study_around(file.parent, stimuli=settings)
        fetch.run(layout, "toy")
        return stimuli.run(layout, "toy")

    return read


def _nwb(file: Path) -> None:
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.base import Images
    from pynwb.image import RGBImage

    nwb = NWBFile("test", file.stem, datetime(2020, 1, 1, tzinfo=UTC), session_id="9")
    for name in ("on", "image"):
        nwb.add_trial_column(name, description=name)
    for row in range(8):
        nwb.add_trial(
            start_time=float(row), stop_time=row + 0.5, on=float(row), image=STIMULI[row % 4]
        )
    nwb.add_unit_column("location", description="where")
    for unit in range(3):
        times = np.sort(np.concatenate([np.arange(8) + 0.01 * (unit + 1), [0.05, 3.07]]))
        nwb.add_unit(spike_times=times, location=("IT", "V4", "IT")[unit])
    pixels = np.random.default_rng(2).integers(0, 256, (4, 8, 9, 3), dtype=np.uint8)
    images = [RGBImage(name=one, data=pixels[i]) for i, one in enumerate(STIMULI)]
    nwb.add_stimulus_template(Images(name="pictures", images=images))
    with NWBHDF5IO(str(file), mode="w") as out:
        out.write(nwb)


def _followed(file: Path) -> None:
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.behavior import Position, SpatialSeries

    nwb = NWBFile("test", file.stem, datetime(2020, 1, 1, tzinfo=UTC))
    times = np.arange(0, 60, 0.2)
    places = np.column_stack([np.sin(times), np.cos(times / 2)])
    one = SpatialSeries(name="led", data=places, timestamps=times, reference_frame="0")
    module = nwb.create_processing_module("behavior", "where")
    module.add(Position(spatial_series=one))
    nwb.add_epoch(start_time=1.0, stop_time=58.0, tags=["all"])
    with NWBHDF5IO(str(file), mode="w") as out:
        out.write(nwb)


FOLLOWED = "processing/behavior/Position/led"

ARRAYS = {
    "kind": "arrays", "responses": "{subject}.npy", "presentations": "{subject}_shown.csv",
    "units": "{subject}_units.csv",
}  # fmt: skip


def _arrays(which: str) -> Callable[[Path], None]:
    """Write all three files of a dataset of arrays; one of them is the file that is changed."""

    def write(file: Path) -> None:
        np.save(file.with_name("s1.npy"), np.arange(24.0).reshape(8, 3) % 7)
        shown = "".join(f"{STIMULI[i % 4]},{i // 4}\n" for i in range(8))
        file.with_name("s1_shown.csv").write_text("stimulus,repetition\n" + shown)
        file.with_name("s1_units.csv").write_text("unit,region\n1,IT\n2,IT\n3,V4\n")

    return write


# ---------------------------------------------------------------- HDF5, images of brains, sensors


def _h5(file: Path) -> None:
    import h5py

    for number in range(2):
        with h5py.File(file.with_name(f"part{number}.h5"), "w") as part:
            part["part"] = np.arange(10.0)
    with h5py.File(file, "w") as out:
        data = out.create_dataset("a/data", data=np.arange(100.0), chunks=(10,), compression="gzip")
        out["a/ref"] = np.array([(1, data.ref)], dtype=[("n", int), ("to", h5py.ref_dtype)])
        out["a"].attrs["to"] = data.ref
        out["text"] = "text"
        layout = h5py.VirtualLayout((100,), "f8")
        layout[:] = h5py.VirtualSource(".", "a/data", (100,))
        out.create_virtual_dataset("virtual", layout)
        out["soft"] = h5py.SoftLink("/a/data")
        out["external"] = h5py.ExternalLink("part0.h5", "/part")
        blocks = h5py.h5s.create_simple((20,), (h5py.h5s.UNLIMITED,))
        blocks.select_hyperslab((0,), (h5py.h5s.UNLIMITED,), (10,), (10,))
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        part = h5py.h5s.create_simple((10,))
        plan.set_virtual(blocks, b"part%b.h5", b"part", part)
        space = h5py.h5s.create_simple((20,), (h5py.h5s.UNLIMITED,))
        h5py.h5d.create(out.id, b"many", h5py.h5t.NATIVE_DOUBLE, space, plan)


def _open_h5(file: Path) -> object:
    from isomorph.foreign.hdf5 import open_hdf5

    with open_hdf5(file):
        return None


def _nifti(shape: tuple[int, ...]) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        import nibabel

        values = np.random.default_rng(3).integers(0, 500, shape).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), file)

    return write


def _gifti(file: Path) -> None:
    import nibabel
    from nibabel.gifti import GiftiDataArray, GiftiImage

    arrays = [
        GiftiDataArray(np.arange(20, dtype=np.float32) + i, intent="NIFTI_INTENT_TIME_SERIES")
        for i in range(4)
    ]
    for side in (file, file.with_name("a_hemi-R_bold.func.gii")):
        nibabel.save(GiftiImage(darrays=arrays), side)


def _cifti(file: Path, *, series: bool) -> None:
    import nibabel
    from nibabel.cifti2 import BrainModelAxis, ScalarAxis, SeriesAxis

    axis = BrainModelAxis.from_surface(np.arange(20), 30, name="CortexLeft")
    first = SeriesAxis(0.0, 2.0, 4) if series else ScalarAxis(STIMULI)
    values = np.arange(80, dtype=np.float32).reshape(4, 20)
    nibabel.save(nibabel.Cifti2Image(values, header=(first, axis)), file)


def _open_bold(file: Path) -> object:
    from isomorph.responses.bids.bold import open_bold

    other = file.with_name(file.name.replace("hemi-L", "hemi-R"))
    bold = open_bold([file, other] if "hemi-L" in file.name else [file])
    return bold.read(np.arange(len(bold.place))).scaled()


def _open_maps(file: Path) -> object:
    from isomorph.responses.betas.maps import open_maps

    maps = open_maps(file)
    return maps.read_map(0)


EPOCHS = {
    "kind": "epochs", "files": "*_eeg.*", "windows": {"early": [0.0, 0.2]},
    "presentations": {"stimulus": "trial_type"},
}  # fmt: skip


def _events_beside(file: Path) -> None:
    rows = "".join(f"{i + 0.5}\t1\t{STIMULI[i % 4]}\n" for i in range(8))
    file.with_name("sub-s1_task-x_events.tsv").write_text("onset\tduration\ttrial_type\n" + rows)


def _fif(file: Path) -> None:
    import mne

    info = mne.create_info(["Fz", "Cz"], 100.0, "eeg")
    values = np.random.default_rng(4).normal(size=(2, 1000)) * 1e-6
    mne.io.RawArray(values, info, verbose="error").save(file, verbose="error")
    _events_beside(file)


def _brainvision(file: Path) -> None:
    values = np.random.default_rng(4).normal(size=(1000, 2)).astype("<f4")
    _events_beside(file)
    # By another name than the header's, so that the pattern matches the header alone.
    file.with_name("values.dat").write_bytes(values.tobytes())
    file.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=values.dat\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        "NumberOfChannels=2\nSamplingInterval=10000\n\n[Binary Infos]\n"
        "BinaryFormat=IEEE_FLOAT_32\n\n[Channel Infos]\nCh1=Fz,,1,µV\nCh2=Cz,,1,µV\n",
        encoding="utf-8",
    )


# ---------------------------------------------------------------- networks


def _small() -> Any:
    import torch

    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.ReLU())


def _pt(file: Path) -> None:
    import torch

    torch.save(_small().state_dict(), file)


def _open_pt(file: Path) -> object:
    from isomorph.models.packages.efficientnet_lite import filled

    return filled(_small(), file)


def _safetensors(file: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from isomorph.models.libraries.imported import library

    torch.manual_seed(0)
    save_file(library("timm").create_model("test_vit").state_dict(), file)


def _open_safetensors(file: Path) -> object:
    """Build a network of a library whose weights were put in their place by hand."""
    from isomorph.models import SOURCES, Request
    from isomorph.models.libraries.huggingface import hub_folder
    from isomorph.study import ModelSpec

    spec = ModelSpec(name="m", title="M", source="timm/test_vit")
    request = Request("m", spec, None, file.parent.parent / "weights", file.parent)
    place = hub_folder(request, "timm", "timm/test_vit.r160_in1k") / file.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.read_bytes())
    return SOURCES[spec.source].network(request)


def _onnx(file: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weight = np.random.default_rng(5).normal(size=(2, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node("Relu", ["c"], ["y"], name="relu"),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2, 6, 6])],
        [numpy_helper.from_array(weight, "w")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file
    )


def _open_onnx(file: Path) -> object:
    import torch

    from isomorph.models.onnx import open_onnx

    return open_onnx(file).module(torch.zeros(2, 3, 8, 8))


# ---------------------------------------------------------------- archives


def _zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("toy-1.0/good", bytes(range(256)) * 4)
        packed.writestr("toy-1.0/other", b"x" * 100)


def _tar(file: Path) -> None:
    with tarfile.open(file, "w:gz") as packed:
        for name in ("good", "other"):
            info = tarfile.TarInfo(f"toy-1.0/{name}")
            info.size = 1024
            packed.addfile(info, io.BytesIO(bytes(range(256)) * 4))


def _unpack(file: Path) -> object:
    from isomorph.archives.unpack import unpack

    return unpack(file, ["good"], file.parent / "unpacked")


def _lock(file: Path) -> None:
    from isomorph.archives.lock import Lock, LockedFile, write_lock

    rows = [
        LockedFile(f"sub-{i}/a.nwb", 100 + i, "sha256", f"{i:064x}", f"https://a.org/{i}")
        for i in range(4)
    ]
    write_lock(file, Lock(tuple(rows), ("dandiset 000004 0.1: https://a.org",)))


def _read_lock(file: Path) -> object:
    from isomorph.archives.lock import read_lock_file

    return read_lock_file(file, "isomorph lock")


def _manifest(file: Path) -> None:
    from isomorph.stages import fetch

    (file.parent / "one").mkdir()
    (file.parent / "one" / "a.txt").write_text("a")
    layout = study_around(
        file.parent / "one",
        archive={"kind": "local", "path": str(file.parent / "one"), "files": ["*.txt"]},
    )
    fetch.run(layout, "toy")
    file.write_bytes(layout.manifest("toy").read_bytes())


def _read_manifest(file: Path) -> object:
    from isomorph.archives.manifest import read_manifest

    layout = study_around(file.parent)
    layout.manifest("toy").parent.mkdir(parents=True, exist_ok=True)
    layout.manifest("toy").write_bytes(file.read_bytes())
    return read_manifest(layout, "toy")


# ---------------------------------------------------------------- artefacts


def _rdms(file: Path) -> None:
    from isomorph.artefacts import provenance, write_array
    from isomorph.rdms import RdmRow, brain_rdms, flat

    rows = [
        RdmRow(region="V1", subject=subject, distance="correlation", rdm=RNG.random(6), n_units=7)
        for subject in ("x", "y")
    ]
    write_array(file, flat(brain_rdms(rows, STIMULI)), "rdms", provenance("rdms"))


def _read_rdms(file: Path) -> object:
    from isomorph.artefacts import read_array

    return read_array(file, "rdms").load()


def _written_responses(file: Path) -> None:
    import xarray as xr

    from isomorph.artefacts import provenance, write_responses

    data = xr.Dataset(
        {"response": (("presentation", "unit"), RNG.poisson(3, (8, 3)) * 1.0)},
        coords={
            "stimulus": ("presentation", np.array(STIMULI * 2, dtype=object)),
            "repetition": ("presentation", np.repeat([0, 1], 4)),
            "unit": ("unit", np.array(["01", "02", "3"], dtype=object)),
            "region": ("unit", np.array(["V1", "V1", "IT"], dtype=object)),
        },
        attrs={"session": "1"},
    )
    attributes = {"dataset": "toy", "subject": "s1"}
    write_responses(file, {"1": data}, attributes, provenance("responses"))


def _read_responses(file: Path) -> object:
    from isomorph.artefacts import read_responses

    return read_responses(file)


def _stimulus_table(file: Path) -> None:
    rows = "".join(f"{one},images/{one}.png,{i:064x},8,9,,\n" for i, one in enumerate(STIMULI))
    head = "stimulus,file,sha256,width,height,duplicate_of,near_duplicate_of\n"
    file.write_text(head + rows)


def _read_artefact(file: Path) -> object:
    from isomorph.artefacts import read_table

    return read_table(file, "stimuli")


def _show(file: Path) -> object:
    from isomorph.cli.show import describe

    return describe(file)


def _write_video(file: Path) -> None:
    import av

    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for number in range(5):
            pixels = np.full((24, 32, 3), 40 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def _open_film(file: Path) -> object:
    from isomorph.stimuli.film import open_film

    film = open_film(file)
    return film.frame(film.count - 1), film.frame(0)


READERS: dict[str, Reader] = {
    "MP4": Reader("a.mp4", _write_video, _open_film),
    "Matroska": Reader("a.mkv", _write_video, _open_film),
    "PNG": Reader("a.png", _image("PNG"), _open_rgb, packed="png"),
    "JPEG": Reader("a.jpg", _image("JPEG"), _open_rgb),
    "TIFF": Reader("a.tif", _image("TIFF"), _open_rgb),
    "GIF": Reader("a.gif", _image("GIF"), _open_rgb),
    "BMP": Reader("a.bmp", _image("BMP"), _open_rgb),
    "WebP": Reader("a.webp", _image("WEBP"), _open_rgb),
    "NPY": Reader("a.npy", lambda file: np.save(file, np.arange(24.0).reshape(4, 6)), _variables),
    "NPZ": Reader(
        "a.npz",
        lambda file: np.savez_compressed(file, rdm=np.eye(4), names=np.array(STIMULI)),
        _variables,
        packed="zip",
    ),
    "MATLAB": Reader("a.mat", lambda f: _savemat(f, compressed=False), _variables, cost=250),
    "MATLAB, compressed": Reader(
        "a.mat", lambda f: _savemat(f, compressed=True), _variables, cost=250
    ),
    "MATLAB, struct of stimuli": Reader(
        "a.mat",
        _struct,
        _stimuli(kind="matlab", file="a.mat", variable="s", image="image", fields=["label", "at"]),
        cost=300,
    ),
    "MATLAB 7.3": Reader("a.mat", _matlab_73, _variables, cost=100),
    "features": Reader("a.safetensors", _tensors, _variables),
    "netCDF": Reader("a.nc", _netcdf_by("h5netcdf"), _variables, cost=60),
    "netCDF, classic": Reader("a.nc", _netcdf_by("scipy"), _variables),
    "netCDF 3": Reader("a.nc", _netcdf, _variables, cost=2),
    "rsatoolbox": Reader("a.hdf5", _rsatoolbox, _variables, cost=60),
    "TSV": Reader("a.tsv", _bytes(EVENTS), _table, text=True),
    "CSV": Reader("a.csv", _bytes(EVENTS.replace(b"\t", b",")), _table, text=True),
    "CSV, RDM": Reader("a.csv", _bytes(b"x,y,z\n0,1,2\n1,0,3\n2,3,0\n"), _variables, text=True),
    "TSV, gzipped": Reader("a.tsv.gz", _bytes(gzip.compress(EVENTS)), _table, packed="gzip"),
    "study": Reader("a.yaml", _settings("study"), _load_settings("study"), text=True, cost=4),
    "dataset": Reader("a.yaml", _settings("dataset"), _load_settings("dataset"), text=True, cost=4),
    "model": Reader("a.yaml", _settings("model"), _load_settings("model"), text=True, cost=4),
    "HDF5": Reader("a.h5", _h5, _open_h5),
    "NWB, responses": Reader("s1.nwb", _nwb, _responses(**DATASET["responses"]), cost=120),
    "NWB, stimuli": Reader(
        "s1.nwb",
        _nwb,
        _stimuli(kind="nwb", files="*.nwb", images=["stimulus/templates/pictures"]),
        cost=60,
    ),
    "NWB, stimuli of a variable": Reader(
        "s1.nwb",
        _followed,
        _stimuli(
            kind="variable",
            files="*.nwb",
            name="x",
            series=FOLLOWED,
            component=0,
            bins=4,
            minimum=0.1,
            epochs={},
            speed={"of": FOLLOWED, "min": 0},
        ),
        cost=60,
    ),
    "array": Reader("s1.npy", _arrays("npy"), _responses(**ARRAYS), cost=30),
    "table of presentations": Reader(
        "s1_shown.csv", _arrays("shown"), _responses(**ARRAYS), text=True, cost=30
    ),
    "table of units": Reader(
        "s1_units.csv", _arrays("units"), _responses(**ARRAYS), text=True, cost=30
    ),
    "events": Reader("sub-s1_task-x_events.tsv", _bytes(EVENTS), _read_events, text=True, cost=4),
    "confounds": Reader(
        "sub-s1_task-x_desc-confounds_timeseries.tsv",
        _confounds,
        _read_confounds,
        text=True,
        cost=10,
    ),
    "NIfTI": Reader("a_bold.nii", _nifti((3, 4, 5, 6)), _open_bold),
    "NIfTI, gzipped": Reader("a_bold.nii.gz", _nifti((3, 4, 5, 6)), _open_bold, packed="gzip"),
    "GIfTI": Reader("a_hemi-L_bold.func.gii", _gifti, _open_bold, text=True),
    "CIFTI series": Reader("a_bold.dtseries.nii", lambda f: _cifti(f, series=True), _open_bold),
    "CIFTI maps": Reader("a.dscalar.nii", lambda f: _cifti(f, series=False), _open_maps),
    "NIfTI maps": Reader("a_betas.nii", _nifti((3, 4, 5, 2)), _open_maps),
    "FIF": Reader("sub-s1_task-x_eeg.fif", _fif, _responses(**EPOCHS), cost=60),
    "BrainVision": Reader(
        "sub-s1_task-x_eeg.vhdr", _brainvision, _responses(**EPOCHS), text=True, cost=60
    ),
    "weights": Reader("a.pt", _pt, _open_pt, packed="zip"),
    "safetensors": Reader("model.safetensors", _safetensors, _open_safetensors, text=True, cost=30),
    "ONNX": Reader("a.onnx", _onnx, _open_onnx),
    "zip": Reader("a.sdist", _zip, _unpack, packed="zip"),
    "tar": Reader("a.sdist", _tar, _unpack, packed="gzip"),
    "lock": Reader("a.lock.tsv", _lock, _read_lock, text=True),
    "manifest": Reader("a.json", _manifest, _read_manifest, text=True, cost=6),
    "RDMs": Reader("a.nc", _rdms, _read_rdms, cost=10),
    "responses": Reader("a.nc", _written_responses, _read_responses, cost=20),
    "artefact, shown": Reader("a.nc", _rdms, _show, cost=20),
    "table": Reader("stimuli.csv", _stimulus_table, _read_artefact, text=True, cost=4),
    "table, shown": Reader("stimuli.csv", _stimulus_table, _show, text=True, cost=6),
}
"""By name."""


def valid(name: str, folder: Path) -> bytes:
    """Write a valid file, with those it needs beside it, into a folder; return its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / READERS[name].file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        READERS[name].write(file)
    return file.read_bytes()
