"""Equally many units drawn again and again: scores are averaged over draws, RDMs are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from calibrated.drawn import few, stimuli_of
from isomorph.inference.ceilings import ceiling
from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.gather import Candidates, in_draws, over_draws, regions_of
from isomorph.inference.members import ModelFamily
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.setting import Setting, make_draws
from isomorph.measures import MEASURES
from isomorph.rdms import brain_rdms
from isomorph.rdms.brain import rdms_of_responses
from isomorph.study.dataset import UnitFilter

PEARSON = MEASURES["pearson"]
STIMULI = [f"s{place:02d}" for place in range(20)]


def recorded(rng, truth, units, rounds=4, noise=0.5):
    """A session of units of one population, named by region."""
    tuning = np.hstack([truth @ rng.standard_normal((truth.shape[1], n)) for n in units.values()])
    shown = np.tile(tuning, (rounds, 1)) + noise * rng.standard_normal(
        (rounds * 20, tuning.shape[1])
    )
    return xr.Dataset(
        {"response": (("presentation", "unit"), shown)},
        coords={
            "stimulus": ("presentation", np.tile(STIMULI, rounds).astype(object)),
            "repetition": ("presentation", np.repeat(np.arange(rounds), 20)),
            "region": ("unit", np.repeat(list(units), list(units.values())).astype(object)),
        },
    )


def brain(rng, truth, units, wanted=None, subjects=("m",)):
    rows = []
    for number, subject in enumerate(subjects):
        rows += rdms_of_responses(
            {"1": recorded(rng, truth, units)}, STIMULI, ["euclidean"], subject=subject,
            transform="none", units=wanted, number=number,
        )[0]  # fmt: skip
    return regions_of(brain_rdms(rows, STIMULI), "euclidean")


def model(truth):
    i, j = np.triu_indices(20, 1)
    return np.linalg.norm(truth[i] - truth[j], axis=1)[None]


def test_regions_of_one_population_score_alike_when_their_units_are_as_many():
    """Unequal numbers of units put the regions far apart; equal ones do not."""
    rng, raw, equal = np.random.default_rng(0), [], []
    units = {"few": 20, "many": 150}
    for _ in range(12):
        truth = rng.standard_normal((20, 15))
        for found, wanted in ((raw, None), (equal, UnitFilter(equalise=10))):
            regions = brain(rng, truth, units, wanted)
            (scores,) = over_draws(
                in_draws(regions), lambda rdms, t=truth: (PEARSON.compare(rdms, model(t)),)
            )
            found.append(scores[:, 0])
    raw, equal = np.mean(raw, axis=0), np.mean(equal, axis=0)
    assert raw[1] - raw[0] > 0.15
    assert abs(equal[1] - equal[0]) < 0.03


def test_a_region_holds_its_draws_and_their_mean():
    rng = np.random.default_rng(1)
    truth = rng.standard_normal((20, 5))
    wanted = UnitFilter(equalise=4, draws=3)
    one, other = brain(rng, truth, {"a": 9, "b": 12}, wanted, ("m", "n"))
    assert (one.name, other.name) == ("a", "b")
    assert (one.n_units, one.subject_units, one.n_recorded) == (8, (4, 4), 9)
    assert [len(region.draws) for region in (one, other)] == [3, 3]
    np.testing.assert_allclose(one.rdms, np.mean([draw.rdms for draw in one.draws], axis=0))
    (whole,) = brain(rng, truth, {"a": 9})
    assert whole.measured == (whole,)


def test_rows_are_means_over_draws_and_so_are_ceilings():
    rng = np.random.default_rng(2)
    truth = rng.standard_normal((20, 5))
    regions = brain(rng, truth, {"a": 9, "b": 12}, UnitFilter(equalise=4, draws=3), ("m", "n"))
    rdms = np.concatenate([model(truth), model(rng.standard_normal((20, 5)))])
    table = pd.DataFrame({"model": "net", "layer": ["x", "y"], "depth": [0, 1]})
    inference = few(resamples=20, permutations=50, minimum_subjects=5)
    setting = Setting("d", False, "euclidean", PEARSON, inference)
    draws = make_draws({"a": 2, "b": 2}, stimuli_of(20, [rdms]), inference, [0])
    into = Compared()
    compare(regions, Candidates(table, rdms), [ModelFamily("net", ("net",))], draws, setting, into)
    for region, found in zip(regions, into.comparisons, strict=True):
        each = [PEARSON.compare(draw.rdms, rdms).mean(axis=0) for draw in region.draws]
        np.testing.assert_allclose(found.rows["estimate"], np.mean(each, axis=0))
        assert set(found.rows["n_unit_draws"]) == {3}
        bounds = [ceiling(draw, "euclidean", PEARSON) for draw in region.draws]
        np.testing.assert_allclose(
            found.rows["reliability"], np.mean([one.reliability for one in bounds])
        )
        assert found.rows["p"].iloc[0] < 0.05


def test_a_ceiling_is_undefined_where_it_is_in_one_draw():
    rng = np.random.default_rng(3)
    truth = rng.standard_normal((20, 5)) * 0.05  # hardly any signal
    (region,) = brain(rng, truth, {"a": 9}, UnitFilter(equalise=4, draws=20))
    bounds = ceiling(region, "euclidean", PEARSON)
    assert bounds.reason == "halves of the repetitions do not agree"
    assert np.isnan([bounds.upper, bounds.reliability]).all()
    assert bounds.unnormalised


def test_regions_are_compared_draw_by_draw():
    """Of mean RDMs the region of which more units were recorded would be more like any other."""
    rng = np.random.default_rng(5)
    truth, wanted = rng.standard_normal((20, 6)), UnitFilter(equalise=8, draws=3)
    regions = brain(rng, truth, {"A": 100, "B": 100, "C": 20}, wanted)
    inference = few()
    draws = make_draws(dict.fromkeys("ABC", 1), stimuli_of(20), inference, [0])
    setting = Setting("data", True, "euclidean", PEARSON, inference)
    (found,) = compare_regions(regions, draws, setting)
    each = [
        compare_regions([region.draws[draw] for region in regions], draws, setting)[0].rows
        for draw in range(3)
    ]
    assert (found.rows["status"] == "ok").all()
    np.testing.assert_allclose(found.rows["estimate"], np.mean([t["estimate"] for t in each], 0))
