"""Reliable units, chosen on repetitions that are not compared: what is chosen fakes nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.artefacts import (
    provenance,
    read_array,
    read_table,
    write_responses,
    write_table,
)
from isomorph.errors import IsomorphError
from isomorph.inference.gather import regions_of
from isomorph.layout import Layout
from isomorph.rdms import Status, distances_of, indexed
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.unit_choice import FEWEST, reliability, reliable_units, training
from isomorph.report.methods import methods
from isomorph.stages.rdms import run_brain
from isomorph.stages.reliability import run as run_reliability
from isomorph.study import StudyError, load_study
from isomorph.study.dataset import UnitFilter

WANTED = UnitFilter(minimum_reliability=0.3)


def session(response, n_stimuli, region="IT"):
    """A session whose presentations are whole rounds of the stimuli."""
    rounds, n_units = len(response) // n_stimuli, response.shape[1]
    return xr.Dataset(
        {"response": (("presentation", "unit"), response)},
        coords={
            "stimulus": ("presentation", np.tile(names(n_stimuli), rounds).astype(object)),
            "repetition": ("presentation", np.repeat(np.arange(rounds), n_stimuli)),
            "unit": ("unit", np.arange(n_units).astype(str).astype(object)),
            "region": ("unit", np.resize(np.atleast_1d(region), n_units).astype(object)),
        },
    )


def names(n_stimuli):
    return np.array([f"s{place:02d}" for place in range(n_stimuli)])


def choose(data, wanted=WANTED, n_stimuli=12):
    return reliable_units(
        {"1": data}, list(names(n_stimuli)), wanted, subject="m", where="d.yaml"
    )  # fmt: skip


def rdms(data, n_stimuli=12):
    """Cross-validated distances and those of two halves of the repetitions."""
    (row,), _ = rdms_of_responses(
        {"1": data}, list(names(n_stimuli)), ["crossvalidated_euclidean"], subject="m",
        transform="none",
    )  # fmt: skip
    return row.rdm, row.halves


def on_the_same_responses(data, rng):
    """Choose and compare on all repetitions: what is not to be done."""
    everything = np.ones(data.sizes["presentation"], dtype=bool)
    chosen = reliability(data, everything, 8, rng) >= WANTED.minimum_reliability
    return data.isel(unit=np.flatnonzero(chosen))


@pytest.fixture(scope="module")
def noise():
    """RDMs of units that are noise: chosen on the same responses, and on others; 60 draws."""
    rng = np.random.default_rng(3)
    model = rng.random(66)  # distances among 12 stimuli that have nothing to do with the units
    found = {"same": [], "others": []}
    for draw in range(60):
        data = session(rng.standard_normal((8 * 12, 150)), 12)
        ours, _ = choose(data, WANTED.model_copy(update={"seed": draw}))
        for way, chosen in (("same", on_the_same_responses(data, rng)), ("others", ours["1"])):
            assert chosen.sizes["unit"] > 10
            rdm, halves = rdms(chosen)
            cosine = rdm @ model / np.linalg.norm(rdm) / np.linalg.norm(model)
            pearson = np.corrcoef(rdm, model)[0, 1]
            found[way].append(
                [rdm.mean(), cosine, np.mean([np.corrcoef(two)[0, 1] for two in halves]), pearson]
            )
    return {way: np.array(rows).T for way, rows in found.items()}


def sureness(values):
    """Return the mean in standard errors of it."""
    return values.mean() / (values.std(ddof=1) / np.sqrt(len(values)))


@pytest.mark.parametrize("place", [0, 1], ids=["distances", "cosine with a model"])
def test_noise_fakes_a_geometry_only_where_it_was_chosen(noise, place):
    assert sureness(noise["same"][place]) > 20
    assert abs(sureness(noise["others"][place])) < 3


def test_halves_of_chosen_noise_do_not_agree(noise):
    assert abs(sureness(noise["others"][2])) < 3


def test_a_correlation_with_a_model_of_its_own_has_no_bias_either_way(noise):
    """The choice is the same when stimuli change names, so what is centred cannot be favoured."""
    assert abs(sureness(noise["same"][3])) < 3
    assert abs(sureness(noise["others"][3])) < 3


def test_signal_among_noise_is_found_and_shows_more_of_its_geometry():
    rng = np.random.default_rng(4)
    signal = rng.standard_normal((12, 30))
    truth = np.square(signal[:, None] - signal).sum(axis=2)[np.triu_indices(12, 1)]
    gained = []
    for draw in range(20):
        response = 1.5 * rng.standard_normal((8 * 12, 300))
        response[:, :30] += np.tile(signal, (8, 1))
        data = session(response, 12, ["IT"])
        ours, left_out = choose(data, UnitFilter(minimum_reliability=0.5, seed=draw))
        kept = ours["1"]["unit"].values.astype(int)
        assert (kept < 30).sum() > 20  # of 30
        assert (kept >= 30).sum() < 90  # of 270
        assert left_out == {
            "IT | m | units": f"{300 - len(kept)} of 300 units are less reliable than 0.5 on the "
            "repetitions that choose"
        }
        again = np.isin(data["repetition"].values, compared_of(data, ours["1"]))
        everyone = rdms(data.isel(presentation=np.flatnonzero(again)))[0]
        gained.append(
            np.corrcoef(rdms(ours["1"])[0], truth)[0, 1] - np.corrcoef(everyone, truth)[0, 1]
        )
    assert np.mean(gained) > 0.08
    assert sureness(np.array(gained)) > 3


def compared_of(data, kept):
    """Return the repetitions whose responses are among those kept."""
    unit = int(kept["unit"].values[0])
    there = set(kept["response"].values[:, 0].tolist())
    rows = [value in there for value in data["response"].values[:, unit].tolist()]
    return np.unique(data["repetition"].values[rows])


@settings(max_examples=25, deadline=None)
@given(
    rounds=st.integers(4, 9), share=st.floats(0.05, 0.95), seed=st.integers(0, 2**31),
)  # fmt: skip
def test_what_is_compared_never_chooses(rounds, share, seed):
    """Whatever the compared responses are, the same units are chosen."""
    rng = np.random.default_rng(seed)
    data = session(rng.standard_normal((rounds * 12, 20)), 12)
    wanted = UnitFilter(minimum_reliability=0.0, training=share, seed=seed % 1000)
    kept = choose(data, wanted)[0]["1"]
    if not kept.sizes["unit"]:
        return
    compared = compared_of(data, kept)
    assert len(compared) >= FEWEST
    assert rounds - len(compared) >= FEWEST
    assert len(kept["stimulus"]) == 12 * len(compared)  # whole repetitions
    assert kept["repetition"].values.tolist() == np.repeat(range(len(compared)), 12).tolist()
    other = data.copy(deep=True)
    changed = np.isin(data["repetition"].values, compared)
    other["response"][changed] = rng.standard_normal((changed.sum(), 20)) * 100
    again = choose(other, wanted)[0]["1"]
    assert again["unit"].values.tolist() == kept["unit"].values.tolist()
    assert not np.array_equal(again["response"].values, kept["response"].values)


def test_later_repetitions_of_some_stimuli_are_compared():
    """Stimuli shown 4 and 7 times: the first four choose or not, the rest are compared."""
    data = session(np.random.default_rng(0).standard_normal((7 * 12, 5)), 12)
    late = (data["repetition"].values >= 4) & np.isin(data["stimulus"].values, names(6))
    kept = choose(data.isel(presentation=np.flatnonzero(~late)), UnitFilter(minimum_reliability=0))
    shown = kept[0]["1"]["stimulus"].values.astype(str)
    assert [int((shown == name).sum()) for name in names(12)] == [2] * 6 + [5] * 6


@pytest.mark.parametrize(
    ("rounds", "share", "size"), [(4, 0.5, 2), (4, 0.9, 2), (10, 0.5, 5), (10, 0.01, 2), (9, 1, 7)]
)
def test_two_repetitions_are_left_on_either_side(rounds, share, size):
    repetition = np.repeat(np.arange(rounds), 5)
    chosen = training(repetition, np.tile(list("abcde"), rounds), share, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == size


def test_repetitions_that_are_of_one_stimulus_each_are_divided_within_it():
    """Categories, whose stimuli are their repetitions: four to nine numbers, none shared."""
    stimulus = np.repeat(list("abcd"), [4, 9, 6, 5])
    chosen = training(np.arange(24), stimulus, 0.5, np.random.default_rng(0))
    assert np.unique(stimulus[chosen], return_counts=True)[1].tolist() == [2, 2, 2, 2]


@given(st.integers(0, 2**31))
def test_no_run_is_on_both_sides_though_some_lack_a_stimulus(seed):
    rng = np.random.default_rng(seed)
    data = session(rng.standard_normal((10 * 12, 8)), 12)
    data = data.isel(presentation=np.flatnonzero(rng.random(120) < 0.9))
    if np.unique(data["stimulus"].values.astype(str), return_counts=True)[1].min() < 4:
        return
    kept = choose(data, UnitFilter(minimum_reliability=0))[0]["1"]
    if not kept.sizes["unit"]:
        return
    shown = dict(zip(data["response"].values[:, int(kept["unit"][0])].tolist(),
                     data["repetition"].values.tolist(), strict=True))  # fmt: skip
    runs = [shown[value] for value in kept["response"].values[:, 0].tolist()]
    pairs = set(zip(runs, kept["repetition"].values.tolist(), strict=True))
    assert len(pairs) == len(set(runs)) == kept["repetition"].values.max() + 1
    assert kept.sizes["presentation"] == np.isin(data["repetition"].values, runs).sum()


def test_the_reliability_is_that_of_all_repetitions_however_few_choose():
    """Signal and noise of variance 1 and 4, shown 20 times: 1 / (1 + 4 / 20)."""
    rng = np.random.default_rng(0)
    response = np.tile(rng.standard_normal((300, 40)), (20, 1))
    data = session(response + 2 * rng.standard_normal((20 * 300, 40)), 300)
    for part in (4, 10, 16):
        found = reliability(data, data["repetition"].values < part, 20, rng)
        assert found.mean() == pytest.approx(1 / 1.2, abs=0.03)


@pytest.mark.parametrize("centred", [False, True])
def test_neither_baselines_of_runs_nor_centring_makes_noise_reliable(centred):
    """Sums of ten runs' halves agree by nothing but chance: the median unit is at 0."""
    draw = np.random.default_rng(4)
    response = draw.normal(size=(10, 6, 800)) + 2 * draw.normal(size=(10, 1, 800))
    if centred:
        response -= response.mean(axis=1, keepdims=True)
    data = session(response.reshape(60, 800), 6)
    data = data.assign_coords(run=("presentation", data["repetition"].values.astype(str)))
    found = reliability(data, np.ones(60, dtype=bool), 5, np.random.default_rng(0))
    assert abs(np.nanmedian(found)) < 0.08


