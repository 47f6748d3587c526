"""Draws that are linear in the stimuli, and what pairs of stimuli have too much in them."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

import isomorph as iso
from isomorph.inference.bootstrap import OfPairs, Resampled, draw, joined, resampled_means
from isomorph.inference.gather import Region
from isomorph.inference.scores import scores_of
from isomorph.inference.setting import ENOUGH, make_draws
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import MEASURES
from isomorph.study import Inference


def rdms_of(rng, n, n_rdms, noise=1.0):
    shared = np.random.default_rng(0).standard_normal((n, 5))
    return np.stack(
        [pdist(np.hstack([shared, noise * rng.standard_normal((n, 5))])) for _ in range(n_rdms)]
    )


def draws_of(n, spread="auto", groups=None, n_subjects=1, **settings):
    groups = np.arange(n) if groups is None else groups
    inference = Inference.model_validate(
        {"resamples": 300, "permutations": 0, "minimum_subjects": 2, "spread": spread,
         "selection": {"resamples": 60, "repeats": 2}, **settings}
    )  # fmt: skip
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(n)]})
    return make_draws({"IT": n_subjects}, Stimuli(table, [], "x", groups), inference, [0])


def scores(n, spread, measure="pearson", n_subjects=1, groups=None):
    rng = np.random.default_rng(n)
    subjects, layers = rdms_of(rng, n, n_subjects), rdms_of(rng, n, 3)
    region = Region("IT", subjects, tuple(map(str, range(n_subjects))), None, None)
    draws = draws_of(n, spread, groups, n_subjects)
    return scores_of([region], layers, draws, MEASURES[measure])[0]


def test_the_jackknife_begins_where_there_are_enough_groups():
    assert draws_of(ENOUGH).signs is not None
    assert draws_of(ENOUGH - 1).signs is None
    assert draws_of(ENOUGH, groups=np.arange(ENOUGH) // 2).signs is None
    assert draws_of(30, "jackknife").signs is not None
    assert draws_of(ENOUGH, "bootstrap").signs is None


@pytest.mark.parametrize("measure", ["pearson", "rho_a", "whitened_cosine", "cka_biased"])
def test_estimates_are_the_same_whatever_tells_their_spread(measure):
    one, other = (scores(110, spread, measure) for spread in ("jackknife", "bootstrap"))
    assert np.allclose(one.estimate, other.estimate)
    assert np.allclose(one.plain, other.plain)


@pytest.mark.parametrize("measure", ["pearson", "rho_a", "whitened_cosine"])
@pytest.mark.parametrize("n_subjects", [1, 4])
def test_errors_are_near_those_of_the_bootstrap_and_no_larger(measure, n_subjects):
    one, other = (scores(150, kind, measure, n_subjects) for kind in ("jackknife", "bootstrap"))
    for values in ("estimates", "calibrated"):
        ratio = (
            getattr(one, values)().spread().standard_error
            / getattr(other, values)().spread().standard_error
        )
        assert (ratio > 0.7).all()
        assert (ratio < 1.1).all()


def test_kendall_is_computed_again_in_every_resample():
    found = scores(30, "jackknife", "tau_a")
    assert found.of_pairs is None
    again = scores(30, "bootstrap", "tau_a")
    assert np.array_equal(found.resampled, again.resampled)


def test_scores_on_parts_add_up_to_the_whole():
    """To first order what is scored on the parts of a split is the whole's value on average."""
    found = scores(110, "jackknife")
    parts = found.parts.scored_on
    assert np.allclose(parts.mean(axis=2), found.plain, atol=1e-2)


def test_of_some_subjects_pairs_add_what_they_add_to_these():
    every = scores(110, "jackknife", n_subjects=3)
    some = every.of(slice(2), None)
    assert np.allclose(some.estimates().of_pairs.mean, every.of_pairs[:, :2].mean(axis=1))
    assert some.estimates().over_both is None


