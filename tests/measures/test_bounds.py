"""Subjects pooled are the best there is under a measure, or it says why they are not."""

import numpy as np
import pytest

from isomorph.inference.ceilings import across_subjects, ceiling
from isomorph.inference.estimated import RowStatus
from isomorph.inference.gather import Region
from isomorph.measures import FEATURES, MEASURES, Stack
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import pair_indices

NAMES = [
    f"{name}(4)" if getattr(one.form, "parameter", "") == "k" else name
    for name, one in MEASURES.items()
    if not one.no_ceiling and np.isfinite(one.range).all()
]
LINEAR = [name for name in NAMES if isinstance(MEASURES[name].form, LinearForm)]


def stack_of(features, measure):
    """A stack with features where the measure asks for them."""
    i, j = pair_indices(len(features[0]))
    rdms = np.stack([((x[i] - x[j]) ** 2).mean(axis=1) for x in features])
    if not measure.accepts(FEATURES):
        return Stack(rdms, None, {"labels": [np.arange(len(x)) % 3 for x in features]})
    noise = [0.2 * np.random.default_rng(0).standard_normal(x.shape) for x in features]
    repetitions = [np.stack([x + e, x - e], axis=1) for x, e in zip(features, noise, strict=True)]
    return Stack(rdms, None, {"features": features, "repetitions": repetitions})


def recorded(seed, measure, n_stimuli=16, n_subjects=4):
    """The truth and noisy recordings of it, each on a scale of its own."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((n_stimuli, 8)) * [3, 2, 1, 1, 1, 0.5, 0.5, 0.5]
    subjects = [
        rng.uniform(0.3, 3) * (truth + 1.2 * rng.standard_normal(truth.shape))
        for _ in range(n_subjects)
    ]
    return stack_of([truth], measure), stack_of(subjects, measure)


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_not_above_the_ceiling(name):
    measure = MEASURES[name]
    found = []
    for seed in range(5):
        truth, subjects = recorded(seed, measure)
        lower, upper = across_subjects(subjects, measure)
        assert lower <= upper + 1e-9
        found.append((measure.compare(subjects, truth).mean(), upper))
    truth, upper = np.mean(found, axis=0)
    assert truth < upper


@pytest.mark.parametrize("name", LINEAR)
def test_nothing_at_all_is_above_that_of_a_linear_measure(name):
    measure = MEASURES[name]
    _, subjects = recorded(9, measure)
    best = measure.compare(subjects, measure.pool(subjects.rdms)[None]).mean()
    rng = np.random.default_rng(1)
    near = measure.pool(subjects.rdms) + 0.05 * rng.standard_normal((200, subjects.rdms.shape[1]))
    assert measure.compare(subjects, near).mean(axis=0).max() <= best + 1e-9


def test_a_constant_adds_nothing_to_what_is_pooled():
    """Not even the rounding that is left of it once its mean is taken off."""
    rng = np.random.default_rng(2)
    rdm = rng.uniform(1, 2, 45)
    constant = np.full(45, 0.1)
    assert constant.mean() != 0.1  # but for rounding
    for name in LINEAR:
        measure = MEASURES[name]
        if measure.pair(constant[None], rdm[None]) == 0:
            pooled = measure.pool(np.stack([constant, rdm]))
            assert measure.pair(pooled[None], rdm[None]) == pytest.approx(1, abs=1e-12), name


def test_a_measure_without_says_why():
    measure = MEASURES["rtd"]
    region = Region("V1", recorded(3, measure)[1].rdms, tuple("abcd"), None, None)
    found = ceiling(region, "squared_euclidean", measure)
    assert (found.status, found.reason) == (RowStatus.UNDEFINED, measure.no_ceiling)
    assert np.isnan([found.lower, found.upper]).all()


def test_bounds_the_wrong_way_round_are_none():
    """Of four stimuli the mean of all ranks can be less like one's than that of the others' is."""
    measure, crossed = MEASURES["rank_similarity(2)"], 0
    for seed in range(40):
        _, subjects = recorded(seed, measure, n_stimuli=4, n_subjects=2)
        lower, upper = across_subjects(subjects, measure)
        found = ceiling(Region("V1", subjects.rdms, ("a", "b"), None, None), "euclidean", measure)
        if upper < lower - 1e-6:
            crossed += 1
            assert found.reason.startswith("the RDMs of all subjects together are less like")
        assert (found.status == RowStatus.OK) == (upper >= lower - 1e-6)
    assert crossed