def test_units_are_counted_by_region_and_those_that_never_vary_are_out():
    rng = np.random.default_rng(0)
    signal = np.tile(rng.standard_normal((12, 6)), (4, 1))
    signal[:, [2, 5]] = 1.0
    data = session(signal, 12, ["IT", "V4", "MT"])
    kept, left_out = choose(data)
    assert kept["1"]["unit"].values.tolist() == ["0", "1", "3", "4"]
    assert list(left_out) == ["MT | m | units"]
    assert left_out["MT | m | units"].startswith("2 of 2 units")


def test_too_few_repetitions_are_refused_and_sessions_without_a_stimulus_left_for_later():
    response = np.random.default_rng(0).standard_normal((36, 5))
    words = r'd\.yaml: units: "s00" has 3 repetitions in session 1 of m, expected 4'
    with pytest.raises(IsomorphError, match=words):
        choose(session(response, 12))
    partial = session(response, 12).isel(presentation=slice(1, None, 12))
    assert choose(partial) == ({"1": partial}, {})


# ------------------------------------------------------------------ the stage


def study(root, responses, units):
    """Write a study of ready responses and return it."""
    dataset = {
        "name": "toy", "title": "Toy", "citation": "none", "licence": "CC0", "species": "none",
        "subjects": ["m"], "archive": {"kind": "local", "path": "."},
        "stimuli": {"kind": "folder", "files": "*.png"}, "responses": responses, "units": units,
    }  # fmt: skip
    model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
    whole = {
        "name": "toy", "title": "Toy", "datasets": ["toy"], "models": ["pixels"],
        "distances": ["crossvalidated_euclidean"],
    }  # fmt: skip
    for name, content in {"datasets/toy": dataset, "models/pixels": model, "study": whole}.items():
        file = root / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
    return Layout(load_study(root / "study.yaml"), root)


