"""Models from disk: features, RDMs, judgements and vectors of words, in whatever file they are."""

import json
import sys
from importlib.machinery import ModuleSpec
from itertools import combinations
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.torch import save_file
from scipy.io import savemat
from scipy.spatial.distance import pdist, squareform

import isomorph as iso
from isomorph.errors import IsomorphError
from isomorph.models import mistakes_of
from isomorph.models.kept import kept_trajectories
from isomorph.study import ModelSpec, read_spec

STIMULI = ["cat", "dog", "house", "tree", "car"]
TABLE = pd.DataFrame({"stimulus": STIMULI, "noun": [*STIMULI[:4], "motor car"]})
RNG = np.random.default_rng(3)
EARLY, LATE = RNG.normal(size=(5, 4, 3)), RNG.normal(size=(5, 6))
SHUFFLED = [3, 0, 4, 1, 2]
"""Rows of a file that stand in another order than the table."""


def read(source: str, beside: Path, **settings: object) -> xr.Dataset:
    return iso.activations(source, table=TABLE, layers="all", beside=beside, **settings)


def gram(features: np.ndarray) -> np.ndarray:
    flat = features.reshape(len(features), -1)
    centred = flat - flat.mean(axis=0)
    return centred @ centred.T


def npz(file: Path, rows: list[int]) -> None:
    np.savez(file, early=EARLY[rows], late=LATE[rows], stimulus=np.array(STIMULI)[rows])


def mat(file: Path, rows: list[int]) -> None:
    names = np.array([STIMULI[row] for row in rows], dtype=object)
    savemat(file, {"early": EARLY[rows], "late": LATE[rows], "stimuli": names})


def hdf5(file: Path, rows: list[int]) -> None:
    with h5py.File(file, "w") as opened:
        opened["early"], opened["late"] = EARLY[rows], LATE[rows]
        opened["stimulus"] = [STIMULI[row] for row in rows]


def netcdf(file: Path, rows: list[int], **how: str) -> None:
    xr.Dataset(
        {"early": (("stimulus", "y", "x"), EARLY[rows]), "late": (("stimulus", "f"), LATE[rows])},
        coords={"stimulus": [STIMULI[row] for row in rows], "f": np.arange(6)},
    ).to_netcdf(file, **how)


def classic(file: Path, rows: list[int]) -> None:
    netcdf(file, rows, engine="scipy")


@pytest.mark.parametrize(
    ("ending", "write"),
    [(".npz", npz), (".mat", mat), (".h5", hdf5), (".nc", netcdf), (".nc", classic)],
)
def test_layers_of_a_file_are_put_in_order_by_the_names_in_it(tmp_path, ending, write):
    write(tmp_path / f"net{ending}", SHUFFLED)
    found = read(f"features/net{ending}", tmp_path)
    assert sorted(found["layer"].values.tolist()) == ["early", "late"]
    assert_allclose(found["gram"].sel(layer="early"), gram(EARLY), atol=1e-9)
    assert_allclose(found["gram"].sel(layer="late"), gram(LATE), atol=1e-9)
    assert found["n_features"].sel(layer="early") == 12


def test_which_axis_of_a_square_layer_is_that_of_the_stimuli_is_said(tmp_path, capsys):
    square = RNG.normal(size=(5, 5))
    np.savez(tmp_path / "net.npz", late=square, early=EARLY, stimulus=STIMULI)
    found = read("features/net.npz", tmp_path)
    assert_allclose(found["gram"].sel(layer="late"), gram(square), atol=1e-9)
    said = capsys.readouterr().err
    assert "late: of axes that are all 5 long, axis 0 is taken for that of the stimuli" in said
    assert "early" not in said


NUMBERED = pd.DataFrame({"stimulus": ["1", "2", "3", "4", "5"]})


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_numbers_along_an_axis_of_netcdf_name_the_stimuli(tmp_path, engine):
    xr.Dataset(
        {"late": (("stimulus", "f"), LATE[SHUFFLED])},
        coords={"stimulus": np.array(SHUFFLED) + 1},
    ).to_netcdf(tmp_path / "net.nc", engine=engine)
    found = iso.activations("features/net.nc", table=NUMBERED, layers="all", beside=tmp_path)
    assert_allclose(found["gram"][0], gram(LATE), atol=1e-9)


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_an_axis_that_the_file_calls_of_stimuli_is_that(tmp_path, engine):
    square = RNG.normal(size=(5, 5))
    held = xr.Dataset({"late": (("f", "stimulus"), square)}, coords={"stimulus": STIMULI})
    held.to_netcdf(tmp_path / "net.nc", engine=engine)
    with pytest.raises(IsomorphError, match=r"late: .*say options.axis: 1"):
        read("features/net.nc", tmp_path)
    found = read("features/net.nc", tmp_path, options={"axis": 1})
    assert_allclose(found["gram"][0], gram(square.T), atol=1e-9)


