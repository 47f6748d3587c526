"""Ready RDMs in every form they are published in, and the ways they can be wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.spatial.distance import squareform

from isomorph.artefacts import provenance, read_array, write_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.array_values import as_names
from isomorph.responses.rdms import read_source
from isomorph.responses.stacks import condensed
from isomorph.stages.reliability import run as run_reliability
from isomorph.stages.responses import run
from isomorph.study import load_study
from isomorph.study.responses import RdmSource

N = 5
STIMULI = [f"image_{n}" for n in range(1, N + 1)]
PAIRS = N * (N - 1) // 2
RNG = np.random.default_rng(0)
# (subject, session, pair), kept to what files hold
VECTORS = RNG.uniform(0, 2, (3, 2, PAIRS)).astype(np.float32).astype(float)
SQUARES = np.stack([[squareform(v) for v in pair] for pair in VECTORS])
SUBJECTS = ["s1", "s2", "s3"]


def settings(**source):
    return {
        "kind": "rdms",
        "sources": [{"region": "IT", "subjects": SUBJECTS, "distance": "correlation", **source}],
    }


def read(layout, subject="s1"):
    run(layout, "toy", subject)
    return read_array(layout.responses("toy", subject), "rdms")


def struct_array(shape, cells):
    """Return a MATLAB struct array with fields RDM and name."""
    array = np.empty(shape, dtype=[("RDM", object), ("name", object)])
    array["RDM"].flat = cells
    array["name"].flat = ["x"] * array.size
    return array


def one_by_one(cells):
    out = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        out[place] = cell
    return out


@pytest.mark.parametrize(("distance", "refused"), [("correlation", True), ("euclidean", False)])
def test_correlation_distances_are_at_most_two(make_study, files, distance, refused):
    np.save(files / "r.npy", np.where(SQUARES[:, 0] > 0, SQUARES[:, 0] + 1.5, 0))
    layout = make_study(settings(file="r.npy", distance=distance), STIMULI, SUBJECTS)
    if refused:
        with pytest.raises(IsomorphError, match=r"r\.npy: .*1 - r, is at most 2"):
            run(layout, "toy", "s1")
    else:
        assert read(layout)["euclidean"].max() > 2


@pytest.mark.parametrize("form", ["npz squares", "npy vectors", "mat struct", "mat vectors"])
def test_every_form_gives_the_same_vectors(make_study, files, form):
    cells = one_by_one(list(SQUARES.reshape(-1, N, N)))
    flat = one_by_one(list(VECTORS.reshape(-1, PAIRS)))
    source = {"sessions": ["1", "2"]}
    if form == "npz squares":
        np.savez(files / "r.npz", arr_0=SQUARES, other=np.zeros(3))
        source |= {"file": "r.npz", "variable": "arr_0"}
    elif form == "npy vectors":
        np.save(files / "r.npy", VECTORS)
        source |= {"file": "r.npy"}
    else:
        cells = cells if form == "mat struct" else flat
        savemat(files / "r.mat", {"RDMs": struct_array((1, 3, 2), cells)})
        source |= {"file": "r.mat", "variable": "RDMs", "field": "RDM"}
    layout = make_study(settings(**source), STIMULI, SUBJECTS)
    data = read(layout, "s2")
    np.testing.assert_array_equal(data["correlation"], VECTORS[1])
    assert data["region"].values.tolist() == ["IT", "IT"]
    assert data["subject"].values.tolist() == ["s2", "s2"]
    assert data["session"].values.tolist() == ["1", "2"]
    assert "n_units" not in data
    assert data["stimulus"].values.tolist() == STIMULI
    assert data["stimulus_a"].values[:5].tolist() == ["image_1"] * 4 + ["image_2"]
    assert data["stimulus_b"].values[:5].tolist() == [*STIMULI[1:], "image_3"]


def test_index_into_a_struct_array(make_study, files):
    cells = one_by_one([SQUARES[0, 0], SQUARES[1, 0]])
    savemat(files / "r.mat", {"two": struct_array((1, 2), cells)})
    source = {"file": "r.mat", "variable": "two", "index": [1], "field": "RDM", "subjects": ["s1"]}
    np.testing.assert_array_equal(
        read(make_study(settings(**source), STIMULI))["correlation"], VECTORS[1, :1]
    )


def test_one_subject_needs_no_axis(make_study, files):
    np.save(files / "r.npy", SQUARES[0, 0])
    layout = make_study(settings(file="r.npy", subjects=["s1"]), STIMULI)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])


def test_three_stimuli_where_squares_and_vectors_look_alike(make_study, files):
    """(3, 3) is one square of three stimuli or three vectors of three pairs: subjects decide."""
    vectors = np.array([[0.125, 0.25, 0.375], [0.5, 0.625, 0.75], [0.875, 1.0, 1.125]])
    np.save(files / "r.npy", vectors)
    layout = make_study(settings(file="r.npy"), STIMULI[:3], SUBJECTS)
    np.testing.assert_array_equal(read(layout, "s2")["correlation"], vectors[1:2])


def test_two_regions_of_one_subject(make_study, files):
    np.save(files / "it.npy", VECTORS[:, 0])
    np.save(files / "v4.npy", VECTORS[:2, 1])
    sources = [
        {"region": "IT", "file": "it.npy", "subjects": SUBJECTS, "distance": "correlation"},
        {"region": "V4", "file": "v4.npy", "subjects": SUBJECTS[1:], "distance": "euclidean"},
    ]
    layout = make_study({"kind": "rdms", "sources": sources}, STIMULI, SUBJECTS)
    assert read(layout, "s1")["region"].values.tolist() == ["IT"]
    data = read(layout, "s2")
    assert data["region"].values.tolist() == ["IT", "V4"]
    assert "session" not in data.coords
    assert data["correlation_status"].values.tolist() == ["ok", "absent"]
    assert data["euclidean_status"].values.tolist() == ["absent", "ok"]
    np.testing.assert_array_equal(data["correlation"][0], VECTORS[1, 0])
    np.testing.assert_array_equal(data["euclidean"][1], VECTORS[0, 1])
    assert np.isnan(data["euclidean"][0]).all()


def shuffled(square, seed=1):
    """Return a square in another order, and the stimuli in that order."""
    order = np.random.default_rng(seed).permutation(N)
    return square[np.ix_(order, order)], [STIMULI[place] for place in order]


def write_named(file, square, names):
    """Write an RDM and the names of its stimuli in one of the ways they are kept."""
    if file.suffix == ".npz":
        np.savez(file, rdm=square, stimuli=[f"images/{name}.jpg" for name in names])
    elif file.suffix == ".mat":
        savemat(file, {"rdm": square, "stimuli": one_by_one(names)})
    elif file.name.startswith("toolbox"):
        rsatoolbox(
            square[None], pattern_descriptors={"image": names, "group": ["x"] * N}, file=file
        )
    elif file.name.startswith("v73"):
        write_v73(file.with_suffix(".mat"), rdm=square, stimuli=names)
    else:
        with h5py.File(file, "w") as opened:
            opened["rdm"] = square
            opened["stimulus_names"] = names


def rsatoolbox(rdms, file, **described):
    """Write RDMs as rsatoolbox does."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rsatoolbox.rdm import RDMs

        measure = described.pop("dissimilarity_measure", None)
        RDMs(rdms, dissimilarity_measure=measure, **described).save(
            str(file), file_type="hdf5" if file.suffix != ".pkl" else "pkl", overwrite=True
        )