ARRAYS = {"kind": "arrays", "responses": "r.npy", "presentations": "p.csv", "units": "u.csv"}


def made(layout, data):
    """The file of RDMs that the stage makes of one session over 12 stimuli."""
    table = pd.DataFrame({"stimulus": names(12), "file": "", "sha256": ""})
    write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
    about = {"dataset": "toy", "subject": "m", "simulated": "false"}
    write_responses(layout.responses("toy", "m"), {"1": data}, about, provenance("responses"))
    run_brain(layout, "toy")
    return indexed(read_array(layout.brain_rdms("toy"), "rdms"))


def test_rdms_of_a_dataset_are_of_its_reliable_units(tmp_path):
    layout = study(tmp_path, ARRAYS, {"minimum_reliability": 0.3, "seed": 5})
    rng = np.random.default_rng(0)
    response = rng.standard_normal((8 * 12, 40))
    response[:, :20] += np.tile(rng.standard_normal((12, 20)), (8, 1))
    data = session(response, 12, ["IT"]).assign_attrs(session="1")
    written = made(layout, data)
    kept = choose(data, UnitFilter(minimum_reliability=0.3, seed=5))[0]["1"]
    assert int(written["n_units"][0]) == kept.sizes["unit"] < 40
    (distance,) = distances_of(written)
    np.testing.assert_allclose(written[distance][0], rdms(kept)[0], rtol=1e-6)
    left_out = json.loads(written.attrs["left_out"])["IT | m | units"]
    assert left_out.startswith(f"{40 - kept.sizes['unit']} of 40 units")
    none = study(tmp_path, ARRAYS, {"minimum_reliability": 0.999})
    with pytest.raises(IsomorphError, match=r"no region has an RDM: IT.*40 of 40 units"):
        run_brain(none, "toy")


