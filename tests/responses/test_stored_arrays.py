"""Arrays and betas in files of every format, by path, with named axes, masks and stated orders."""

from __future__ import annotations

import json
from dataclasses import replace

import h5py
import nibabel
import numpy as np
import pytest
import xarray as xr
from scipy.io import netcdf_file, savemat

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.foreign.array_files import read_array
from isomorph.jobs import Job
from isomorph.responses.stored.parts import parts
from isomorph.runs import resources
from isomorph.runs.sizes import sizes_of
from isomorph.stages import responses
from isomorph.study.stored import StimulusOrder

RNG = np.random.default_rng(3)
X, Y, Z = 4, 5, 3
AFFINE = np.array([[2.0, 0, 0, -4], [0, 2, 0, 6], [0, 0, 3, 1], [0, 0, 0, 1]])
STIMULI = [f"im{number:02}" for number in range(1, 7)]
SHOWN = np.array([3, 1, 2, 6, 5, 4, 1, 2, 3, 4, 5, 6])
"""Places in `STIMULI`, counted from 1, of the trials of two runs of five and of seven."""
BETAS = RNG.integers(-900, 900, (len(SHOWN), Z, Y, X)).astype(np.int16)
ROI = np.zeros((X, Y, Z), np.int16) - 1
ROI[1, 2:4, 0], ROI[3, 0, :], ROI[0, 0, 0] = 1, 2, 7


def pattern(shape=(1, 2, 9)):
    """Return where in each of two runs a stimulus was shown: five times, and seven times."""
    found = np.zeros(shape)
    found[0, 0, [0, 2, 3, 5, 8]] = found[0, 1, [0, 1, 2, 4, 6, 7, 8]] = 1
    return found


@pytest.fixture
def laid_out(files):
    """Write what a large set of betas in a bucket looks like, small."""
    with h5py.File(files / "s1_betas.hdf5", "w") as file:
        file.create_dataset("results/betas", data=BETAS, chunks=(5, 2, 3, 2))
        file["other"] = np.zeros(3)
    nibabel.Nifti1Image(ROI, AFFINE).to_filename(files / "s1_roi.nii.gz")
    with h5py.File(files / "design.h5", "w") as file:
        file["ordering"], file["short"], file["stimpattern"] = SHOWN[None], SHOWN[:9], pattern()
        file["long"], file["far"] = np.array([1e13, np.inf]), SHOWN + 10.0**15 * 8
        file["most"] = np.uint64(2**63) + SHOWN.astype(np.uint64)
    return files


def betas(**changes):
    return {
        "kind": "betas",
        "files": "{subject}_betas*.hdf5",
        "variable": "results/betas",
        "axes": ["presentation", "z", "y", "x"],
        "scale": {"divide": 300},
        "order": {"file": "design.h5", "variable": "ordering", "counted_from": 1},
        "runs": {"file": "design.h5", "variable": "stimpattern", "holds": "pattern"},
        "regions": [
            {"file": "{subject}_roi.nii.gz", "name": "V1", "values": [1, 2]},
            {"file": "{subject}_roi.nii.gz", "name": "V2", "min": 2, "max": 2},
        ],
    } | changes


def arrays(**changes):
    kept = {key: value for key, value in betas().items() if key not in ("kind", "files")}
    return {"kind": "arrays", "responses": "{subject}_betas*.hdf5", **kept} | changes


def read(layout):
    responses.run(layout, "toy", "s1")
    return read_responses(layout.responses("toy", "s1"))


def expected(region):
    """Return the betas (trial, voxel) of a region, voxels in the order of the file."""
    marked = np.isin(ROI, [1, 2] if region == "V1" else [2]).transpose(2, 1, 0)
    return BETAS[:, marked].astype(np.float32) / np.float32(300)


@pytest.mark.parametrize("spec", [betas(), arrays()], ids=["betas", "arrays"])
def test_a_mask_whose_axes_stand_otherwise_marks_the_voxels(make_study, laid_out, spec):
    (data,) = read(make_study(spec, STIMULI)).values()
    region = data["region"].values.astype(str)
    for name in ("V1", "V2"):
        np.testing.assert_array_equal(data["response"].values[:, region == name], expected(name))
    assert data["response"].dtype == np.float32
    assert data["stimulus"].values.tolist() == [STIMULI[place - 1] for place in SHOWN]
    assert data["run"].values.tolist() == ["1"] * 5 + ["2"] * 7
    assert data["repetition"].values.tolist() == [0] * 6 + [1] * 6
    at = np.argwhere(np.isin(ROI, [1, 2]).transpose(2, 1, 0))[:, ::-1]
    assert data["unit"].values.tolist()[:5] == [f"V1:{x}-{y}-{z}" for x, y, z in at.tolist()]
    places = np.stack([data[axis].values for axis in "xyz"], axis=1)[: len(at)]
    np.testing.assert_allclose(places, at @ AFFINE[:3, :3].T + AFFINE[:3, 3])
    assert json.loads(data.attrs["grid"])["shape"] == [X, Y, Z]
    assert '"units that count in two regions": 3' in data.attrs["noted"]