def write_v73(file, **variables):
    """Write what `save -v7.3` writes: HDF5 behind a block of text, axes reversed."""
    with h5py.File(file, "w", userblock_size=512) as opened:
        for name, value in variables.items():
            if isinstance(value, list):  # a cell array of text, each cell a matrix of codes
                cells = opened.require_group("#refs#")
                for place, text in enumerate(value):
                    cells[f"{name}{place}"] = np.array([[ord(c)] for c in text], dtype=np.uint16)
                    cells[f"{name}{place}"].attrs["MATLAB_class"] = np.bytes_("char")
                references = [cells[f"{name}{place}"].ref for place in range(len(value))]
                opened.create_dataset(name, data=[references], dtype=h5py.ref_dtype)
                opened[name].attrs["MATLAB_class"] = np.bytes_("cell")
            elif isinstance(value, dict):
                opened.create_group(name).attrs["MATLAB_class"] = np.bytes_("struct")
            else:
                opened[name] = np.asarray(value).T
                opened[name].attrs["MATLAB_class"] = np.bytes_("double")
    with open(file, "r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + bytes([0, 2]) + b"IM")


NAMED = ["r.npz", "r.mat", "r.h5", "v73.mat", "toolbox.hdf5"]


@pytest.mark.parametrize("name", NAMED)
def test_rdms_are_put_in_order_by_the_names_in_their_file(make_study, files, name):
    square, names = shuffled(SQUARES[0, 0])
    write_named(files / name, square, names)
    layout = make_study(settings(file=name, subjects=["s1"]), STIMULI)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])


