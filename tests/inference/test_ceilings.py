"""Ceilings of one subject by simulation: they are where the true model lands, or say why not."""

from dataclasses import replace

import numpy as np
import pytest

from calibrated.ceilings import (
    Recording,
    bias_of_ceilings,
    ceiling_of_one,
    coverage_of_ceilings,
    draws_of,
    recorded,
)
from calibrated.recorded import brain_of
from isomorph.inference.bootstrap import Resampled, draw
from isomorph.inference.bounds import SUBJECTS, Ceiling
from isomorph.inference.ceilings import across_subjects, across_subjects_resampled, ceiling
from isomorph.inference.gather import Region
from isomorph.inference.stepping import STEPS, from_latent, latent, stepped
from isomorph.measures import MEASURES
from isomorph.rdms import DISTANCES
from isomorph.study import Inference

SIGNAL = {"poisson_kl": 0.6, "crossvalidated_poisson_kl": 0.3}
REPETITIONS = {"mahalanobis": 8, "crossnobis": 8}


def test_every_distance_has_its_step():
    assert set(STEPS) == set(DISTANCES)


@pytest.mark.parametrize("distance", sorted(set(DISTANCES) - {"lda_accuracy"}))
def test_the_true_model_lands_at_the_ceiling(distance):
    recording = Recording(
        n_stimuli=50, n_units=40, n_repetitions=REPETITIONS.get(distance, 4),
        signal=SIGNAL.get(distance, 0.5),
    )  # fmt: skip
    score, off, normalised = bias_of_ceilings(recording, distance, "pearson", 8)
    assert 0.4 < score**2 < 0.95
    assert abs(off) < 0.02
    assert abs(normalised - 1) < 0.025


@pytest.mark.parametrize("measure", ["rho_a", "whitened_correlation", "tau_a", "cka"])
def test_so_it_does_under_other_measures(measure):
    recording = Recording(n_stimuli=40, n_units=40, signal=0.5)
    _, off, _ = bias_of_ceilings(recording, "crossvalidated_euclidean", measure, 8)
    assert abs(off) < 0.025


def test_intervals_hold_the_ceiling():
    recording = Recording(n_stimuli=40, n_units=40, signal=0.5, tuning=1)
    on_average, _ = coverage_of_ceilings(recording, "crossvalidated_euclidean", "pearson", 25)
    assert on_average >= 0.88


def test_intervals_of_what_is_normalised_hold_one():
    recording, measure = Recording(n_stimuli=40, n_units=40, signal=0.5), MEASURES["pearson"]
    held = []
    for seed in range(20):
        responses, truth = recorded(recording, "correlation", np.random.default_rng(seed))
        (region,) = brain_of({"m": {"V1": responses}}, "correlation")
        draws = draws_of([region], 40, Inference(resamples=100, permutations=0), seed)
        bounds = ceiling(region, "correlation", measure, draws)
        estimate = measure.compare(region.rdms, truth[None])[0]
        drawn = measure.resampled(region.rdms, truth[None], draws.stimuli)[:, 0]
        resampled = Resampled(drawn, None, None, 40, 1)
        low, high = bounds.normalised_interval(estimate, resampled, 0.95)
        assert low < bounds.normalised(estimate)[0] < high
        held.append(low[0] <= 1 <= high[0])
    assert np.mean(held) >= 0.8


@pytest.mark.parametrize(
    ("distance", "repetitions", "said"),
    [
        ("correlation", 1, "one subject, and no two halves of 1 repetition both show"),
        ("correlation", 2, ""),
        ("crossvalidated_euclidean", 2, "halves of 2 repetitions have no such distances"),
        ("crossvalidated_euclidean", 3, "halves of 3 repetitions have no such distances"),
        ("crossvalidated_euclidean", 4, ""),
        ("crossnobis", 3, "halves of 3 repetitions have no such distances"),
        ("lda_accuracy", 5, "halves of 5 repetitions have no such distances"),
    ],
)
def test_what_is_undefined_is_so_for_the_true_reason(distance, repetitions, said):
    recording = Recording(n_stimuli=12, n_units=20, n_repetitions=repetitions, signal=2.0)
    _, bounds = ceiling_of_one(recording, distance, "pearson", 0)
    if said:
        assert bounds.reason.startswith("one subject, and ")
        assert said in bounds.reason
        assert np.isnan(bounds.upper)
    else:
        assert bounds.reason.startswith("halves")
        assert np.isfinite(bounds.upper)
    assert np.isnan(bounds.lower)  # nothing bounds the ceiling of one subject from below