def save_as(file, values):
    """Write a variable `held` as the kind of file its ending says."""
    if file.name.endswith("7.3.mat"):
        with h5py.File(file, "w", userblock_size=512) as opened:
            opened.create_dataset("held", data=values.T).attrs["MATLAB_class"] = b"int16"
    elif file.suffix == ".mat":
        savemat(file, {"held": values})
    elif file.suffix == ".npz":
        np.savez(file, held=values, stimuli=np.array(STIMULI))
    elif file.suffix == ".npy":
        np.save(file, np.asfortranarray(values))
    elif file.name.endswith("3.nc"):
        with netcdf_file(file, "w") as opened:
            names = [opened.createDimension(f"d{n}", length) or f"d{n}"
                     for n, length in enumerate(values.shape)]  # fmt: skip
            opened.createVariable("held", ">i2", names)[:] = values
    else:
        with h5py.File(file, "w") as opened:
            opened["held"] = values


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mat", "a7.3.mat", "a.h5", "a4.nc", "a3.nc"])
def test_every_format_gives_the_same(make_study, laid_out, name):
    turned = BETAS.transpose(3, 1, 0, 2)  # x, z, presentation, y
    save_as(laid_out / f"s1_{name}", turned)
    spec = betas(files=f"{{subject}}_{name}", variable=None if "npy" in name else "held",
                 axes=["x", "z", "presentation", "y"])  # fmt: skip
    (data,) = read(make_study(spec, STIMULI)).values()
    (same,) = read(make_study(betas(), STIMULI)).values()
    order = [same["unit"].values.tolist().index(one) for one in data["unit"].values.tolist()]
    np.testing.assert_array_equal(data["response"].values, same["response"].values[:, order])


def test_packed_values_of_netcdf_are_unpacked(files):
    with h5py.File(files / "a.nc", "w") as opened:
        one = opened.create_dataset("held", data=np.array([[1, -1], [3, 4]], np.int16))
        one.attrs.update({"scale_factor": 0.5, "add_offset": 1.0, "_FillValue": np.int16(-1)})
    np.testing.assert_array_equal(read_array(files / "a.nc"), [[1.5, np.nan], [2.5, 3.0]])


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_numbers_of_netcdf_that_were_never_written_are_none(files, kind):
    with netcdf_file(files / "a.nc", "w") as opened:
        opened.createDimension("n", 3)
        opened.createVariable("held", kind, ("n",))[:] = [1, 9.969209968386869e36, -2]
    np.testing.assert_array_equal(read_array(files / "a.nc"), [1, np.nan, -2])


ENGINES = ("scipy", "h5netcdf")
"""Of netCDF 3 and 4."""


@pytest.mark.parametrize("engine", ENGINES)
def test_floats_may_be_packed_too_and_types_without_a_sign_are_told_by_an_attribute(files, engine):
    held, unsigned = np.array([[1.0, 2], [3, 4]]), np.array([[100, 200], [7, 255]], np.uint8)
    marked = {"_Unsigned": "true", "_FillValue": np.int8(-1)}
    xr.Dataset(
        {"held": (("a", "b"), held), "small": (("a", "b"), unsigned.view(np.int8), marked)}
    ).to_netcdf(files / "a.nc", engine=engine, encoding={"held": {"scale_factor": 0.5}})
    np.testing.assert_array_equal(read_array(files / "a.nc", "held"), held)
    np.testing.assert_array_equal(read_array(files / "a.nc", "small"), [[100, 200], [7, np.nan]])


@pytest.mark.parametrize("engine", ENGINES)
def test_stimuli_that_are_the_values_of_an_axis_must_be_those_of_the_table(
    make_study, files, engine
):
    values, shown = RNG.normal(size=(3, 2)), ["im03", "im01", "im02"]
    held = xr.Dataset({"r": (("stimulus", "unit"), values)}, coords={"stimulus": shown})
    held.to_netcdf(files / "s1.nc", engine=engine)
    spec = {"kind": "arrays", "responses": "{subject}.nc", "units": "units.csv",
            "presentations": "shown.csv"}  # fmt: skip
    (files / "units.csv").write_text("region\nV1\nV1\n")
    (files / "shown.csv").write_text("stimulus\nim01\nim02\nim03\n")
    with pytest.raises(IsomorphError, match=r'stimulus: row 1 is of "im03", .* of "im01"'):
        read(make_study(spec, STIMULI))
    (files / "shown.csv").write_text("\n".join(["stimulus", *shown]) + "\n")
    (data,) = read(make_study(spec, STIMULI)).values()
    np.testing.assert_array_equal(data["response"], values)