@pytest.mark.parametrize("name", ["r.npz", "r.mat"])
def test_vectors_are_put_in_order_too(make_study, files, name):
    square, names = shuffled(SQUARES[0, 0], seed=3)
    write_named(files / name, squareform(square), names)
    source = settings(file=name, variable="rdm", subjects=["s1"])
    np.testing.assert_array_equal(read(make_study(source, STIMULI))["correlation"], VECTORS[0, :1])


@pytest.mark.parametrize("name", ["r.npz", "r.mat", "r.h5", "v73.mat"])
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["image_1", "image_2", "image_3", "image_4", "image_9"],
            '"(images/)?image_9.* not a stim',
        ),
        (["image_1", "image_2", "image_3", "image_4", "image_4"], 'names "image_4" twice'),
        (["image_1", "image_2", "image_3"], "names 3 stimuli, expected the 5 of"),
    ],
)
def test_names_that_are_not_those_of_the_stimuli(make_study, files, name, names, message):
    write_named(files / name, SQUARES[0, 0], names)
    source = settings(file=name, variable="rdm", subjects=["s1"])
    with pytest.raises(IsomorphError, match=message):
        read(make_study(source, STIMULI))


def test_the_variable_of_names_can_be_given(make_study, files):
    square, names = shuffled(SQUARES[0, 0])
    np.savez(files / "r.npz", rdm=square, conditions=names, labels=["x"] * N)
    source = {"file": "r.npz", "variable": "rdm", "subjects": ["s1"]}
    layout = make_study(settings(**source, names="conditions"), STIMULI)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])
    for wrong, message in {
        "condition": 'no variable "condition", did you mean "conditions"',
        "rdm": "rdm: holds no names",
        "labels": '"x" is not a stimulus of',
    }.items():
        with pytest.raises(IsomorphError, match=message):
            read(make_study(settings(**source, names=wrong), STIMULI))


def test_a_stated_variable_of_names_counts_though_its_names_only_count_up(make_study, files):
    stimuli = sorted(str(n) for n in range(1, 13))  # 1, 10, 11, 12, 2 and so on
    square = squareform(RNG.uniform(0, 2, 66).astype(np.float32).astype(float))
    np.savez(files / "r.npz", rdm=square, item=np.arange(1, 13))
    source = settings(file="r.npz", variable="rdm", names="item", subjects=["s1"])
    at = [int(name) - 1 for name in stimuli]
    expected = squareform(square[np.ix_(at, at)])
    np.testing.assert_array_equal(read(make_study(source, stimuli))["correlation"], [expected])


def test_a_stated_variable_of_counts_that_name_no_stimulus_is_refused(make_study, files):
    stimuli = [f"im{n:02}" for n in range(12)]
    np.savez(files / "r.npz", rdm=squareform(RNG.uniform(0, 2, 66)), item=np.arange(12))
    source = settings(file="r.npz", variable="rdm", names="item", subjects=["s1"])
    with pytest.raises(IsomorphError, match=r'r\.npz: item: "0" is not a stimulus of'):
        read(make_study(source, stimuli))


