"""Layers that are more like one region than another: level, power, and reasons for no p."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibrated.drawn import few, stimuli_of
from isomorph.inference.differences import SAME_SCORES
from isomorph.inference.families import answered
from isomorph.inference.gather import Candidates, Region, in_draws, over_draws, regions_of
from isomorph.inference.preferences import FEW, MOST, NO_UNITS, UNLIKE, preferences
from isomorph.inference.region_reliability import reliability
from isomorph.inference.scores import Scores
from isomorph.inference.setting import Setting, make_draws
from isomorph.inference.standings import standing
from isomorph.inference.stimulus_splits import Sides
from isomorph.measures import MEASURES
from isomorph.rdms import brain_rdms
from isomorph.rdms.brain import rdms_of_responses
from isomorph.study.dataset import UnitFilter

N, FEATURES = 24, 20
STIMULI = [f"s{place:02d}" for place in range(N)]
UNLIKE_UNITS = {"few": 10, "many": 150}
EQUAL = UnitFilter(equalise=5, draws=12)
LAYERS = 4


def layer(latent, place):
    """Features that weigh some latent dimensions more: layers far apart are unlike."""
    return latent * np.exp(-(((np.arange(FEATURES) - 4 * place) / 5.0) ** 2))


def squared(features):
    i, j = np.triu_indices(len(features), 1)
    return ((features[i] - features[j]) ** 2).mean(axis=1)


def recorded(rng, populations, units, wanted, n_subjects, noise=0.5, rounds=4):
    """Regions of units drawn from populations `(stimulus, feature)`, each subject with its own."""
    rows = []
    for number in range(n_subjects):
        tuning = np.hstack(
            [populations[r] @ rng.standard_normal((FEATURES, n)) for r, n in units.items()]
        )
        shown = np.tile(tuning, (rounds, 1))
        session = xr.Dataset(
            {
                "response": (
                    ("presentation", "unit"),
                    shown + noise * tuning.std() * rng.standard_normal(shown.shape),
                )
            },
            coords={
                "stimulus": ("presentation", np.tile(STIMULI, rounds).astype(object)),
                "repetition": ("presentation", np.repeat(np.arange(rounds), N)),
                "region": ("unit", np.repeat(list(units), list(units.values())).astype(object)),
            },
        )
        rows += rdms_of_responses(
            {"1": session}, STIMULI, ["squared_euclidean"], subject=f"m{number}",
            transform="none", units=wanted, number=number,
        )[0]  # fmt: skip
    return regions_of(brain_rdms(rows, STIMULI), "squared_euclidean")


def asked(rng, regions, rdms, measure="pearson", resamples=100, fewest=5, together=(), **columns):
    """The table of preferences of regions."""
    known = MEASURES[measure]
    inference = few(resamples=resamples, correction="max_t", minimum_subjects=fewest)
    number = {region.name: len(region.subjects) for region in regions}
    stimuli = stimuli_of(N, [rdms], together, **columns)
    draws = make_draws(number, stimuli, inference, [int(rng.integers(2**31))])
    scores = [plain_scores(one, rdms, draws, known) for one in regions]
    table = pd.DataFrame({"model": "net", "layer": range(len(rdms)), "depth": range(len(rdms))})
    setting = Setting("d", False, "squared_euclidean", known, inference)
    found = preferences(regions, scores, Candidates(table, rdms), draws, setting)
    return answered(found, inference)


def plain_scores(region, rdms, draws, measure):
    """Scores without the parts of splits, which preferences do not use."""
    (estimate,) = over_draws(in_draws([region]), lambda every: (measure.compare(every, rdms),))
    (resampled,) = over_draws(
        in_draws([region]), lambda every: (measure.resampled(every, rdms, draws.stimuli),)
    )
    none = Sides(np.empty(0), np.empty(0))
    subjects = draws.subjects[region.name]
    return Scores(estimate, resampled, estimate, resampled, none, none, subjects, N, draws.n_groups)


def study(rng, wanted, n_subjects, apart=0.0, units=UNLIKE_UNITS, measure="pearson"):
    """A table of preferences of two regions whose populations are some layers apart."""
    latent = rng.standard_normal((N, FEATURES))
    populations = {"few": layer(latent, 1.0), "many": layer(latent, 1.0 + apart)}
    regions = recorded(rng, populations, units, wanted, n_subjects)
    rdms = np.stack([squared(layer(latent, place)) for place in range(LAYERS)])
    return asked(rng, regions, rdms, measure)


@pytest.mark.parametrize(("wanted", "n_subjects"), [(EQUAL, 1), (EQUAL, 2), (None, 6)])
def test_regions_of_one_population_are_not_told_apart(wanted, n_subjects):
    """10 against 150 units of the same population; raw scores differ, the question has no yes."""
    rng = np.random.default_rng(0)
    tables = [study(rng, wanted, n_subjects) for _ in range(20)]
    p = np.array([table["p"] for table in tables])
    assert np.isfinite(p).mean() > 0.8
    assert (p <= 0.05).mean() <= 0.07
    assert np.mean([(table["p_corrected"] <= 0.05).any() for table in tables]) <= 0.1
    assert abs(np.nanmean([table["difference"] for table in tables])) < 0.05
    raw = np.mean([table["score_b"] - table["score_a"] for table in tables])
    assert raw > 0.1 if wanted is None else abs(raw) < 0.05


@pytest.mark.parametrize(
    ("wanted", "n_subjects", "units", "scheme"),
    [
        (UnitFilter(equalise=20, draws=12), 1, {"few": 60, "many": 150}, "stimuli and units"),
        (None, 6, {"few": 20, "many": 150}, "stimuli and subjects"),
    ],
)
def test_layers_of_regions_that_differ_are_told_apart(wanted, n_subjects, units, scheme):
    rng = np.random.default_rng(1)
    tables = [study(rng, wanted, n_subjects, 2.0, units) for _ in range(6)]
    p = np.array([table["p_corrected"] for table in tables])
    difference = np.array([table["difference"] for table in tables])
    assert set(tables[0]["scheme"]) == {scheme}
    assert (p[:, [0, 3]] <= 0.05).mean() > 0.8  # early layers for `few`, late ones for `many`
    assert (difference[:, 0] > 0).all()
    assert (difference[:, 3] < 0).all()
    low, high = (np.array([t[f"interval_{end}"] for t in tables]) for end in ("low", "high"))
    assert ((low < difference) & (difference < high)).all()


def test_the_spread_over_units_is_that_of_recordings_of_other_units():
    rng, scores, told = np.random.default_rng(2), [], []
    latent = rng.standard_normal((N, FEATURES))
    rdms = squared(layer(latent, 2))[None]
    pearson = MEASURES["pearson"]
    draws = make_draws({"a": 1}, stimuli_of(N, [rdms]), few(resamples=10), [0])
    for _ in range(150):
        (region,) = recorded(rng, {"a": layer(latent, 1)}, {"a": 40}, EQUAL, 1)
        own = plain_scores(region, rdms, draws, pearson)
        found = standing(region, own, rdms, draws.stimuli, "squared_euclidean", pearson)
        scores.append(found.normalised[0])
        told.append(found.unit_variance[0])
    assert 0.8 < np.mean(told) / np.var(scores) < 1.8


def test_without_units_or_subjects_to_sample_there_is_no_p():
    rng = np.random.default_rng(3)
    for wanted in (None, UnitFilter(equalise=10, draws=3)):  # all of the units of `few`
        table = study(rng, wanted, 1)
        assert set(table["reason"]) == {NO_UNITS}
        assert table["p"].isna().all()
        assert table["standard_error"].isna().all()
        assert table["difference"].notna().all()
    latent = rng.standard_normal((N, FEATURES))
    rdms = squared(latent)[None]
    regions = recorded(rng, {"a": latent, "b": latent}, {"a": 30, "b": 30}, None, 6)
    table = asked(rng, regions, rdms, together=("kind",), kind=np.arange(N) % 5)
    assert table["reason"].str.contains("groups").all()
    assert table["p"].isna().all()
    table = study(rng, None, 6, measure="cosine")
    assert set(table["reason"]) == {
        "cosine is not a correlation, so there is no reliability to divide by"
    }
    assert table["score_a"].notna().all()
    assert table["difference"].isna().all()


def test_unlike_reliabilities_are_not_set_against_each_other():
    rng = np.random.default_rng(4)
    latent = rng.standard_normal((N, FEATURES))
    rdms = np.stack([squared(layer(latent, place)) for place in range(2)])
    (one,) = recorded(rng, {"a": layer(latent, 1)}, {"a": 30}, None, 1)
    (several,) = recorded(rng, {"b": layer(latent, 1)}, {"b": 30}, None, 3)
    assert set(asked(rng, [one, several], rdms)["reason"]) == {UNLIKE}
    bare = replace(one, halves=None)
    status = set(asked(rng, [bare, several], rdms)["reason"])
    assert status == {"a is of one subject without repetitions and has no reliability"}
    assert set(asked(rng, [several, several], rdms, fewest=3)["reason"]) == {FEW}
    noise = replace(several, rdms=rng.random(several.rdms.shape))
    assert "agree too little" in asked(rng, [one, noise], rdms)["reason"][0]


def test_a_region_is_like_itself_and_sides_can_be_exchanged():
    rng = np.random.default_rng(5)
    latent = rng.standard_normal((N, FEATURES))
    rdms = np.stack([squared(layer(latent, place)) for place in range(3)])
    populations = {"a": layer(latent, 0), "b": layer(latent, 2)}
    first, second = recorded(rng, populations, {"a": 20, "b": 30}, None, 5)
    same = asked(rng, [first, replace(first, name="copy")], rdms)
    assert set(same["reason"]) == {SAME_SCORES}
    assert (same["difference"] == 0).all()
    there = asked(np.random.default_rng(6), [first, second], rdms)
    back = asked(np.random.default_rng(6), [second, first], rdms)
    np.testing.assert_allclose(there["difference"], -back["difference"])
    # The same draws of subjects keep regions of one subject together; others are apart.
    other = replace(second, subjects=tuple("vwxyz"))
    apart = asked(np.random.default_rng(6), [first, other], rdms)
    np.testing.assert_array_equal(there["difference"], apart["difference"])
    assert not np.allclose(there["standard_error"], apart["standard_error"], rtol=1e-6)


def test_bins_of_other_times_are_no_pair_and_many_pairs_have_one_layer_each(monkeypatch):
    rng = np.random.default_rng(7)
    latent = rng.standard_normal((N, FEATURES))
    rdms = np.stack([squared(layer(latent, place)) for place in range(3)])
    populations = {"a": layer(latent, 0), "b": layer(latent, 2)}
    first, second = recorded(rng, populations, {"a": 20, "b": 30}, None, 5)
    early, late = (replace(one, time_start=at) for one, at in ((first, 0.0), (second, 0.1)))
    assert asked(rng, [early, late], rdms).empty
    assert len(asked(rng, [early, replace(late, time_start=0.0)], rdms)) == 3 < MOST
    monkeypatch.setattr("isomorph.inference.preferences.MOST", 2)
    (row,) = asked(rng, [first, second], rdms).to_dict("records")
    both = MEASURES["pearson"].compare(np.concatenate([first.rdms, second.rdms]), rdms)
    assert row["layer"] == both.mean(axis=0).argmax()


def test_reliabilities_are_means_over_pairs_of_subjects_or_predicted_from_halves():
    rng = np.random.default_rng(8)
    rdms = rng.random((4, 15))
    pearson = MEASURES["pearson"]
    agreement = pearson.compare(rdms, rdms)
    assert reliability(agreement) == pytest.approx(agreement[np.triu_indices(4, 1)].mean())
    drawn = np.array([[2, 2, 0, 0], [4, 0, 0, 0]])
    found = reliability(agreement, drawn)
    assert found[0] == pytest.approx(agreement[0, 1])
    assert np.isnan(found[1])
    assert reliability(np.array([[0.5]])) == 0.5  # of one subject, what halves predict


def test_a_region_without_draws_measures_itself():
    region = Region("V1", np.zeros((1, 6)), ("m",), None, None)
    assert region.measured == (region,)