def test_groups_are_one_in_what_pairs_add():
    n = 220
    found = scores(n, "jackknife", groups=np.arange(n) // 2)
    assert found.of_pairs.shape == (n // 2, 1, 3)
    assert found.n_groups == n // 2


def of_noise(rng, n, n_subjects, shared, own):
    """Return influences `(stimulus, subject, 1)` of noise in pairs, shared and each subject's."""
    one, other = np.triu_indices(n, 1)
    both = shared * rng.standard_normal(len(one)) + own * rng.standard_normal(
        (n_subjects, len(one))
    )
    halves = rng.choice([-1.0, 1.0], len(one))
    sums = np.zeros((2, n, n_subjects))
    for place, signs in enumerate((1.0, halves)):
        for end in (one, other):
            np.add.at(sums[place], end, (signs * both).T)
    estimate = both.sum(axis=1)
    return estimate, n * sums[0][:, :, None], sums[1][:, :, None]


@pytest.mark.parametrize(("shared", "own"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
@pytest.mark.parametrize("drawn", [False, True])
def test_noise_of_pairs_is_counted_once(shared, own, drawn):
    """Whether it is shared by subjects or every subject's own, resampled or not."""
    rng, n, n_subjects = np.random.default_rng(3), 40, 5
    told, means = [], []
    for _ in range(200):
        estimate, influence, added = of_noise(rng, n, n_subjects, shared, own)
        counts = draw(n, 200, rng)
        values = estimate[None, :, None] + np.einsum("rn,nsc->rsc", counts / n, influence)
        subjects = draw(n_subjects, 200, rng) if drawn else None
        of_pairs = OfPairs.over_subjects(added, drawn=drawn)
        found = resampled_means(values, estimate[:, None], subjects, n, of_pairs)
        told.append(found.spread().standard_error.item() ** 2)
        means.append(estimate.mean())
    # Of few subjects the variance is held above that of either factor, which makes it too wide.
    assert 0.85 < np.sqrt(np.mean(told)) / np.std(means) < 1.25


def test_what_pairs_add_to_differences_is_that_of_the_differences():
    rng = np.random.default_rng(4)
    draws = Resampled(
        rng.standard_normal((50, 3)), None, None, 20, 1,
        of_pairs=OfPairs(rng.standard_normal((20, 3)) / 5),
    )  # fmt: skip
    weights = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    one = draws.mapped(lambda values: values @ weights).spread().standard_error
    other = draws.spread_of_differences(np.array([1, 2])).standard_error
    assert one[0] == pytest.approx(other[0, 0])
    assert one[1] == pytest.approx(other[1, 1])
    beside = joined([draws, draws])
    assert np.allclose(beside.spread().standard_error[:3], draws.spread().standard_error)


def test_no_more_than_half_of_the_variance_is_of_pairs():
    rng = np.random.default_rng(5)
    values = rng.standard_normal((400, 1))
    plain = Resampled(values, None, None, 30, 1)
    draws = Resampled(values, None, None, 30, 1, of_pairs=OfPairs(np.full((30, 1), 9.0)))
    ratio = draws.spread().standard_error / plain.spread().standard_error
    assert ratio == pytest.approx(np.sqrt(0.5))


def test_tables_say_the_same_under_either(recwarn):
    rng = np.random.default_rng(6)
    shared = rng.standard_normal((120, 8))
    deep = shared + 0.5 * rng.standard_normal((120, 8))
    models = {"net": iso.rdm({"shallow": rng.standard_normal((120, 8)), "deep": deep})}
    brain = [iso.rdm(shared + rng.standard_normal((120, 8)), subject=s) for s in "abcd"]
    settings = {"resamples": 300, "permutations": 50, "minimum_subjects": 3}
    one, other = (
        iso.compare(brain, models, "rho_a", spread=spread, **settings).tables
        for spread in ("jackknife", "bootstrap")
    )
    for name in ("comparisons", "selection", "ceiling"):
        if name not in one:
            continue
        a, b = one[name], other[name]
        assert list(a.columns) == list(b.columns)
    table, again = one["comparisons"], other["comparisons"]
    assert np.allclose(table["estimate"], again["estimate"])
    assert table["in_set"].tolist() == again["in_set"].tolist()
    assert np.allclose(table["ceiling_upper"], again["ceiling_upper"])
    width = table["ceiling_upper_high"] - table["ceiling_upper_low"]
    before = again["ceiling_upper_high"] - again["ceiling_upper_low"]
    assert np.allclose(width, before, rtol=0.35)
    assert one["selection"]["chosen_layer"].tolist() == other["selection"]["chosen_layer"].tolist()


def test_pairs_of_regions_vary_as_under_the_bootstrap_but_for_what_is_of_pairs():
    rng = np.random.default_rng(8)
    shared = rng.standard_normal((120, 6))
    brain = {
        region: [
            iso.rdm(np.hstack([shared, rng.standard_normal((120, 6))]), subject=s) for s in "abcd"
        ]
        for region in ("V1", "V4", "IT")
    }
    models = {"net": iso.rdm({"deep": shared})}
    one, other = (
        iso.compare(brain, models, "pearson", spread=spread, resamples=300, permutations=20).tables[
            "regions"
        ]
        for spread in ("jackknife", "bootstrap")
    )
    assert np.allclose(one["estimate"], other["estimate"])
    ratio = one["standard_error"] / other["standard_error"]
    assert ratio.between(0.7, 1.05).all()


def test_a_layer_and_its_copy_in_single_precision_do_not_differ():
    """Files of RDMs of many stimuli are in single precision."""
    rng = np.random.default_rng(9)
    brain = rdms_of(rng, 410, 1)
    layer = rdms_of(rng, 410, 1)[0]
    models = {
        name: (scale * layer).astype(np.float32).astype(float)
        for name, scale in (("a", 1), ("b", 3))
    }
    found = iso.compare(brain, models, "pearson", resamples=100, permutations=20).tables
    row = found["differences"].iloc[0]
    assert row["difference"] == 0
    assert "score the same" in row["reason"]