def test_two_variables_that_name_stimuli_differently(make_study, files):
    np.savez(files / "r.npz", rdm=SQUARES[0, 0], stimuli=STIMULI, stimulus=STIMULI[::-1])
    source = settings(file="r.npz", variable="rdm", subjects=["s1"])
    with pytest.raises(IsomorphError, match="stimuli and stimulus name the stimuli in different"):
        read(make_study(source, STIMULI))


def test_pickled_names_are_refused_with_the_way_out(make_study, files):
    np.savez(files / "r.npz", rdm=SQUARES[0, 0], stimuli=np.array(STIMULI, dtype=object))
    source = settings(file="r.npz", variable="rdm", subjects=["s1"])
    with pytest.raises(
        IsomorphError, match=r"stimuli: holds Python objects, .*save plain numbers or text"
    ):
        read(make_study(source, STIMULI))


def test_numbers_that_only_count_name_nothing(make_study, files):
    np.savez(files / "r.npz", rdm=SQUARES[0, 0], stimuli=np.arange(N))
    source = settings(file="r.npz", variable="rdm", subjects=["s1"])
    np.testing.assert_array_equal(read(make_study(source, STIMULI))["correlation"], VECTORS[0, :1])
    np.savez(files / "r.npz", rdm=SQUARES[0, 0], stimuli=np.arange(N)[::-1])
    with pytest.raises(IsomorphError, match='"4" is not a stimulus of'):
        read(make_study(source, STIMULI))


WORDS = ["cat", "cup", "hat", "key", "sun"]
UNPADDED = ["1", "10", "11", "2", "3"]  # the order of names


@pytest.mark.parametrize("stimuli", [WORDS, UNPADDED, ["a1", "a2", "b1", "b2", "b3"]])
def test_what_names_nothing_is_refused_unless_the_order_is_stated(make_study, files, stimuli):
    np.save(files / "r.npy", SQUARES[0, 0])
    source = {"file": "r.npy", "subjects": ["s1"]}
    with pytest.raises(IsomorphError, match=r"names no stimuli, .*state it with `order`") as caught:
        read(make_study(settings(**source), stimuli))
    by_number = 'by name "10" comes where by number "2" does'
    assert (by_number in str(caught.value)) is (stimuli is UNPADDED)
    layout = make_study(settings(**source, order="table"), stimuli)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])


@pytest.mark.parametrize(
    "order", ["numbers", ["1", "2", "3", "10", "11"], {"file": "order.csv", "column": "image"}]
)
def test_stated_orders(make_study, files, order):
    np.save(files / "r.npy", SQUARES[0, 0])
    (files / "order.csv").write_text("image,what\n" + "".join(f"{n}.png,x\n" for n in
                                                            (1, 2, 3, 10, 11)))  # fmt: skip
    layout = make_study(settings(file="r.npy", subjects=["s1"], order=order), UNPADDED)
    data = read(layout)
    pairs = zip(data["stimulus_a"].values, data["stimulus_b"].values, strict=True)
    at = {name: place for place, name in enumerate(["1", "2", "3", "10", "11"])}
    np.testing.assert_array_equal(
        data["correlation"].values[0], [SQUARES[0, 0][at[a], at[b]] for a, b in pairs]
    )


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("numbers", '"cat" holds no number to order it by'),
        (WORDS[:4], "names 4 stimuli, expected the 5"),
        ([*WORDS[:4], "son"], '"son" is not a stimulus of .*, did you mean "sun"'),
    ],
)
def test_stated_orders_that_are_none(make_study, files, order, message):
    np.save(files / "r.npy", SQUARES[0, 0])
    source = settings(file="r.npy", subjects=["s1"], order=order)
    with pytest.raises(
        IsomorphError, match=rf"toy\.yaml: responses\.sources: IT: order: {message}"
    ):
        read(make_study(source, WORDS))


def test_several_tables_that_state_an_order_are_refused(make_study, files):
    np.save(files / "r.npy", SQUARES[0, 0])
    for name in ("order_1.csv", "order_2.csv"):
        (files / name).write_text("image\n")
    source = settings(file="r.npy", subjects=["s1"], order={"file": "order_*", "column": "image"})
    message = (
        r'toy\.yaml: responses\.sources\.order\.file: "order_\*" matches 2 files, order_1\.csv'
    )
    with pytest.raises(IsomorphError, match=message):
        read(make_study(source, UNPADDED))