def test_what_names_the_stimuli_or_is_one_number_each_is_no_layer(tmp_path):
    ids = np.array(SHUFFLED) + 1
    np.savez(tmp_path / "net.npz", late=LATE[SHUFFLED], stimulus=ids, labels=ids[:, None])

    def layers(of):
        found = iso.activations("features/net.npz", table=NUMBERED, layers=of, beside=tmp_path)
        return found["layer"].values.tolist()

    assert layers("all") == ["late"]
    assert layers(["late", "labels"]) == ["late", "labels"]


def test_names_that_are_not_understood_are_not_passed_over(tmp_path):
    """The ids are numbered, so that without names the order of the table would be taken."""
    table = pd.DataFrame({"stimulus": [f"im{number}" for number in range(1, 6)]})

    def found(**names):
        np.savez(tmp_path / "net.npz", late=LATE, **names)
        return iso.activations("features/net.npz", table=table, layers=["late"], beside=tmp_path)

    with pytest.raises(IsomorphError, match=r'pictures holds a text for each .*"im4_small.png" is'):
        found(pictures=[f"im{row + 1}_small.png" for row in SHUFFLED])
    np.savez(tmp_path / "ids.npz", late=LATE, number=np.array(SHUFFLED) + 1)
    with pytest.raises(IsomorphError, match="number holds the ids of all stimuli in another order"):
        iso.activations("features/ids.npz", table=NUMBERED, layers="all", beside=tmp_path)
    assert found(category=["a", "b", "b", "a", "c"]).sizes["layer"] == 1


def test_features_of_a_new_matlab_file_stand_beside_structs_text_and_cells(tmp_path):
    with h5py.File(tmp_path / "net.mat", "w") as opened:
        opened["early"], opened["late"] = EARLY.T, LATE.T  # as MATLAB of version 7.3 lays them out
        opened["note"] = np.frombuffer(b"notes", np.uint8).reshape(5, 1).astype(np.uint16)
        opened["nothing"] = np.array([5, 5], np.uint64)
        opened.create_group("design")["seconds"] = np.zeros(5)
        opened["cells"] = np.array([[opened["late"].ref]] * 5, dtype=h5py.ref_dtype)
        opened["note"].attrs["MATLAB_class"] = np.bytes_("char")
        opened["nothing"].attrs["MATLAB_empty"] = 1
    found = read("features/net.mat", tmp_path, options={"order": "table"})
    assert sorted(found["layer"].values.tolist()) == ["early", "late"]
    assert_allclose(found["gram"].sel(layer="early"), gram(EARLY), atol=1e-9)


def test_safetensors_hold_no_names_so_the_order_is_stated(tmp_path):
    layers = {"early": torch.tensor(EARLY[SHUFFLED]).bfloat16(), "late": torch.tensor(LATE)}
    save_file(layers, tmp_path / "net.safetensors")
    with pytest.raises(IsomorphError, match=r"net.safetensors: names no stimuli, .*state it"):
        read("features/net.safetensors", tmp_path)
    order = [STIMULI[row] for row in SHUFFLED]
    found = read("features/net.safetensors", tmp_path, options={"order": order})
    assert_allclose(found["gram"].sel(layer="early"), gram(EARLY), atol=0.2)
    pd.DataFrame({"name": order}).to_csv(tmp_path / "order.csv", index=False)
    table = {"order": {"file": "order.csv", "column": "name"}}
    again = read("features/net.safetensors", tmp_path, options=table)
    assert_array_equal(again["gram"], found["gram"])


def test_one_array_is_called_as_its_file_and_a_table_too(tmp_path):
    np.save(tmp_path / "mine.npy", EARLY)
    found = read("features/mine.npy", tmp_path, options={"order": "table"})
    assert found["layer"].values.tolist() == ["mine"]
    assert_allclose(found["gram"][0], gram(EARLY), atol=1e-9)
    frame = pd.DataFrame(LATE).assign(stimulus=STIMULI).iloc[SHUFFLED]
    frame.to_csv(tmp_path / "rated.csv", index=False)
    assert_allclose(read("features/rated.csv", tmp_path)["gram"][0], gram(LATE), atol=1e-9)