def test_reliable_units_are_drawn_equally_often_and_kept_by_the_file(tmp_path):
    settings = {"minimum_reliability": 0.3, "equalise": 6, "draws": 3, "seed": 5}
    layout = study(tmp_path, ARRAYS, settings)
    rng = np.random.default_rng(8)
    tuned = np.tile(rng.standard_normal((12, 30)), (8, 1)) + 0.5 * rng.standard_normal((96, 30))
    data = session(tuned, 12, np.repeat(["IT", "V4"], [20, 10])).assign_attrs(session="1")
    written = made(layout, data)
    (distance,) = distances_of(written)
    regions = regions_of(written, distance)
    assert [(one.name, one.n_units, len(one.draws)) for one in regions] == [
        ("IT", 6, 3),
        ("V4", 6, 3),
    ]
    kept = choose(data, UnitFilter(minimum_reliability=0.3, seed=5))[0]["1"]
    for one in regions:
        assert one.n_recorded == int((kept["region"] == one.name).sum())
        assert all(draw.halves is not None for draw in one.draws)


def test_ready_rdms_have_no_units_to_choose(tmp_path):
    source = {"region": "IT", "file": "a.npy", "subjects": ["m"], "distance": "euclidean"}
    with pytest.raises(StudyError, match="units: ready RDMs have none to choose from"):
        study(tmp_path, {"kind": "rdms", "sources": [source]}, {"minimum_reliability": 0.2})


EQUAL = UnitFilter(equalise=6, draws=4, seed=5)


def equal_rdms(data, wanted=EQUAL, number=0, distances=("correlation", "euclidean")):
    return rdms_of_responses(
        {"1": data, "2": data.isel(unit=slice(0, 5))}, list(names(12)), list(distances),
        subject="m", transform="none", units=wanted, number=number,
    )  # fmt: skip