@pytest.mark.parametrize("engine", ENGINES)
def test_axes_that_the_file_names_stand_where_the_study_says(make_study, files, engine):
    """As many presentations as units: the shape alone does not tell."""
    values = RNG.normal(size=(3, 3))
    xr.Dataset({"r": (("unit", "presentation"), values)}).to_netcdf(files / "s1.nc", engine=engine)
    (files / "units.csv").write_text("region\nV1\nV1\nV1\n")
    (files / "shown.csv").write_text("\n".join(["stimulus", *STIMULI[:3]]) + "\n")
    spec = {"kind": "arrays", "responses": "{subject}.nc", "units": "units.csv",
            "presentations": "shown.csv"}  # fmt: skip
    with pytest.raises(IsomorphError, match="calls its axes unit, presentation, read as presenta"):
        read(make_study(spec, STIMULI))
    (data,) = read(make_study(spec | {"axes": ["unit", "presentation"]}, STIMULI)).values()
    np.testing.assert_array_equal(data["response"], values.T)


@pytest.mark.parametrize("ending", [".h5", ".nc", "7.3.mat"])
def test_texts_whose_letters_stand_along_an_axis(files, ending):
    names = ["im01", "café", "a"]
    with h5py.File(files / f"a{ending}", "w") as opened:
        if ending == "7.3.mat":
            codes = np.array([[ord(letter) for letter in f"{name:4}"] for name in names], np.uint16)
            opened.create_dataset("held", data=codes.T).attrs["MATLAB_class"] = b"char"
        else:
            letters = np.array([name.encode() for name in names], "S5")
            opened["held"] = letters.view("S1").reshape(3, 5)
    assert read_array(files / f"a{ending}", "held").tolist() == names


def test_files_of_unlike_numbers_of_repetitions(make_study, files):
    """As many presentations in all as if each had those of the first."""
    for number, times in ((1, 2), (2, 1), (3, 3)):
        np.save(files / f"s1_{number}.npy", RNG.normal(size=(2, times, 2)))
    (files / "order.csv").write_text("\n".join(["stimulus", *STIMULI]) + "\n")
    (files / "units.csv").write_text("region\nV1\nV1\n")
    spec = {"kind": "arrays", "responses": "{subject}_*.npy", "units": "units.csv",
            "axes": ["stimulus", "repetition", "unit"], "order": {"file": "order.csv"}}  # fmt: skip
    sessions = read(make_study(spec, STIMULI))
    assert [one["stimulus"].values.tolist() for one in sessions.values()] == [
        ["im01"] * 2 + ["im02"] * 2, ["im03", "im04"], ["im05"] * 3 + ["im06"] * 3
    ]  # fmt: skip


@pytest.mark.parametrize("ending", [".mat", ".h5"])
def test_places_among_units_of_several_axes_say_which_is_fastest(make_study, laid_out, ending):
    order = "F" if ending == ".mat" else "C"
    places = np.flatnonzero((ROI == 1).ravel(order)) + 1
    if ending == ".mat":
        savemat(laid_out / "list.mat", {"held": places})
    else:
        with h5py.File(laid_out / "list.h5", "w") as opened:
            opened["held"] = places
    with h5py.File(laid_out / "s1_turned.h5", "w") as opened:
        opened["held"] = BETAS.transpose(0, 3, 2, 1)
    region = {"file": f"list{ending}", "name": "V1", "counted_from": 1}
    spec = betas(files="s1_turned.h5", variable="held", axes=["presentation", "x", "y", "z"])
    with pytest.raises(IsomorphError, match=r"lists places in 4 × 5 × 3 units; say with .*fastest"):
        read(make_study({**spec, "regions": [region]}, STIMULI))
    region["fastest"] = "first" if ending == ".mat" else "last"
    (data,) = read(make_study({**spec, "regions": [region]}, STIMULI)).values()
    found = BETAS.transpose(0, 3, 2, 1)[:, ROI == 1].astype(np.float32) / np.float32(300)
    np.testing.assert_array_equal(data["response"], found)