def test_stimuli_along_another_axis_and_groups_within_groups(tmp_path):
    with h5py.File(tmp_path / "net.h5", "w") as opened:
        opened["block/conv1"], opened["block/conv2"] = LATE.T, LATE.T * 2
        opened["names"] = STIMULI
    options = {"axis": 1, "names": "names"}
    found = read("features/net.h5", tmp_path, options=options)
    assert found["layer"].values.tolist() == ["block/conv1", "block/conv2"]
    assert_allclose(found["gram"][0], gram(LATE), atol=1e-9)
    with pytest.raises(IsomorphError, match=r"shape \(6, 5\), expected a row .*options.axis: 1"):
        read("features/net.h5", tmp_path, options={"names": "names"})


def test_names_may_be_of_more_images_and_must_be_of_all(tmp_path):
    more = np.vstack([LATE, RNG.normal(size=(2, 6))])
    names = [f"pictures/{name}.png" for name in [*STIMULI, "boat", "sea"]]
    np.savez(tmp_path / "many.npz", late=more, stimulus=names)
    assert_allclose(read("features/many.npz", tmp_path)["gram"][0], gram(LATE), atol=1e-9)
    np.savez(tmp_path / "few.npz", late=LATE, stimulus=[*STIMULI[:4], "boat"])
    with pytest.raises(IsomorphError, match=r'1 of the 5 .* not among them, "car" for one'):
        read("features/few.npz", tmp_path)
    np.savez(tmp_path / "twice.npz", late=LATE, stimulus=[*STIMULI[:4], "cat"])
    with pytest.raises(IsomorphError, match='names "cat" twice'):
        read("features/twice.npz", tmp_path)


def test_features_of_fewer_images_are_refused(tmp_path):
    np.save(tmp_path / "mine.npy", LATE[:4])
    with pytest.raises(IsomorphError, match=r"mine: is of shape \(4, 6\), .* the 5 stimuli"):
        read("features/mine.npy", tmp_path, options={"order": "table"})


def test_a_stated_order_must_be_that_of_the_names(tmp_path):
    npz(tmp_path / "net.npz", SHUFFLED)
    with pytest.raises(
        IsomorphError, match=r'names "tree" as stimulus 1, where `order` says "cat"'
    ):
        read("features/net.npz", tmp_path, options={"order": "table"})


