"""A replica of the Natural Object Dataset: ciftify betas, localisers, events and photographs.

Kept from the real one: file names (run-1 among derivatives, run-01 among raw data), lists of names
without a last new line that give the folder in run 1 only, maps named in the files too, cortex
without medial wall, label files with `???` as background, four pRF maps of float64, events whose
columns differ between runs. Planted: faces and bodies tell categories of pictures apart, places
does less, words and the retinotopic vertices tell single pictures apart.
"""

import json

import nibabel
import numpy as np
from images import categories, natural_like
from nibabel.cifti2 import BrainModelAxis, LabelAxis, ScalarAxis
from PIL import Image

SUBJECTS = ["sub-01"]
RUNS = (1, 2, 10)
PER_RUN = 8
N = PER_RUN * len(RUNS)
VERTICES = 64
AREAS = {"faces": (0, 14), "bodies": (8, 20), "places": (24, 36), "words": (40, 48)}
RETINOTOPIC = (70, 90)
EXPECTED = {
    "sessions": {"sub-01": 1},
    "stimuli": N,
    "presentations": {"sub-01": N},
    "repetitions": {"sub-01": 1},
    "units": {"faces": 14, "bodies": 12, "places": 12, "words": 8, "retinotopic": 20},
}


def stimuli():
    """Return (synset, file) of each picture, in the order of `natural_like`."""
    numbers = np.random.default_rng(11).permutation(9000)[:N] + 100
    return [
        (f"n{1440764 + 10007 * i:08d}", f"n{1440764 + 10007 * i:08d}_{number}.JPEG")
        for i, number in enumerate(numbers)
    ]


def write(root):
    """Write the repository."""
    home = root / "ds004496" / "2.1.2"
    results = home / "derivatives" / "ciftify" / "sub-01" / "results"
    write_text(home / "dataset_description.json",
                json.dumps({"Name": "copy", "BIDSVersion": "1.4.1", "License": "CC0"}))  # fmt: skip
    write_text(home / "task-imagenet_bold.json", json.dumps({"RepetitionTime": 2}))
    write_text(home / "task-imagenet_events.json", json.dumps({"response": {"Description": "-"}}))
    _write_pictures(home)
    axis = cortex()
    rng = np.random.default_rng(4496)
    betas = _betas(rng, len(axis))
    shown = rng.permutation(N).reshape(len(RUNS), PER_RUN)
    for run, pictures in zip(RUNS, shown, strict=True):
        _write_run(results, axis, run, pictures, betas, rng)
        _write_events(home, run, rng.permutation(pictures))
    write_regions(results, axis)


def write_regions(results, axis):
    """Write what the localisers and the retinotopic mapping say of one subject."""
    for area, (start, stop) in AREAS.items():
        folder = results / "ses-floc_task-floc"
        keys = np.zeros(len(axis))
        keys[start:stop] = np.where(np.arange(stop - start) < 5, 1, 2)
        table = {0: ("???", (0, 0, 0, 0)), 1: (f"{area}-1", (1, 0, 0, 1)),
                 2: (f"{area}-2", (0, 1, 0, 1))}  # fmt: skip
        write_cifti(folder / f"floc-{area}.dlabel.nii", keys[None], LabelAxis([area], [table]),
                     axis, np.float32)  # fmt: skip
    params = np.random.default_rng(0).uniform(0, 5, (4, len(axis)))
    params[3, slice(*RETINOTOPIC)] += 20
    folder, names = results / "ses-prf_task-prf", ["ang", "ecc", "rfsize", "R2"]
    write_cifti(folder / "ses-prf_task-prf_params.dscalar.nii", params, ScalarAxis(names), axis,
                 np.float64)  # fmt: skip
    write_text(folder / "ses-prf_task-prf_label.txt", "\n".join(names))


def cortex():
    """Return the grayordinates of a small cortex."""
    left = BrainModelAxis.from_surface(np.arange(6, VERTICES), VERTICES, name="CortexLeft")
    right = BrainModelAxis.from_surface(np.arange(8, VERTICES), VERTICES, name="CortexRight")
    return left + right


def _betas(rng, n):
    """Return betas (picture, grayordinate): an offset, a signal where there is one, and noise."""
    kind = rng.normal(size=(4, n))[categories(N)]
    single = rng.normal(size=(N, n))
    signal = np.zeros((N, n))
    for area, (start, stop) in AREAS.items():
        weight = {"faces": (2, 0.5), "bodies": (2, 0.5), "places": (1, 1)}.get(area, (0, 2))
        signal[:, start:stop] = (weight[0] * kind + weight[1] * single)[:, start:stop]
    signal[:, slice(*RETINOTOPIC)] = 2 * single[:, slice(*RETINOTOPIC)]
    return 3 + signal + rng.normal(size=(N, n))


def _write_run(results, axis, run, pictures, betas, rng):
    stem = f"ses-imagenet01_task-imagenet_run-{run}"
    names = [stimuli()[i][1] for i in pictures]
    if run == 1:
        names = ["/".join(stimuli()[i]) for i in pictures]
    drift = rng.normal(size=betas.shape[1])  # what runs differ by, whatever they show
    write_cifti(results / stem / f"{stem}_beta.dscalar.nii", betas[pictures] + drift,
                 ScalarAxis(names), axis, np.float32)  # fmt: skip
    write_text(results / stem / f"{stem}_label.txt", "\n".join(names))


def _write_events(home, run, pictures):
    response = ["response"] if run == 1 else []
    lines = [
        "\t".join(["onset", "duration", "trial_type", *response, "response_time", "stim_file"])
    ]
    for place, picture in enumerate(pictures):
        cells = [f"{0.0144 + 4 * place}", "1.0", f"{picture + 1}.0", *["-1.0" for _ in response]]
        lines.append("\t".join([*cells, "1.4", "imagenet/" + "/".join(stimuli()[picture])]))
    folder = home / "sub-01" / "ses-imagenet01" / "func"
    name = f"sub-01_ses-imagenet01_task-imagenet_run-{run:02d}_events.tsv"
    write_text(folder / name, "\n".join(lines) + "\n")


def _write_pictures(home):
    for (synset, name), pixels in zip(stimuli(), natural_like(N, 32, 32, seed=4496), strict=True):
        file = home / "stimuli" / "imagenet" / synset / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, format="JPEG", quality=95)


def write_cifti(file, values, first, axis, dtype):
    """Write maps over grayordinates."""
    file.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Cifti2Image(np.asarray(values, dtype=dtype), header=(first, axis))
    image.nifti_header.set_data_dtype(dtype)
    image.to_filename(str(file))


def write_text(file, text):
    """Write a text file in a folder that need not be there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
