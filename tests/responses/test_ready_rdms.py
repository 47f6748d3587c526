"""Ready RDMs in every form they are published in, and the ways they can be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.spatial.distance import squareform

from isomorph.artefacts import provenance, read_array, write_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses import run, run_reliability
from isomorph.responses.stacks import condensed
from isomorph.study import load_study

N = 5
STIMULI = [f"image_{n}" for n in range(1, N + 1)]
PAIRS = N * (N - 1) // 2
RNG = np.random.default_rng(0)
VECTORS = RNG.uniform(0, 2, (3, 2, PAIRS))  # (subject, session, pair)
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
        assert read(layout)["rdm"].max() > 2


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
    np.testing.assert_array_equal(data["rdm"], VECTORS[1])
    assert data["representation"].values.tolist() == ["IT | s2 | session 1", "IT | s2 | session 2"]
    assert data["session"].values.tolist() == ["1", "2"]
    assert set(data["n_units"].values) == {-1}
    assert data["stimulus"].values.tolist() == STIMULI
    assert data["stimulus_a"].values[:5].tolist() == ["image_1"] * 4 + ["image_2"]
    assert data["stimulus_b"].values[:5].tolist() == [*STIMULI[1:], "image_3"]


def test_index_into_a_struct_array(make_study, files):
    cells = one_by_one([SQUARES[0, 0], SQUARES[1, 0]])
    savemat(files / "r.mat", {"two": struct_array((1, 2), cells)})
    source = {"file": "r.mat", "variable": "two", "index": [1], "field": "RDM", "subjects": ["s1"]}
    np.testing.assert_array_equal(
        read(make_study(settings(**source), STIMULI))["rdm"], VECTORS[1, :1]
    )


def test_one_subject_needs_no_axis(make_study, files):
    np.save(files / "r.npy", SQUARES[0, 0])
    layout = make_study(settings(file="r.npy", subjects=["s1"]), STIMULI)
    np.testing.assert_array_equal(read(layout)["rdm"], VECTORS[0, :1])


def test_three_stimuli_where_squares_and_vectors_look_alike(make_study, files):
    """(3, 3) is one square of three stimuli or three vectors of three pairs: subjects decide."""
    vectors = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    np.save(files / "r.npy", vectors)
    layout = make_study(settings(file="r.npy"), STIMULI[:3], SUBJECTS)
    np.testing.assert_array_equal(read(layout, "s2")["rdm"], vectors[1:2])


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
    assert data["distance"].values.tolist() == ["correlation", "euclidean"]
    np.testing.assert_array_equal(data["rdm"], [VECTORS[1, 0], VECTORS[0, 1]])


def test_names_in_the_file_are_checked(make_study, files):
    np.savez(files / "r.npz", arr_0=SQUARES[:, 0], stimuli=[f"{s}.jpg" for s in STIMULI])
    source = {"file": "r.npz", "variable": "arr_0"}
    read(make_study(settings(**source), STIMULI, SUBJECTS))  # the same names with an extension
    swapped = [STIMULI[1], STIMULI[0], *STIMULI[2:]]
    with pytest.raises(
        IsomorphError, match=r'stimuli: stimulus 1 is "image_1\.jpg", in .* "image_2'
    ):
        read(make_study(settings(**source), swapped, SUBJECTS))


def test_names_in_a_matlab_cell_array(make_study, files):
    names = one_by_one(STIMULI[::-1])
    savemat(files / "r.mat", {"RDM": SQUARES[0, 0], "stimuli": names})
    source = {"file": "r.mat", "variable": "RDM", "subjects": ["s1"]}
    with pytest.raises(IsomorphError, match=r'stimulus 1 is "image_5", in .* it is "image_1"'):
        read(make_study(settings(**source), STIMULI))


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
        (changed(np.nan), {}, "r.npy: array: holds 1 values that are not finite"),
        (changed(0.5, (1, 1)), {}, "has 0.5 on its diagonal, expected 0; are these similarities?"),
        (changed(7.0), {}, "is not symmetric, two sides differ by"),
        (-SQUARES[0, 0], {}, "expected dissimilarities, none below zero"),
        (SQUARES[0, 0].astype(str), {}, "expected numbers"),
        (SQUARES[0, 0], {"field": "RDM"}, 'is no struct, so it has no field "RDM"'),
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
    assert condensed(square, N, "here").shape == (PAIRS,)


# ------------------------------------------------------------------ published RDMs

REPOSITORY = Path(__file__).parents[2]
ALGONAUTS = REPOSITORY.parent / "shared/data/algonauts78"


@pytest.mark.skipif(not ALGONAUTS.is_dir(), reason="needs ../shared/data/algonauts78")
def test_fifteen_people(tmp_path):
    import pandas as pd

    from isomorph.archives import run as fetch

    study = load_study(REPOSITORY / "config/examples/algonauts78.yaml")
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
                squareform(data["rdm"].values[row]), stacks[region][number], atol=1e-12
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
        np.testing.assert_allclose(it["split_half"], r)
        np.testing.assert_allclose(it["spearman_brown"], 2 * r / (1 + r))
        assert it["status"] == "ok: Pearson correlation of the RDMs of 2 sessions"
        assert np.isnan(v4["split_half"])
        assert v4["status"] == "undefined: one RDM, no repetitions"