def test_equally_many_units_of_every_region_are_drawn_again_and_again():
    rng = np.random.default_rng(9)
    data = session(
        rng.standard_normal((4 * 12, 40)), 12, np.repeat(["V4", "IT", "V1"], [24, 13, 3])
    )
    rows, left_out = equal_rdms(data)
    assert left_out == {"V1 | m": "3 units are fewer than the 6 that units.equalise draws"}
    table = pd.DataFrame(
        [{"region": r.region, "distance": r.distance, "draw": r.draw} for r in rows]
    )
    draws = table.groupby(["region", "distance"])["draw"].apply(list)
    assert draws.tolist() == [[0, 1, 2, 3]] * 4
    assert {row.n_units for row in rows} == {6}
    assert {row.region: row.n_recorded for row in rows} == {"IT": 13, "V4": 29}  # of two sessions
    assert all(row.halves is not None for row in rows)
    again, _ = equal_rdms(data)
    np.testing.assert_array_equal([r.rdm for r in rows], [r.rdm for r in again])
    other, _ = equal_rdms(data, number=1)
    assert not np.allclose(rows[0].rdm, other[0].rdm)


def test_drawing_all_units_changes_nothing_and_bins_share_their_draws():
    rng = np.random.default_rng(10)
    values = rng.standard_normal((4 * 12, 8))
    data = session(values, 12, np.repeat("IT", 8))
    data["response"] = (("presentation", "unit", "time"), np.stack([values, values], axis=2))
    stimuli, distances = list(names(12)), ["euclidean"]
    given = {"subject": "m", "transform": "none"}
    plain, _ = rdms_of_responses({"1": data}, stimuli, distances, **given)
    every = UnitFilter(equalise=8, draws=2)
    rows, _ = rdms_of_responses({"1": data}, stimuli, distances, units=every, **given)
    for row in rows:
        np.testing.assert_allclose(row.rdm, plain[0].rdm, rtol=1e-9)
    some, _ = rdms_of_responses({"1": data}, stimuli, distances, units=EQUAL, **given)
    early, late = ([r.rdm for r in some if r.time == one] for one in (0, 1))
    np.testing.assert_allclose(early, late)


def test_a_distance_that_one_draw_lacks_is_left_out_and_settings_must_say_something():
    values = np.random.default_rng(11).standard_normal((4 * 12, 7))
    values[:, 1:] *= (np.arange(48) % 12 != 3)[:, None]  # stimulus 3 moves one unit alone
    data = session(values, 12)
    wanted = UnitFilter(equalise=2, draws=20)
    rows, left_out = rdms_of_responses(
        {"1": data}, list(names(12)), ["correlation", "euclidean"], subject="m",
        transform="none", units=wanted,
    )  # fmt: skip
    assert not left_out
    assert {row.distance for row in rows if row.rdm is not None} == {"euclidean"}
    lost = [row for row in rows if row.rdm is None]
    assert [row.draw for row in lost] == list(range(20))
    assert {row.status for row in lost} == {Status.UNDEFINED}
    (reason,) = {row.reason for row in lost}
    assert re.match(r"in \d+ of 20 draws of units correlation", reason)
    with pytest.raises(ValueError, match="give minimum_reliability, equalise, or both"):
        UnitFilter()


def test_sessions_that_share_their_units_and_know_no_runs_are_one_recording(tmp_path):
    """One array has one table of units: its sessions are what was recorded apart."""
    layout = study(tmp_path, ARRAYS, {"equalise": 10, "draws": 2})
    rng = np.random.default_rng(12)
    noise = rng.standard_normal((3, 1, 12, 10)) + 0.3 * rng.standard_normal((3, 2, 12, 10))
    parts = {
        name: session(one.reshape(-1, 10), 12).assign_attrs(session=name)
        for name, one in zip("abc", noise, strict=True)
    }
    table = pd.DataFrame({"stimulus": names(12), "file": "", "sha256": ""})
    write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
    about = {"dataset": "toy", "subject": "m", "simulated": "false"}
    write_responses(layout.responses("toy", "m"), parts, about, provenance("responses"))
    run_brain(layout, "toy")
    written = read_array(layout.brain_rdms("toy"), "rdms")
    assert set(written["fold"].values.tolist()) == {"session"}
    assert set(written["n_folds"].values.tolist()) == {3}
    assert set(written["n_units"].values.tolist()) == {10}
    name, said = methods(layout, "toy").facts[-1]
    assert (name, "whole sessions" in said, said[-3:]) == ("Folds and halves", True, "(3)")
    run_reliability(layout, "toy")
    reliability = read_table(layout.reliability("toy"), "reliability")
    assert set(reliability["session"]) == {"3 together"}
    assert abs(reliability["split_half"].mean()) < 0.3