@pytest.mark.parametrize(("ending", "write"), [(".h5", hdf5), (".nc", netcdf)])
def test_large_layers_are_read_some_features_at_a_time(tmp_path, monkeypatch, ending, write):
    write(tmp_path / f"net{ending}", SHUFFLED)
    monkeypatch.setattr("isomorph.models.given.features.LARGE", 0)
    monkeypatch.setattr("isomorph.models.fold.block_width", lambda *_: 4)
    found = read(f"features/net{ending}", tmp_path, features="all")
    assert_allclose(found["gram"].sel(layer="late"), gram(LATE), atol=1e-9)
    kept = found["features"][found["feature_layer"] == found["layer"].values.tolist().index("late")]
    assert_allclose(kept.values.T, LATE, atol=1e-6)
    with h5py.File(tmp_path / f"net{ending}", "a") as opened:
        opened["late"][3, 5] = np.inf
    with pytest.raises(IsomorphError, match=r'late: a feature of "dog" is inf'):
        read(f"features/net{ending}", tmp_path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_named_with_layer_and_stimulus(tmp_path, bad):
    values = LATE.copy()
    values[2, 1] = bad
    np.savez(tmp_path / "net.npz", early=EARLY, late=values, stimulus=STIMULI)
    with pytest.raises(IsomorphError, match=rf'net.npz: late: a feature of "house" is {bad}'):
        read("features/net.npz", tmp_path)
    found = iso.activations("features/net.npz", table=TABLE, layers=["early"], beside=tmp_path)
    assert found["layer"].values.tolist() == ["early"]


def test_a_file_for_each_seed(tmp_path):
    for seed in (1, 2):
        np.savez(tmp_path / f"net-{seed}.npz", late=LATE * seed, stimulus=STIMULI)
    found = read("features/net-{seed}.npz", tmp_path, seed=2)
    assert_allclose(found["gram"][0], 4 * gram(LATE), atol=1e-9)
    with pytest.raises(IsomorphError, match=r"nothing in features/net-1.npz differs by seed"):
        read("features/net-1.npz", tmp_path, seed=2)
    with pytest.raises(IsomorphError, match=r'no file "net-3.npz" in .*did you mean'):
        read("features/net-{seed}.npz", tmp_path, seed=3)


# ---------------------------------------------------------------- RDMs

RDM = pdist(LATE)


def rdm_of(data: xr.Dataset, layer: str, name: str = "as_given") -> np.ndarray:
    return data[name].sel(layer=layer).values


@pytest.mark.parametrize("condensed", [False, True])
def test_a_ready_rdm_is_put_in_order(tmp_path, condensed):
    square = squareform(RDM)[np.ix_(SHUFFLED, SHUFFLED)]
    rdm = squareform(square, checks=False) if condensed else square
    np.savez(tmp_path / "one.npz", rdm=rdm, stimuli=np.array(STIMULI)[SHUFFLED])
    found = read("rdms/one.npz", tmp_path, options={"distance": "euclidean"})
    assert_allclose(rdm_of(found, "rdm", "euclidean"), RDM)
    assert json.loads(found.attrs["left_out"]) == {}


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_rdms_in_netcdf_are_put_in_order_by_the_names_in_it(tmp_path, engine):
    square = squareform(RDM)[np.ix_(SHUFFLED, SHUFFLED)]
    names = {"stimulus": [STIMULI[row] for row in SHUFFLED]}
    data = xr.Dataset({"rdm": (("stimulus", "other"), square)}, coords=names)
    data.to_netcdf(tmp_path / "one.nc", engine=engine)
    assert_allclose(rdm_of(read("rdms/one.nc", tmp_path), "rdm"), RDM)


def test_several_rdms_are_layers_seeds_or_one_mean(tmp_path):
    stack = np.stack([squareform(RDM * factor) for factor in (1, 2, 6)])
    np.savez(tmp_path / "three.npz", rdm=stack, stimuli=STIMULI, layers=["a", "b", "c"])
    found = read("rdms/three.npz", tmp_path)
    assert found["layer"].values.tolist() == ["a", "b", "c"]
    assert_allclose(rdm_of(found, "c"), 6 * RDM)
    mean = read("rdms/three.npz", tmp_path, options={"stack": "mean"})
    assert_allclose(rdm_of(mean, "rdm"), 3 * RDM)
    savemat(tmp_path / "three.mat", {"rdm": np.moveaxis(stack, 0, 2)})
    turned = read("rdms/three.mat", tmp_path, options={"order": "table"})
    assert_allclose(rdm_of(turned, "rdm[2]"), 2 * RDM)
    with pytest.raises(IsomorphError, match=r"seeds: are 1, and .*three.npz holds 3 RDMs"):
        read("rdms/three.npz", tmp_path, options={"stack": "seeds"}, seed=2)


def test_structs_name_their_rdms(tmp_path):
    structs = np.zeros(2, dtype=[("RDM", object), ("name", object)])
    structs["RDM"], structs["name"] = [squareform(RDM), squareform(2 * RDM)], ["one", "other"]
    savemat(tmp_path / "models.mat", {"Models": structs})
    options = {"field": "RDM", "order": "table"}
    found = read("rdms/models.mat", tmp_path, options=options)
    assert_allclose(rdm_of(found, "other"), 2 * RDM)


def test_each_variable_with_rdms_is_a_layer(tmp_path):
    np.savez(tmp_path / "two.npz", v1=squareform(RDM), it=2 * RDM, stimuli=STIMULI, rate=3.0)
    found = read("rdms/two.npz", tmp_path)
    assert sorted(found["layer"].values.tolist()) == ["it", "v1"]


def test_rdms_of_rsatoolbox_say_their_distance(tmp_path):
    from rsatoolbox.rdm import RDMs

    RDMs(RDM[None] / 4, "correlation", pattern_descriptors={"stimulus": STIMULI}).save(
        str(tmp_path / "its.hdf5"), file_type="hdf5"
    )
    found = read("rdms/its.hdf5", tmp_path)
    assert_allclose(rdm_of(found, "its", "correlation"), RDM / 4)


@pytest.mark.parametrize(
    ("rdm", "said"),
    [
        (np.triu(squareform(RDM)) * 2 + np.tril(squareform(RDM)), "is not symmetric"),
        (squareform(RDM - RDM.mean()), "expected dissimilarities, none below zero"),
        (squareform(RDM)[:4, :4], "holds RDMs of 4 stimuli, expected the 5"),
        (1 - squareform(RDM), "on its diagonal, expected 0; are these similarities"),
    ],
)
def test_what_is_no_rdm_of_the_stimuli_is_refused(tmp_path, rdm, said):
    np.save(tmp_path / "bad.npy", rdm)
    with pytest.raises(IsomorphError, match=said):
        read("rdms/bad.npy", tmp_path, options={"order": "table"})


# ---------------------------------------------------------------- words


def test_vectors_of_words_are_looked_up_by_a_column_of_the_stimuli(tmp_path):
    words = ["boat", "Cat", "dog", "house", "motor car", "tree"]
    vectors = RNG.normal(size=(6, 3))
    pd.DataFrame(vectors).assign(text=words).to_csv(tmp_path / "words.csv", index=False)
    found = read("text/words.csv", tmp_path, options={"column": "noun"})
    assert_allclose(found["gram"][0], gram(vectors[[1, 2, 3, 5, 4]]), atol=1e-9)
    with pytest.raises(IsomorphError, match='has no vector of 1 of the texts, "car" for one'):
        read("text/words.csv", tmp_path)
    with pytest.raises(IsomorphError, match='stimulus table has no "word", known: noun, stimulus'):
        read("text/words.csv", tmp_path, options={"column": "word"})


def test_word_vectors_as_glove_has_them(tmp_path):
    lines = [f"{name} {' '.join(map(str, LATE[at]))}" for at, name in enumerate(STIMULI)]
    (tmp_path / "glove.txt").write_text("\n".join(["the 0 0 0", *lines]) + "\n", encoding="utf-8")
    found = read("text/glove.txt", tmp_path)
    assert_allclose(found["gram"][0], gram(LATE), atol=1e-9)


class Embeds(torch.nn.Linear):
    """What stands for a model of sentence-transformers: texts by their letters."""

    def __init__(self, name: str, **settings: object) -> None:
        super().__init__(2, 2)
        assert settings["model_kwargs"] == {"use_safetensors": True}, "pickles run code"
        self.name = name

    def encode(self, texts: list[str], convert_to_numpy: bool) -> np.ndarray:
        return np.array([[len(text), text.count("o")] for text in texts], dtype=np.float32)


def test_texts_are_embedded_by_sentence_transformers(tmp_path, monkeypatch):
    fake = ModuleType("sentence_transformers")
    fake.SentenceTransformer = Embeds
    fake.__spec__ = ModuleSpec("sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", fake)
    found = read("sentence_transformers/small", tmp_path, options={"column": "noun"})
    letters = np.array([[3.0, 0], [3, 1], [5, 1], [4, 0], [9, 2]])
    assert_allclose(found["gram"][0], gram(letters), atol=1e-9)
    assert len(found.attrs["weights_sha256"]) == 64


def test_without_the_library_a_sentence_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("isomorph.models.source.find_spec", lambda _: None)
    with pytest.raises(IsomorphError, match=r"needs sentence_transformers, which is not installed"):
        read("sentence_transformers/small", tmp_path)


# ---------------------------------------------------------------- a network of one's own


def test_the_example_of_a_network_of_ones_own_runs(repository):
    models = repository / "docs" / "how-to"
    spec = read_spec(models / "own_network.yaml", ModelSpec)
    assert mistakes_of(spec, beside=models) == []
    images = RNG.integers(0, 256, (5, 40, 40, 3), dtype=np.uint8)
    one, other = (
        iso.activations(spec.source, images, list(spec.layers), beside=models, seed=seed)
        for seed in spec.seeds
    )
    assert one["layer"].values.tolist() == ["first", "second", "readout"]
    assert one["n_features"].values.tolist() == [1568, 2304, 10]
    assert not np.allclose(one["gram"], other["gram"])


def test_a_column_of_judgements_is_read_as_one_thing(tmp_path):
    told = pd.DataFrame(list(combinations(STIMULI, 2)), columns=["one", "third"])
    told.assign(rating=range(10)).to_csv(tmp_path / "told.csv", index=False)

    def found(**columns):
        options = {"task": "ratings", "columns": columns}
        return iso.activations(
            "behaviour/told.csv", table=TABLE, layers="all", beside=tmp_path, options=options
        )

    with pytest.raises(IsomorphError, match='"one" is read twice, as first and as second'):
        found(first="one", second="one")
    assert_array_equal(found(first="one", second="third")["as_given"][0], range(10))


def test_a_word_for_several_distances_is_asked_about(tmp_path):
    """What rsatoolbox calls Euclidean is squared."""
    with h5py.File(tmp_path / "rdm.h5", "w") as opened:
        opened["dissimilarities"] = pdist(LATE)[None]
        opened["pattern_descriptors/stimulus"] = STIMULI
        opened.attrs["dissimilarity_measure"] = "euclidean"
    with pytest.raises(IsomorphError, match=r"may be euclidean, euclidean_norm or squared_eucl.*"):
        read("rdms/rdm.h5", tmp_path)
    assert "euclidean" in read("rdms/rdm.h5", tmp_path, options={"distance": "euclidean"})


def test_features_whose_squares_are_not_finite(tmp_path):
    np.savez(tmp_path / "net.npz", late=LATE * 1e170, early=LATE, stimulus=STIMULI)
    found = read("features/net.npz", tmp_path)
    assert found["layer"].values.tolist() == ["early"]
    assert "squares are not finite" in json.loads(found.attrs["left_out"])["late"]


def test_stacks_of_one_file_share_their_labels_and_none_is_lost(tmp_path):
    first, second = (squareform(pdist(one.reshape(5, -1))) for one in (EARLY, LATE))
    stacks = {"V1": np.stack([first, second]), "IT": np.stack([second, first])}
    np.savez(tmp_path / "rdms.npz", **stacks, layers=["a", "b"], stimuli=STIMULI)
    found = read("rdms/rdms.npz", tmp_path)
    assert found["layer"].values.tolist() == ["V1/a", "V1/b", "IT/a", "IT/b"]
    assert_allclose(found["as_given"][2], squareform(second))


def test_the_row_numbers_that_pandas_writes_are_no_feature(tmp_path):
    frame = pd.DataFrame(LATE).assign(stimulus=STIMULI)
    frame.to_csv(tmp_path / "rated.csv")
    assert_allclose(read("features/rated.csv", tmp_path)["gram"][0], gram(LATE), atol=1e-9)
    frame.iloc[SHUFFLED].to_csv(tmp_path / "rated.csv")
    with pytest.raises(IsomorphError, match=r"rated.csv: has a column without a name; name it, or"):
        read("features/rated.csv", tmp_path)


def test_files_that_features_are_not_read_from(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"PK")
    with pytest.raises(
        IsomorphError, match=r"net.pt: holds no arrays isomorph can read.*\.safetensors"
    ):
        read("features/net.pt", tmp_path)


def test_an_axis_of_time_is_kept_and_its_steps_are_said(tmp_path):
    rng = np.random.default_rng(0)
    states = rng.normal(size=(4, 5, 3)).astype(np.float32)  # time, stimulus, feature
    np.savez(tmp_path / "rnn.npz", states=states, flat=rng.normal(size=(3, 5)), stimulus=STIMULI)
    options = {"axis": 1, "time": 0}
    found = read("features/rnn.npz", tmp_path, options=options, features="all")
    kept = kept_trajectories(found)
    assert list(kept) == ["states"]  # the other has no time
    assert_array_equal(kept["states"], states.transpose(1, 0, 2))
    assert found["n_features"].sel(layer="states") == 12
    with pytest.raises(IsomorphError, match=r"options.time: no layer .* has an axis 3 beside"):
        read("features/rnn.npz", tmp_path, options=options | {"time": 3}, features="all")
    with pytest.raises(IsomorphError, match="time: 1 is the axis of the stimuli"):
        read("features/rnn.npz", tmp_path, options=options | {"time": 1}, features="all")
    with pytest.raises(IsomorphError, match=r"options.time: needs all features of every step"):
        read("features/rnn.npz", tmp_path, options=options)


def test_an_axis_that_the_file_calls_otherwise_is_not_taken_for_time(tmp_path):
    held = xr.Dataset({"states": (("stimulus", "unit", "time"), np.ones((5, 3, 4)))},
                      coords={"stimulus": STIMULI})  # fmt: skip
    held.to_netcdf(tmp_path / "rnn.nc")
    with pytest.raises(IsomorphError, match="says that axis 2 of states is time; write 2"):
        read("features/rnn.nc", tmp_path, options={"time": 1}, features="all")