def test_stated_order_that_the_file_contradicts(make_study, files):
    square, names = shuffled(SQUARES[0, 0])
    write_named(files / "r.npz", square, names)
    source = {"file": "r.npz", "subjects": ["s1"]}
    with pytest.raises(IsomorphError, match=r"where `order` says .*; leave `order` out"):
        read(make_study(settings(**source, order="table"), STIMULI))
    layout = make_study(settings(**source, order=names), STIMULI)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])


def test_files_of_rsatoolbox(make_study, files):
    names = shuffled(SQUARES[0, 0])[1]
    described = {
        "pattern_descriptors": {"stimulus": names},
        "rdm_descriptors": {"subject": ["s3", "s1", "s2"]},
        "dissimilarity_measure": "correlation",
    }
    order = [STIMULI.index(name) for name in names]
    stack = SQUARES[[2, 0, 1], 0][:, order][:, :, order]
    rsatoolbox(stack, files / "r.hdf5", **described)
    layout = make_study(settings(file="r.hdf5"), STIMULI, SUBJECTS)
    for number, subject in enumerate(SUBJECTS):  # by name, too
        np.testing.assert_array_equal(read(layout, subject)["correlation"], VECTORS[number, :1])
    wrong = settings(file="r.hdf5", distance="euclidean")
    with pytest.raises(IsomorphError, match='says that its distance is "correlation"'):
        read(make_study(wrong, STIMULI, SUBJECTS))
    rsatoolbox(stack, files / "r.pkl", **described)
    with pytest.raises(
        IsomorphError, match=r'r\.pkl: is a pickle, .*rdms\.save\("r\.hdf5", file_ty'
    ):
        read(make_study(settings(file="r.pkl"), STIMULI, SUBJECTS))


def test_stack_of_matlab_73_has_its_axes_as_in_matlab(make_study, files):
    write_v73(files / "r.mat", rdm=SQUARES, other={})
    layout = make_study(settings(file="r.mat", variable="rdm", sessions=["1", "2"]), STIMULI,
                        SUBJECTS)  # fmt: skip
    np.testing.assert_array_equal(read(layout, "s2")["correlation"], VECTORS[1])
    with pytest.raises(IsomorphError, match=r'other: is a struct in a MATLAB 7\.3 file, .*"-v7"'):
        read(make_study(settings(file="r.mat", variable="other"), STIMULI, SUBJECTS))


def half(square, keep, rest):
    out = square.copy()
    out[np.tril_indices(N) if keep == "upper" else np.triu_indices(N)] = rest
    return out


@pytest.mark.parametrize(
    "square",
    [
        np.where(np.eye(N) > 0, np.nan, SQUARES[0, 0]),
        half(SQUARES[0, 0], "upper", 0.0),
        half(SQUARES[0, 0], "upper", np.nan),
        half(SQUARES[0, 0], "lower", 0.0),
        half(SQUARES[0, 0], "lower", np.nan),
    ],
    ids=["nan diagonal", "upper zero", "upper nan", "lower zero", "lower nan"],
)
def test_the_diagonal_is_nothing_and_one_triangle_is_enough(make_study, files, square):
    np.save(files / "r.npy", square)
    layout = make_study(settings(file="r.npy", subjects=["s1"]), STIMULI)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])