def test_small_types_are_read_as_floats(make_study, files):
    values = RNG.integers(-128, 128, (6, 2)).astype(np.int8)
    np.save(files / "s1.npy", values)
    (files / "shown.csv").write_text("\n".join(["stimulus", *STIMULI]) + "\n")
    (files / "units.csv").write_text("region\nV1\nV1\n")
    spec = {"kind": "arrays", "responses": "{subject}.npy", "units": "units.csv",
            "presentations": "shown.csv"}  # fmt: skip
    (data,) = read(make_study(spec, STIMULI)).values()
    assert data["response"].dtype == np.float32
    np.testing.assert_array_equal(data["response"], values)


def test_betas_of_three_axes_need_their_names(make_study, laid_out):
    with h5py.File(laid_out / "s1_flat.h5", "w") as opened:
        opened["held"] = BETAS.reshape(len(SHOWN), Z, -1)
    spec = betas(files="s1_flat.h5", variable="held", axes=[])
    with pytest.raises(
        IsomorphError, match=r"expected 2 axes \(presentation, unit\); name its own"
    ):
        read(make_study(spec, STIMULI))


def test_no_more_is_read_than_the_regions_take(make_study, files, monkeypatch):
    """A file larger than one may be, of which a region and a block are read at a time."""
    n, side = 240, 64
    values = RNG.normal(size=(n, side, side)).astype(np.float32)
    with h5py.File(files / "s1.h5", "w") as file:
        file.create_dataset("betas", data=values, chunks=(8, 16, 16))
    roi = np.zeros((side, side), np.uint8)
    roi[20:25, 40:44] = 1
    with h5py.File(files / "roi.h5", "w") as file:
        file["mask/V1"] = roi.T
    names = "\n".join(["stimulus", *(STIMULI * (n // 6))])
    (files / "shown.csv").write_text(names + "\n")
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "1")
    monkeypatch.setattr("isomorph.responses.stored.stored_maps.parts", small_parts)
    seen = []
    whole = h5py.Dataset.__getitem__

    def counted(self, *arguments, **named):
        found = whole(self, *arguments, **named)
        seen.append(np.asarray(found).nbytes if self.name == "/betas" else 0)
        return found

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    spec = {
        "kind": "arrays", "responses": "{subject}.h5", "axes": ["presentation", "row", "column"],
        "order": {"file": "shown.csv"},
        "regions": [{"file": "roi.h5", "name": "V1", "variable": "mask/V1",
                     "axes": ["column", "row"]}],
    }  # fmt: skip
    (data,) = read(make_study(spec, STIMULI)).values()
    np.testing.assert_array_equal(data["response"].values, values[:, roi.astype(bool)])
    assert sum(seen) == n * 5 * 4 * 4  # the box about the region, once
    assert max(seen) <= 10_000


def small_parts(bounds, blocks, itemsize):
    return parts(bounds, blocks, itemsize, 10_000)


@pytest.mark.parametrize("blocks", [None, (5, 3, 2), (100, 1, 1)])
def test_parts_cover_a_box_once_by_whole_blocks(blocks):
    bounds = [(0, 23), (4, 11), (3, 4)]
    seen = np.zeros((30, 30, 30), int)
    touched = {}
    for number, part in enumerate(parts(bounds, blocks, 4, 100)):
        seen[part] += 1
        for at in np.argwhere(seen[part] > 0) if blocks else ():
            block = tuple((at + [one.start for one in part]) // blocks)
            assert touched.setdefault(block, number) == number
    inside = tuple(slice(*one) for one in bounds)
    assert (seen[inside] == 1).all()
    assert seen.sum() == seen[inside].sum()


def test_a_job_asks_for_what_it_reads_and_not_for_the_whole_file(make_study, laid_out):
    job = Job("responses", ("toy", "s1"))
    whole = make_study(arrays(responses="{subject}_betas.mat"), STIMULI)
    parts = make_study(arrays(), STIMULI)
    one, other = (replace(sizes_of(layout, job), bytes=30 * 10**9) for layout in (whole, parts))
    assert resources.megabytes("responses", other) < resources.megabytes("responses", one) / 5
    assert other.regions == 2


# ---------------------------------------------------------------- what was shown


def in_version_73(file, ordering, stimpattern):
    """Write the design as a struct in a MATLAB file of version 7.3, its names in a cell array."""
    with h5py.File(file, "w", userblock_size=512) as opened:
        struct = opened.create_group("design")
        struct.attrs["MATLAB_class"] = b"struct"
        struct["ordering"] = ordering[:, None].astype(float)
        struct["stimpattern"] = stimpattern.T
        names = struct.create_dataset("names", (len(STIMULI), 1), h5py.ref_dtype)
        names.attrs["MATLAB_class"] = b"cell"
        for place, name in enumerate(STIMULI):
            one = opened.create_dataset(f"#refs#/n{place}", data=[[ord(c)] for c in name])
            one.attrs["MATLAB_class"] = b"char"
            names[place, 0] = one.ref


def test_the_order_from_structs_of_both_versions(make_study, laid_out):
    (plain,) = read(make_study(betas(), STIMULI)).values()
    cells = np.array(STIMULI, dtype=object)[None]
    struct = {"ordering": SHOWN[None] - 1, "stimpattern": pattern(), "names": cells}
    savemat(laid_out / "v5.mat", {"design": struct})
    in_version_73(laid_out / "v73.mat", SHOWN - 1, pattern())
    for name in ("v5.mat", "v73.mat"):
        into = {"file": name, "variable": "design.names"}
        order = {"file": name, "variable": "design.ordering", "counted_from": 0, "into": into}
        runs = {"file": name, "variable": "design.stimpattern", "holds": "pattern"}
        layout = make_study(betas(order=order, runs=runs), sorted(STIMULI, reverse=True))
        (data,) = read(layout).values()
        for key in ("stimulus", "run"):
            assert data[key].values.tolist() == plain[key].values.tolist()


def test_lists_of_places_point_into_lists_two_deep_at_most():
    third = {"file": "c.csv", "counted_from": 0, "into": {"file": "d.csv"}}
    second = {"file": "b.csv", "counted_from": 0, "into": third}
    with pytest.raises(ValueError, match="is one list too many"):
        StimulusOrder.model_validate({"file": "a.csv", "counted_from": 0, "into": second})


def test_an_index_into_a_row_of_each_subject_into_a_table(make_study, laid_out):
    """Places in a list of one's own pictures, which are places in a table of all."""
    own = np.array([[9, 9, 9, 9, 9, 9], [2, 4, 6, 8, 10, 12]])
    with h5py.File(laid_out / "own.h5", "w") as file:
        file["order"], file["own"] = SHOWN, own
    rows = ["a"] * 12
    rows[1::2] = [f"{name}.png" for name in STIMULI]
    (laid_out / "all.csv").write_text("\n".join(["picture", *rows]) + "\n")
    table = {"file": "all.csv", "column": "picture", "name": "{stem}"}
    into = {"file": "own.h5", "variable": "own", "at": {"s1": 1}, "counted_from": 1,
            "into": table}  # fmt: skip
    order = {"file": "own.h5", "variable": "order", "counted_from": 1, "into": into}
    (data,) = read(make_study(betas(order=order), STIMULI)).values()
    assert data["stimulus"].values.tolist() == [STIMULI[place - 1] for place in SHOWN]


def two_sessions(folder):
    for session, rows in (("01", slice(0, 6)), ("02", slice(6, 12))):
        with h5py.File(folder / f"s1_part_session{session}.hdf5", "w") as file:
            file["betas"] = BETAS[rows]
    return {"variable": "betas", "runs": {"each": 3}}


def test_a_file_for_each_session_standardised_or_not(make_study, laid_out):
    spec = two_sessions(laid_out) | {"files": "{subject}_part_*.hdf5"}
    (plain,) = read(make_study(betas(**spec), STIMULI)).values()
    assert plain["session"].values.tolist() == ["01"] * 6 + ["02"] * 6
    assert plain["run"].values.tolist() == [*"111222333444"]
    (laid_out / "all.csv").write_text("\n".join(["stimulus", *STIMULI]) + "\n")
    order = {**betas()["order"], "into": {"file": "all.csv"}}
    layout = make_study(betas(**spec, order=order, sessions="z_score"), STIMULI[:5])
    (data,) = read(layout).values()
    assert '"maps z-scored within their session": 10' in data.attrs["noted"]
    for name in ("01", "02"):
        own = plain["response"].values[plain["session"].values == name]
        scored = (own - own.mean(axis=0)) / own.std(axis=0)  # over all trials, shown is what counts
        shown = plain["stimulus"].values[plain["session"].values == name] != STIMULI[5]
        found = data["response"].values[data["session"].values == name]
        np.testing.assert_allclose(found, scored[shown], atol=1e-5)


def test_few_trials_of_one_value_are_no_sign_of_a_voxel_that_was_not_measured(make_study, laid_out):
    """Of whole numbers two may be the same by chance; what is 0 throughout was not there."""
    with h5py.File(laid_out / "s1_betas.hdf5", "a") as file:
        values = file["results/betas"]
        values[[0, 9], 0, 2, 1] = 7  # the two trials of im03, the only ones that count
        values[:, 0, 3, 1] = 0
    (laid_out / "all.csv").write_text("\n".join(["stimulus", *STIMULI]) + "\n")
    order = {**betas()["order"], "into": {"file": "all.csv"}}
    (data,) = read(make_study(betas(order=order), ["im03"])).values()
    names = data["unit"].values.tolist()
    assert "V1:1-2-0" in names
    assert "V1:1-3-0" not in names
    assert (
        '"units with a beta that is not a number, or the same in a whole file": 1'
        in (data.attrs["dropped"])
    )


def test_sessions_of_arrays_are_read_apart(make_study, laid_out):
    spec = two_sessions(laid_out) | {"responses": "{subject}_part_*.hdf5"}
    sessions = read(make_study(arrays(**spec), STIMULI))
    assert list(sessions) == ["01", "02"]
    both = np.concatenate([one["response"].values for one in sessions.values()])
    np.testing.assert_array_equal(both[:, :5], expected("V1"))


def test_a_recording_that_ended_before_its_design(make_study, laid_out):
    spec = two_sessions(laid_out) | {"files": "{subject}_part_*.hdf5"}
    (laid_out / "s1_part_session02.hdf5").unlink()
    with pytest.raises(IsomorphError, match=r"ordering: lists 12 presentations, .*hdf5 holds 6; "
                       r".*say `unfinished: true`"):  # fmt: skip
        read(make_study(betas(**spec), STIMULI))
    (data,) = read(make_study(betas(**spec, unfinished=True), STIMULI)).values()
    assert data["stimulus"].values.tolist() == [STIMULI[place - 1] for place in SHOWN[:6]]
    two_sessions(laid_out)
    (laid_out / "s1_part_session01.hdf5").rename(laid_out / "s1_part_session03.hdf5")
    with pytest.raises(IsomorphError, match=r"session02.hdf5: is file 1 in order, .*add number 1"):
        read(make_study(betas(**spec, unfinished=True), STIMULI))


def test_an_axis_of_stimuli_and_one_of_repetitions(make_study, files):
    """Units by stimuli by repetitions, some of which were not shown, over time."""
    values = RNG.normal(size=(5, 3, 4, 2))
    values[:, 1, 3] = values[:, 2, 0] = np.nan
    with h5py.File(files / "s1.mat", "w", userblock_size=512) as file:
        file.create_dataset("reps", data=values.T).attrs["MATLAB_class"] = np.bytes_("double")
    (files / "order.csv").write_text("stimulus\nim03\nim01\nim02\n")
    (files / "units.csv").write_text('region\nV1\nV1\nIT\n""\nIT\n')
    (files / "times.csv").write_text("time_start,time_stop\n0,1\n1,2\n")
    spec = {
        "kind": "arrays", "responses": "{subject}.mat", "times": "times.csv", "units": "units.csv",
        "axes": ["unit", "stimulus", "repetition", "time"], "order": {"file": "order.csv"},
    }  # fmt: skip
    (data,) = read(make_study(spec, STIMULI)).values()
    assert data["stimulus"].values.tolist() == ["im03"] * 4 + ["im01"] * 3 + ["im02"] * 3
    rows = values[[0, 1, 2, 4]].reshape(4, 12, 2).transpose(1, 0, 2)
    np.testing.assert_array_equal(data["response"], rows[[*range(7), 9, 10, 11]])
    assert '"repetitions that were not shown": 2' in data.attrs["dropped"]


@pytest.mark.parametrize(
    "axes", [["unit", "presentation", "time"], ["time", "unit", "presentation"]]
)
def test_the_mean_over_a_window(make_study, files, axes):
    values = RNG.integers(0, 5, (4, 6, 20)).astype(np.uint8)  # unit, presentation, time
    with h5py.File(files / "s1.h5", "w") as file:
        turned = values.transpose([["unit", "presentation", "time"].index(axis) for axis in axes])
        file.create_dataset("raster", data=turned, chunks=(3, 2, 2))
    (files / "shown.csv").write_text("\n".join(["stimulus", *STIMULI]) + "\n")
    (files / "units.csv").write_text("region\nV1\nV1\nIT\nIT\n")
    spec = {
        "kind": "arrays", "responses": "{subject}.h5", "axes": axes, "units": "units.csv",
        "presentations": "shown.csv", "times": {"start": -0.05, "width": 0.01},
    }  # fmt: skip
    (data,) = read(make_study(spec | {"window": [0.0, 0.1]}, STIMULI)).values()
    np.testing.assert_allclose(data["response"], values[:, :, 5:15].mean(axis=2).T)
    assert (float(data["time_start"]), float(data["time_stop"])) == (0.0, 0.1)
    with pytest.raises(IsomorphError, match=r"window: 0 to 0\.105 s does not begin and end where"):
        read(make_study(spec | {"window": [0.0, 0.105]}, STIMULI))
    (every,) = read(make_study(spec, STIMULI)).values()
    np.testing.assert_array_equal(every["response"], values.transpose(1, 0, 2))


# ---------------------------------------------------------------- an array for each trial


@pytest.fixture
def by_trial(files):
    """Write an array of ten grayordinates for each trial, named by it, and labels of regions."""
    values = {}
    with h5py.File(files / "s1.hdf5", "w") as file:
        for trial, name in enumerate(["im02", "im01", "im02", "im01", "rest"], 1):
            values[f"t{trial}_run-{trial % 2}_{name}"] = RNG.normal(size=10).astype(np.float32)
        for name, one in values.items():
            file[f"betas/{name}"] = one
    np.savez(files / "atlas.npz", map_all=np.array([1, 1, 0, 181, 0, 4, 4, 0, 0, 181]))
    spec = {
        "kind": "betas", "files": "{subject}.hdf5", "variable": "betas/*",
        "fields_from": r"run-(?P<run>\d)_(?P<stimulus>.+)", "blank": ["rest"],
        "regions": [{"file": "atlas.npz", "variable": "map_all", "name": "V1",
                     "values": [1, 181]}],
    }  # fmt: skip
    return values, spec


def test_an_array_for_each_trial_is_named_by_it(make_study, by_trial):
    values, spec = by_trial
    (data,) = read(make_study(spec, STIMULI[:2])).values()
    assert data["stimulus"].values.tolist() == ["im02", "im01", "im02", "im01"]
    assert data["run"].values.tolist() == [*"1010"]
    np.testing.assert_array_equal(
        data["response"].values, np.stack(list(values.values()))[:4][:, [0, 1, 3, 9]]
    )


def test_units_by_names_of_regions_or_by_their_places(make_study, by_trial, files):
    values, spec = by_trial
    every = np.stack(list(values.values()))[:4]
    with h5py.File(files / "named.h5", "w") as file:
        file["area"] = np.array([b"V1"] * 4 + [b"V4"] * 5 + [b"none"])
        file["listed"] = np.array([10, 2])
    few = {"file": "named.h5", "variable": "listed", "name": "few", "counted_from": 1}
    regions = [{"file": "named.h5", "variable": "area"}, few]
    (data,) = read(make_study(spec | {"regions": regions}, STIMULI[:2])).values()
    assert data["region"].values.tolist() == ["V1"] * 4 + ["V4"] * 5 + ["few"] * 2
    np.testing.assert_array_equal(data["response"].values, every[:, [*range(9), 1, 9]])


def test_places_beyond_a_list_of_the_first_stimuli_are_left_out_and_counted(make_study, laid_out):
    order = {**betas()["order"], "others": "drop"}
    (data,) = read(make_study(betas(order=order), STIMULI[:4])).values()
    first = SHOWN <= 4
    assert data["stimulus"].values.tolist() == [f"im{n:02}" for n in SHOWN[first]]
    inside = data["region"].values == "V1"
    np.testing.assert_array_equal(data["response"].values[:, inside], expected("V1")[first])
    assert sum(json.loads(data.attrs["dropped"]).values()) == (~first).sum()
    # what is not listed was recorded all the same, and counts for the level of a run
    centred = read(make_study(betas(order=order, within_run="centre"), STIMULI[:4]))["1"]
    run = data["run"].values == "1"
    level = expected("V1")[:5].mean(axis=0)
    np.testing.assert_allclose(
        centred["response"].values[run][:, inside], expected("V1")[:5][first[:5]] - level, atol=1e-6
    )


def test_a_file_for_each_region_of_the_same_presentations(make_study, files):
    parts = {name: RNG.normal(size=(12, n)) for name, n in (("v1", 4), ("ffa", 3))}
    for name, values in parts.items():
        np.save(files / f"s1_{name}.npy", values)
    (files / "trials.csv").write_text("shown\n" + "\n".join(STIMULI * 2))
    spec = {"kind": "arrays", "responses": "{subject}_*.npy", "region": r"_([a-z0-9]+)\.npy$",
            "order": {"file": "trials.csv", "column": "shown"}}  # fmt: skip
    (data,) = read(make_study(spec, STIMULI)).values()
    assert data["region"].values.tolist() == ["ffa"] * 3 + ["v1"] * 4
    np.testing.assert_array_equal(data["response"].values, np.hstack([parts["ffa"], parts["v1"]]))
    np.save(files / "s1_lo.npy", parts["v1"][:5])
    with pytest.raises(IsomorphError, match=r"has 5 presentations, .*s1_ffa\.npy 12; files"):
        read(make_study(spec, STIMULI))
    (files / "s1_lo.npy").unlink()
    with pytest.raises(IsomorphError, match=r"s1_ffa\.npy: responses\.region: .* finds no region"):
        read(make_study({**spec, "region": r"_([0-9]+)\.npy$"}, STIMULI))


# ---------------------------------------------------------------- what is refused


def test_places_among_stimuli_some_of_which_are_left_out(make_study, laid_out):
    with pytest.raises(IsomorphError, match=r'"im04" follows "im02", so that nobody knows'):
        read(make_study(betas(), [*STIMULI[:2], *STIMULI[3:]]))


def region(**changes):
    return {"regions": [{"file": "{subject}_roi.nii.gz", "name": "V1"} | changes]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"variable": "results/beta"}, 'no array "results/beta", did you mean "results/betas"'),
        ({"variable": "results"}, r'"results" is a group of 1 arrays \(results/betas\); name one'),
        ({"variable": None}, r"2 arrays \(other, results/betas\); say which with `variable`"),
        ({"axes": ["presentation", "voxel"]},
         r"results/betas: is of shape \(12, 3, 5, 4\), expected 2 axes \(presentation, voxel\)"),
        ({"axes": ["presentation", "x", "y", "z"]},
         r"roi.nii.gz: has 4 \(x\) × 5 \(y\) × 3 \(z\) units, .*hdf5 3 \(x\) × 5 \(y\) × 4 \(z\) "
         "units; .*are the axes named in their order"),
        ({"order": {"file": "design.h5", "variable": "short"}},
         "short: lists 9 presentations, .*hdf5 holds 12; both must be of the same$"),
        (region(values=[5]), r'marks no unit of .*hdf5 as "V1" \(0 are marked in all\)'),
        (region(values=["V1"]), 'no label "V1"'),
        ({"runs": {"each": 5}}, "runs.each: 12 presentations do not divide into runs of 5"),
        ({"runs": {"file": "design.h5", "variable": "ordering", "holds": "lengths"}},
         "ordering: lists 42 presentations, .* holds 12"),
        ({"order": {"file": "design.h5", "variable": "ordering", "counted_from": 0}},
         "number 4 is place 6, but .* lists 6, counted from 0"),
        ({"order": {"file": "design.h5", "variable": "stimpattern"}},
         r"stimpattern: is of shape \(2, 9\), expected one value for each presentation; where"),
        ({"order": {"file": "design.h5", "variable": "order"}},
         'holds no array "order", did you mean "ordering"'),
        ({"order": {"file": "design.h5", "variable": "ordering", "counted_from": 1, "at": 1}},
         r"at: row 1 lies outside its shape \(1, 12\)"),
        ({"runs": {"file": "design.h5", "variable": "long", "holds": "lengths"}},
         "long: holds what is no number of presentations"),
        ({"runs": {"file": "design.h5", "variable": "far", "holds": "lengths"}},
         "far: the runs of 96,000,000,000,000,0.. presentations"),
        ({"order": {"file": "design.h5", "variable": "most", "counted_from": 1}},
         'most: holds "9223372036854775811", expected places'),
        ({"files": "{subject}_roi.nii.gz"}, "responses.variable: is of files of arrays"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [betas], ids=["betas"])
def test_what_does_not_fit_is_refused_in_a_sentence(make_study, laid_out, changes, words, kind):
    with pytest.raises(IsomorphError, match=words):
        read(make_study(kind(**changes), STIMULI))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (betas(axes=["z", "y", "x"]), 'axes: one must be "presentation"'),
        (betas(axes=["presentation"]), "axes: none is of units"),
        (betas(scale="1/300"), r'[^\n]*scale.number: must be a number, not "1/300"$'),
        (betas(order=None), "runs: goes with order"),
        (betas(labels="x.txt"), "labels: names of maps are of no use beside order"),
        (betas(within_run="centre", sessions="z_score"), "sessions: leaves nothing to do"),
        (betas(runs={"variable": "a", "each": 2}), "give each, or else a column or variable"),
        (arrays(presentations="x.csv"), "give presentations, a table, or order"),
        (arrays(units="x.csv"), "give units, a table, or regions, or region"),
        (arrays(regions=[], region="[a-z]+"), "one group in parentheses"),
        (betas(order=None, runs=None, fields_from="("), "fields_from: is not a regular expression"),
        (betas(order=None, runs=None, fields_from="a"), r"needs the group \(\?P<stimulus>"),
        (betas(**region(values=[1], min=1)), "give min and max, or values, or counted_from"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(make_study, laid_out, spec, words):
    with pytest.raises(IsomorphError, match=words):
        make_study(spec, STIMULI)