def test_halves_that_do_not_agree_or_agree_by_chance_give_none():
    rng = np.random.default_rng(0)
    rdm = rng.random(45)
    halves = np.stack([rdm, -rdm])[None, :, None]
    region = Region("IT", rdm[None], ("a",), None, halves)
    opposed = ceiling(region, "correlation", MEASURES["pearson"])
    assert opposed.reason == "halves of the repetitions do not agree"
    assert opposed.half_agreement == pytest.approx(-1)
    by_chance = ceiling(region, "correlation", MEASURES["cosine"])
    assert "by chance" in by_chance.reason
    unknown = ceiling(Region("IT", rdm[None], ("a",), None, None), "correlation", MEASURES["cka"])
    assert unknown.reason == "one subject without repetitions to halve"


def test_without_noise_the_ceiling_is_one():
    rdm = np.random.default_rng(1).random(45)
    region = Region("IT", rdm[None], ("a",), None, np.stack([rdm, rdm])[None, :, None])
    for name in ("pearson", "rho_a", "tau_a"):
        assert ceiling(region, "euclidean", MEASURES[name]).upper == pytest.approx(1)


def test_a_covariance_is_what_the_formula_says():
    """Against numpy, for a measure that is a covariance; the same steps lead there for ranks."""
    rng = np.random.default_rng(2)
    truth = rng.standard_normal(190)
    halves = truth + rng.standard_normal((3, 2, 190))
    whole = halves[0].mean(axis=0)
    every = np.ones((1, 20), dtype=int)
    found = stepped(whole, halves, MEASURES["pearson"], STEPS["squared_euclidean"], every)
    shared = np.mean([np.cov(two)[0, 1] for two in halves])
    assert found == pytest.approx(shared / whole.var(ddof=1))
    plain = stepped(whole, halves, MEASURES["pearson"], STEPS["poisson_kl"], every)
    agreement = np.mean([np.corrcoef(two)[0, 1] for two in halves])
    assert plain == pytest.approx(2 * agreement / (1 + agreement))


def test_kendall_stands_for_a_correlation():
    tau = MEASURES["tau_a"]
    rng = np.random.default_rng(3)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 4950).T
    assert latent(tau.compare(x[None], y[None]), tau).item() == pytest.approx(0.7, abs=0.03)
    assert from_latent(latent(np.array(0.3), tau), tau) == pytest.approx(0.3)


def test_ceilings_of_several_subjects_have_intervals():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((20, 8))
    rdms = []
    for _ in range(6):
        patterns = truth + rng.standard_normal((20, 8))
        rdms.append(np.square(patterns[:, None] - patterns).sum(axis=2)[np.triu_indices(20, 1)])
    rdms = np.array(rdms)
    region = Region("IT", rdms, tuple("abcdef"), None, None)
    for name in ("pearson", "rho_a"):
        measure = MEASURES[name]
        every = np.ones((1, 20), dtype=int)
        np.testing.assert_allclose(
            np.ravel(across_subjects_resampled(rdms, measure, every)),
            across_subjects(rdms, measure), atol=1e-12,
        )  # fmt: skip
        draws = draws_of([region], 20, Inference(resamples=60, permutations=0), 0)
        bounds = ceiling(region, "squared_euclidean", measure, draws)
        assert bounds.lower_interval[0] < bounds.lower < bounds.lower_interval[1]
        assert bounds.upper_interval[0] < bounds.upper < bounds.upper_interval[1]
        once = replace(draws, subjects={"IT": np.ones((60, 6), dtype=int)})
        root = ceiling(region, "squared_euclidean", measure, once).root
        np.testing.assert_allclose(root.over_subjects, np.sqrt(bounds.reliability))
        np.testing.assert_allclose(root.over_both, root.over_stimuli)


def test_a_subject_drawn_twice_is_not_compared_with_itself():
    rng = np.random.default_rng(5)
    rdms = rng.random((4, 45)) + 3 * rng.random(45)
    measure = MEASURES["pearson"]
    region = Region("IT", rdms, tuple("abcd"), None, None)
    draws = draws_of([region], 10, Inference(resamples=10, permutations=0), 0)
    counts = draw(4, 10, rng)
    root = ceiling(region, "correlation", measure, replace(draws, subjects={"IT": counts})).root
    for counted, found in zip(counts, root.over_subjects[:, 0], strict=True):
        who = np.repeat(np.arange(4), counted)
        alike = measure.compare(rdms, rdms)[np.ix_(who, who)]
        others = who[:, None] != who
        assert found == pytest.approx(np.sqrt(alike[others].mean()))


def test_without_intervals_no_note_says_what_they_allow():
    found = Ceiling(0.5, 0.6, "defined: across subjects", SUBJECTS)
    estimate = np.array([0.9, 0.9, 0.6 + 1e-12])
    notes = found.notes(estimate, np.array([np.nan, 0.7, np.nan]))
    assert "without intervals" in notes[0]
    assert "more than the intervals allow" in notes[1]
    assert notes[2] == ""