def test_one_rdm_of_a_stack_may_be_a_triangle(make_study, files):
    np.save(files / "r.npy", [SQUARES[0, 0], half(SQUARES[1, 0], "upper", 0), SQUARES[2, 0]])
    layout = make_study(settings(file="r.npy"), STIMULI, SUBJECTS)
    np.testing.assert_array_equal(read(layout, "s2")["correlation"], VECTORS[1, :1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("form", ["square", "one side", "triangle", "vector"])
def test_a_pair_without_a_value_is_named(make_study, files, value, form):
    square, names = shuffled(SQUARES[0, 0])
    square[1, 3] = value
    if form != "one side":
        square[3, 1] = value
    array = {"triangle": np.triu(square, 1), "vector": square[np.triu_indices(N, 1)]}
    np.savez(files / "r.npz", rdm=array.get(form, square), stimuli=names)
    layout = make_study(settings(file="r.npz", subjects=["s1"]), STIMULI)
    pair = f'the pair of "{names[1]}" and "{names[3]}", stimuli 2 and 4, has no finite'
    with pytest.raises(IsomorphError, match=pair):
        read(layout)


def changed(value, at=(0, 1)):
    square = SQUARES[0, 0].copy()
    square[at] = value
    return square


@pytest.mark.parametrize(
    ("array", "source", "message"),
    [
        (SQUARES[0, 0][:4, :4], {}, "array: holds RDMs of 4 stimuli, expected the 5 stimuli of"),
        (VECTORS[0, 0][:6], {}, "array: holds RDMs of 4 stimuli, expected the 5 stimuli of"),
        (np.zeros((5, 4)), {}, "holds RDMs of shape (5, 4), expected the 5 stimuli of"),
        (SQUARES[:2, 0], {}, "shape (2, 5, 5), expected 1 subjects × 1 sessions of 5 stimuli"),
        (changed(np.nan), {}, 'array: the pair of "image_1" and "image_2", stimuli 1 and 2'),
        (changed(0.5, (1, 1)), {}, "has 0.5 on its diagonal, expected 0; are these similarities?"),
        (changed(7.0), {}, "is not symmetric, two sides differ by"),
        (-SQUARES[0, 0], {}, "expected dissimilarities, none below zero"),
        (SQUARES[0, 0].astype(str), {}, "expected numbers"),
        (SQUARES[0, 0], {"field": "RDM"}, 'is not a struct, so it has no field "RDM"'),
        (SQUARES[0, 0], {"index": [7]}, "index [7] lies outside its shape (5, 5)"),
        (SQUARES[0, 0], {"variable": "arrai"}, 'no variable "arrai", did you mean "array"?'),
        (SQUARES[0, 0], {"file": "r.npx"}, 'no file matches "r.npx"'),
    ],
)  # fmt: skip
def test_what_is_no_rdm_of_these_stimuli(make_study, files, array, source, message):
    np.save(files / "r.npy", array)
    layout = make_study(settings(**{"file": "r.npy", "subjects": ["s1"], **source}), STIMULI)
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        run(layout, "toy", "s1")
    assert "\n" not in str(caught.value)
    assert not layout.responses("toy", "s1").parent.exists()


def test_struct_without_the_field(make_study, files):
    savemat(files / "r.mat", {"RDMs": struct_array((1, 1), one_by_one([SQUARES[0, 0]]))})
    for field, message in {
        "RDN": 'no field "RDN", did you mean "RDM"',
        None: "needs `field`",
    }.items():
        source = {"file": "r.mat", "variable": "RDMs", "field": field, "subjects": ["s1"]}
        with pytest.raises(IsomorphError, match=message):
            read(make_study(settings(**source), STIMULI))


@pytest.mark.parametrize("name", ["r.mat", "r.npy", "r.npz", "r.txt"])
def test_damaged_files(make_study, files, name):
    (files / name).write_bytes(b"this is none of them, whatever its name says")
    with pytest.raises(IsomorphError, match=re.escape(f"{name}: ")):
        read(make_study(settings(file=name, subjects=["s1"]), STIMULI))


@pytest.mark.parametrize("name", ["r.npy", "r.npz", "r.h5"])
def test_no_damage_becomes_a_traceback(files, name):
    rng = np.random.default_rng(5)
    square, names = shuffled(SQUARES[0, 0])
    if name == "r.npy":
        np.save(files / name, square)
    else:
        write_named(files / name, square, names)
    whole = (files / name).read_bytes()
    source = RdmSource(region="IT", file=name, subjects=("s1",), distance="correlation")
    refused = 0
    for turn in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, 400 if turn % 2 else len(content), 3):
            content[place % len(content)] ^= int(rng.integers(1, 256))
        cut = int(rng.integers(1, len(content))) if turn % 3 == 0 else len(content)
        (files / name).write_bytes(content[:cut])
        with suppress(IsomorphError):
            refused += 1
            read_source(files / name, source, np.array(STIMULI), "stimuli.csv")
            refused -= 1
    assert refused > 40


def test_one_region_named_twice(make_study, files):
    np.save(files / "r.npy", SQUARES[0, 0])
    twice = settings(file="r.npy", subjects=["s1"])["sources"] * 2
    with pytest.raises(IsomorphError, match="comes twice as correlation RDM"):
        read(make_study({"kind": "rdms", "sources": twice}, STIMULI))


def test_presentations_cannot_be_expected_of_rdms(make_study, files):
    np.save(files / "r.npy", SQUARES[0, 0])
    expected = {"presentations": {"s1": 3}}
    with pytest.raises(IsomorphError, match=r"expected\.presentations cannot be checked"):
        read(make_study(settings(file="r.npy", subjects=["s1"]), STIMULI, expected=expected))


def test_asymmetry_of_rounding_is_allowed():
    square = SQUARES[0, 0].copy()
    square[0, 1] *= 1 + 1e-9
    assert condensed(square, np.array(STIMULI), "here").shape == (PAIRS,)


# ------------------------------------------------------------------ published RDMs

REPOSITORY = Path(__file__).parents[2]
ALGONAUTS = REPOSITORY.parent / "shared/data/algonauts78"


@pytest.mark.skipif(not ALGONAUTS.is_dir(), reason="needs ../shared/data/algonauts78")
def test_fifteen_people(tmp_path):
    import pandas as pd

    from isomorph.stages.fetch import run as fetch

    study = load_study(REPOSITORY / "tests/examples/settings/algonauts78.yaml")
    layout, name = Layout(study, tmp_path), study.name
    stimuli = [file.stem for file in sorted((ALGONAUTS / "stimuli").glob("*.jpg"))]
    table = pd.DataFrame({"stimulus": stimuli, "file": "", "sha256": ""})
    write_table(layout.stimuli(name), table, "stimuli", provenance("stimuli"))
    fetch(layout, name)
    subjects = study.dataset(name).subjects
    stacks = {}
    for region in ("EVC", "IT"):
        with np.load(ALGONAUTS / f"fmri_{region}_RDMs.npz") as content:
            stacks[region] = content["arr_0"]
    for number in (0, 14):
        run(layout, name, subjects[number])
        data = read_array(layout.responses(name, subjects[number]), "rdms")
        assert data["region"].values.tolist() == ["EVC", "IT"]
        for row, region in enumerate(("EVC", "IT")):
            np.testing.assert_allclose(
                squareform(data["correlation"].values[row]), stacks[region][number], atol=1e-6
            )


def test_reliability_of_ready_rdms(make_study, files):
    from isomorph.artefacts import read_table

    np.save(files / "it.npy", VECTORS)
    np.save(files / "v4.npy", VECTORS[:, 0])
    sources = [
        {"region": "IT", "file": "it.npy", "subjects": SUBJECTS, "sessions": ["1", "2"],
         "distance": "correlation"},
        {"region": "V4", "file": "v4.npy", "subjects": SUBJECTS, "distance": "correlation"},
    ]  # fmt: skip
    layout = make_study({"kind": "rdms", "sources": sources}, STIMULI, SUBJECTS)
    for subject in SUBJECTS:
        run(layout, "toy", subject)
    run_reliability(layout, "toy")
    table = read_table(layout.reliability("toy"), "reliability").set_index(["subject", "region"])
    for number, subject in enumerate(SUBJECTS):
        it, v4 = table.loc[(subject, "IT")], table.loc[(subject, "V4")]
        r = np.corrcoef(VECTORS[number])[0, 1]
        np.testing.assert_allclose(it["split_half"], r, rtol=1e-5)
        np.testing.assert_allclose(it["spearman_brown"], 2 * r / (1 + r), rtol=1e-5)
        assert it["status"] == "ok: Pearson correlation of the RDMs of 2 sessions"
        assert np.isnan(v4["split_half"])
        assert v4["status"] == "undefined: one RDM, no repetitions"


@pytest.mark.parametrize(
    ("said", "distance", "refused"),
    [
        ("crossnobis", "correlation", "expected one of correlation, squared_euclidean, euclidean"),
        ("squared mahalanobis", "squared_euclidean", "expected one of"),
        ("poisson", "euclidean", "expected one of"),
        ("cosine", "correlation", "expected one of"),
        ("correlation (ranks)", "correlation", "expected one of"),
        ("euclidean_norm", "euclidean", "fix `distance`, expected euclidean_norm"),
        ("euclidean_norm", "euclidean_norm", None),
        ("squared euclidean", "euclidean", "fix `distance`, expected squared_euclidean"),
        ("squared euclidean", "squared_euclidean", None),
        ("euclidean", "squared_euclidean", None),
        (np.bytes_(b"correlation"), "correlation", None),
        (np.bytes_(b"cosine"), "correlation", 'distance is "cosine"'),
        (None, "correlation", None),
    ],
)
def test_the_distance_that_a_file_says_it_holds(files, said, distance, refused):
    file, stimuli = files / "r.hdf5", np.array(STIMULI)
    rsatoolbox(SQUARES[:1, 0], file)
    with h5py.File(file, "r+") as opened:
        if said is not None:
            opened.attrs["dissimilarity_measure"] = said
    source = RdmSource(
        region="IT", file=file.name, subjects=("s1",), distance=distance, order="table"
    )
    if refused is None:
        np.testing.assert_array_equal(
            read_source(file, source, stimuli, "stimuli", stimuli), VECTORS[:1, :1]
        )
    else:
        with pytest.raises(IsomorphError, match=re.escape(refused)):
            read_source(file, source, stimuli, "stimuli", stimuli)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e300, 0.5])
def test_numbers_that_are_no_whole_numbers_name_nothing(value):
    assert as_names(np.array([1.0, 2.0])).tolist() == ["1", "2"]
    assert as_names(np.array([1.0, value])) is None


@pytest.mark.parametrize("form", ["npz", "mat", "h5"])
def test_names_count_whatever_their_variable_is_called(make_study, files, form):
    order = np.array([3, 0, 4, 1, 2])
    held = {"rdm": SQUARES[0, 0][np.ix_(order, order)], "labels": np.array(STIMULI)[order]}
    if form == "npz":
        np.savez(files / "r.npz", **held)
    elif form == "mat":
        savemat(files / "r.mat", {**held, "labels": one_by_one(held["labels"])})
    else:
        with h5py.File(files / "r.h5", "w") as opened:
            opened["rdm"], opened["labels"] = held["rdm"], held["labels"].astype("S")
    source = settings(file=f"r.{form}", variable="rdm", subjects=["s1"])
    np.testing.assert_array_equal(read(make_study(source, STIMULI))["correlation"], VECTORS[0, :1])


def test_numbers_that_may_be_ids_or_a_rank_must_be_explained(make_study, files):
    ids, order = ["1", "2", "3", "4", "5"], np.array([3, 0, 4, 1, 2])
    np.savez(files / "r.npz", rdm=SQUARES[0, 0][np.ix_(order, order)], image=order + 1)
    source = {"file": "r.npz", "variable": "rdm", "subjects": ["s1"]}
    with pytest.raises(IsomorphError, match="image holds the ids of all stimuli in another order"):
        read(make_study(settings(**source), ids))
    layout = make_study(settings(**source, names="image"), ids)
    np.testing.assert_array_equal(read(layout)["correlation"], VECTORS[0, :1])
    layout = make_study(settings(**source, order="table"), ids)
    assert read(layout)["correlation"].values[0, 0] == SQUARES[0, 0][3, 0]


def test_a_vector_may_stand_upright(make_study, files):
    savemat(files / "r.mat", {"rdm": VECTORS[0, 0][:, None]})
    source = settings(file="r.mat", subjects=["s1"])
    np.testing.assert_array_equal(read(make_study(source, STIMULI))["correlation"], VECTORS[0, :1])
