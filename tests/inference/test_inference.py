"""Resampling, ceilings, permutation and correction: against rsatoolbox, and with planted truth."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, kstest

from isomorph.inference import (
    Ceiling,
    Region,
    Spread,
    across_subjects,
    ceiling,
    corrected,
    permutation_p,
)
from isomorph.inference.bootstrap import draw, mean_over_drawn
from isomorph.inference.gather import regions_of
from isomorph.inference.permutation import shuffled
from isomorph.inference.spread import spread_over_both, spread_over_stimuli
from isomorph.measures import FEATURES, MEASURES
from isomorph.measures.pairs import pair_indices, squareform
from isomorph.rdms import RdmRow, brain_rdms

RSATOOLBOX = {"pearson": "corr", "cosine": "cosine", "rho_a": "rho-a", "spearman": "spearman",
              "whitened_cosine": "cosine_cov", "whitened_correlation": "corr_cov"}  # fmt: skip


def noisy_rdms(rng, n_subjects, n_stimuli=12, signal=1.0, truth=None):
    """RDMs of subjects who share a geometry, and that geometry's own RDM."""
    i, j = pair_indices(n_stimuli)
    truth = rng.standard_normal((n_stimuli, 10)) if truth is None else truth
    patterns = signal * truth + rng.standard_normal((n_subjects, n_stimuli, 10))
    own = ((truth[i] - truth[j]) ** 2).mean(axis=1)
    return ((patterns[:, i] - patterns[:, j]) ** 2).mean(axis=2), own


def region(rdms, halves=None):
    names = tuple(f"s{k}" for k in range(len(rdms)))
    return Region("IT", rdms, names, None, halves)


@pytest.mark.parametrize("name", RSATOOLBOX)
def test_ceilings_equal_rsatoolbox(name):
    from rsatoolbox.inference import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs

    rdms, _ = noisy_rdms(np.random.default_rng(0), 5)
    expected = boot_noise_ceiling(RDMs(rdms), method=RSATOOLBOX[name])
    np.testing.assert_allclose(across_subjects(rdms, MEASURES[name]), expected, atol=1e-12)


def drawn_counts(rng, n, size):
    indices = rng.integers(n, size=(size, n))
    return indices, np.array([np.bincount(row, minlength=n) for row in indices])


@pytest.mark.parametrize("name", ["pearson", "rho_a", "whitened_correlation"])
def test_two_factor_spread_equals_rsatoolbox(name, monkeypatch):
    """Same draws, same evaluations, same corrected variances as its dual bootstrap."""
    from rsatoolbox.inference import evaluate
    from rsatoolbox.model import ModelFixed
    from rsatoolbox.rdm import RDMs

    rng = np.random.default_rng(3)
    n_subjects, n_stimuli, size = 6, 12, 25
    rdms, _ = noisy_rdms(rng, n_subjects, n_stimuli)
    models, _ = noisy_rdms(rng, 3, n_stimuli)
    subjects, subject_counts = drawn_counts(rng, n_subjects, size)
    stimuli, stimulus_counts = drawn_counts(rng, n_stimuli, size)
    turn = iter(zip(subjects, stimuli, strict=True))

    def sample(data, **_):
        who, what = next(turn)
        return data.subsample("index", who).subsample_pattern("index", what), who, what

    monkeypatch.setattr(evaluate, "bootstrap_sample", sample)
    theirs = evaluate.eval_dual_bootstrap(
        [ModelFixed(f"m{k}", row) for k, row in enumerate(models)],
        RDMs(rdms), method=RSATOOLBOX[name], N=size, k_pattern=1, k_rdm=1,
    )  # fmt: skip
    measure = MEASURES[name]
    drawn = measure.resampled(rdms, models, stimulus_counts)
    plain = np.broadcast_to(measure.compare(rdms, models), drawn.shape)
    both = mean_over_drawn(drawn, subject_counts)
    np.testing.assert_allclose(theirs.evaluations[:, :, 0, 0, 0], both, atol=1e-10)
    ours = spread_over_both(
        both, mean_over_drawn(plain, subject_counts), drawn.mean(axis=1), n_subjects, n_stimuli
    )
    # Where its bounds cross, that of a single factor holds here.
    single = [
        n / (n - 1) * values.var(axis=0, ddof=1)
        for n, values in (
            (n_subjects, mean_over_drawn(plain, subject_counts)),
            (n_stimuli, drawn.mean(axis=1)),
        )
    ]
    expected = np.maximum(theirs.model_var, np.max(single, axis=0))
    np.testing.assert_allclose(ours.standard_error**2, expected, atol=1e-10)
    assert (ours.degrees_of_freedom >= theirs.dof).all()


def test_stimulus_spread_equals_rsatoolbox(monkeypatch):
    from rsatoolbox.inference import evaluate
    from rsatoolbox.model import ModelFixed
    from rsatoolbox.rdm import RDMs

    rng = np.random.default_rng(4)
    rdms, _ = noisy_rdms(rng, 3)
    models, _ = noisy_rdms(rng, 2)
    stimuli, counts = drawn_counts(rng, 12, 20)
    turn = iter(stimuli)

    def sample(data, *_):
        what = next(turn)
        return data.subsample_pattern("index", what), what

    monkeypatch.setattr(evaluate, "bootstrap_sample_pattern", sample)
    theirs = evaluate.eval_bootstrap_pattern(
        [ModelFixed(f"m{k}", row) for k, row in enumerate(models)],
        RDMs(rdms), method="corr", N=20,
    )  # fmt: skip
    drawn = MEASURES["pearson"].resampled(rdms, models, counts).mean(axis=1)
    np.testing.assert_allclose(theirs.evaluations, drawn, atol=1e-10)
    ours = spread_over_stimuli(drawn, 12)
    np.testing.assert_allclose(ours.standard_error**2, theirs.model_var, atol=1e-10)


def test_intervals_cover_the_mean_over_experiments():
    """Two-factor intervals hold the expected score in about as many experiments as they claim."""
    measure, n_subjects, n_stimuli = MEASURES["pearson"], 8, 20
    scores, intervals = [], []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        rdms, truth = noisy_rdms(rng, n_subjects, n_stimuli)
        draws = draw(n_stimuli, 150, rng), draw(n_subjects, 150, rng)
        plain = measure.compare(rdms, truth[None])
        drawn = measure.resampled(rdms, truth[None], draws[0])
        spread = spread_over_both(
            mean_over_drawn(drawn, draws[1]),
            mean_over_drawn(np.broadcast_to(plain, drawn.shape), draws[1]),
            drawn.mean(axis=1), n_subjects, n_stimuli,
        )  # fmt: skip
        scores.append(plain.mean())
        intervals.append(np.concatenate(spread.interval(plain.mean(axis=0), 0.9)))
    low, high = np.transpose(intervals)
    covered = ((low < np.mean(scores)) & (np.mean(scores) < high)).mean()
    assert 0.8 < covered <= 0.99


@pytest.mark.parametrize("name", ["pearson", "cosine", "rho_a", "cka"])
def test_permutation_p_is_uniform_under_independence(name):
    rng = np.random.default_rng(5)
    p = np.concatenate(
        [
            permutation_p(noisy_rdms(rng, 2)[0], noisy_rdms(rng, 4)[0], MEASURES[name], 199, rng)[
                :1
            ]
            for _ in range(120)
        ]
    )
    assert kstest(p, "uniform").pvalue > 0.01


def test_permutation_p_finds_what_is_planted_and_is_never_zero():
    rng = np.random.default_rng(6)
    rdms, truth = noisy_rdms(rng, 3, signal=2.0)
    p = permutation_p(rdms, truth[None], MEASURES["pearson"], 99, rng)
    assert p.item() == 1 / 100
    assert np.isnan(permutation_p(rdms, truth[None], MEASURES["pearson"], 0, rng)).all()


def test_shuffling_embedded_vectors_is_embedding_shuffled_rdms():
    rng = np.random.default_rng(7)
    rdms, _ = noisy_rdms(rng, 2)
    orders = np.stack([rng.permutation(12) for _ in range(3)])
    squares = squareform(rdms, 12)
    for order, result in zip(orders, shuffled(rdms, orders), strict=True):
        expected = squares[:, order][:, :, order][:, *pair_indices(12)]
        np.testing.assert_array_equal(result, expected)
    for name, measure in MEASURES.items():
        if measure.embed is None:
            assert measure.costly or measure.accepts(FEATURES) or name in {"tau_a", "tau_b", "hsic"}
            continue
        after = measure.embed(shuffled(rdms, orders)[1])
        before = shuffled(measure.embed(rdms), orders)[1]
        np.testing.assert_allclose(after, before, atol=1e-12)


def test_kendall_permutations_agree_with_rho_a():
    rng = np.random.default_rng(8)
    rdms, truth = noisy_rdms(rng, 2, n_stimuli=8, signal=0.4)
    tau, rho = (
        permutation_p(rdms, truth[None], MEASURES[name], 199, np.random.default_rng(0))
        for name in ("tau_a", "rho_a")
    )
    assert tau.item() == pytest.approx(rho.item(), abs=0.08)


def test_corrections():
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.5])
    known = p[[0, 1, 3, 4]]
    result = corrected(p, "fdr_bh")
    np.testing.assert_allclose(result[[0, 1, 3, 4]], false_discovery_control(known))
    assert np.isnan(result[2])
    np.testing.assert_allclose(corrected(known, "holm"), [0.04, 0.09, 0.09, 0.5])
    np.testing.assert_allclose(corrected(known, "bonferroni"), [0.04, 0.16, 0.12, 1.0])
    assert (corrected(known, "fdr_by") >= corrected(known, "fdr_bh")).all()
    assert np.isnan(corrected(np.array([np.nan]), "holm")).all()


def test_no_standard_error_no_p():
    spread = spread_over_stimuli(np.full((5, 1), 0.3), 12)
    assert np.isnan(spread.two_sided_p(np.array([0.3]))).all()


@pytest.mark.parametrize("name", ["pearson", "cosine", "cka"])
def test_no_candidate_beats_the_upper_ceiling(name):
    """Also for subjects whose gains differ between stimuli, the pooled RDM is the best there is."""
    rng = np.random.default_rng(3)
    i, j = pair_indices(10)
    rdms, _ = noisy_rdms(rng, 5, 10)
    gains = rng.uniform(0.2, 3, size=(5, 10))
    rdms = rdms * (gains[:, i] + gains[:, j])
    measure = MEASURES[name]
    _, upper = across_subjects(rdms, measure)
    best = np.linalg.norm(measure.embed(rdms).mean(axis=0))
    assert upper == pytest.approx(best, abs=1e-12)


def test_sessions_are_averaged_within_subjects():
    rng = np.random.default_rng(10)
    rdms = rng.random((3, 10))
    rows = [
        RdmRow("IT", "a", "correlation", rdms[0], session="1"),
        RdmRow("IT", "a", "correlation", rdms[1], session="2"),
        RdmRow("IT", "b", "correlation", rdms[2], session="1"),
    ]
    (found,) = regions_of(brain_rdms(rows, list("abcde")), "correlation")
    np.testing.assert_allclose(found.rdms, [rdms[:2].mean(axis=0), rdms[2]])
    assert found.n_units is None
    assert found.subjects == ("a", "b")


def test_intervals_stay_within_the_range_of_the_measure():
    spread = Spread(np.array([0.2, 0.2, 0.0, 0.001]), "stimuli", 11)
    estimate = np.array([0.97, -0.9, 0.5, 0.1])
    low, high = spread.interval(estimate, 0.95, (-1.0, 1.0))
    assert (low >= -1).all()
    assert (high <= 1).all()
    assert low[2] == high[2] == 0.5
    assert ((low <= estimate) & (estimate <= high)).all()
    plain = spread.interval(estimate[3], 0.95)
    np.testing.assert_allclose([low[3], high[3]], [plain[0][3], plain[1][3]], atol=1e-5)
    exact = spread.interval(np.array([1.0]), 0.95, (-1.0, 1.0))
    assert np.isfinite(exact).all()


def test_the_true_model_is_normalised_to_one():
    """Of several subjects, both conventions."""
    measure, pairs = MEASURES["pearson"], 600
    rng = np.random.default_rng(11)
    found = []
    for _ in range(150):
        # additive noise on the distances themselves, so that the classical formulas are exact
        truth = rng.standard_normal(pairs)
        rdms = truth + 1.2 * rng.standard_normal((6, pairs))
        bounds = ceiling(region(rdms[:, :595]), "correlation", measure)
        score = measure.compare(rdms[:, :595], truth[None, :595]).mean(axis=0)
        found.append(np.concatenate(bounds.normalised(score)))
    np.testing.assert_allclose(np.mean(found, axis=0), 1.0, atol=0.01)
    assert (np.array(found) > 1).any()  # never cut off


def test_what_cannot_be_normalised_says_why():
    rdms, _ = noisy_rdms(np.random.default_rng(12), 3)
    for name in ("cosine", "tau_a"):
        bounds = ceiling(region(rdms), "correlation", MEASURES[name])
        assert "not a correlation" in bounds.unnormalised
        assert np.isnan(bounds.normalised(np.array([0.3]))).all()
    alone = ceiling(region(rdms[:1]), "correlation", MEASURES["pearson"])
    assert alone.unnormalised == "no ceiling"


def test_a_score_above_its_ceiling_is_explained():
    bounds = Ceiling(0.2, 0.4, "defined: across subjects", "leave one subject out", 0.1, "ok")
    notes = bounds.notes(np.array([0.3, 0.5, 0.6]), np.array([0.1, 0.35, 0.5]))
    assert notes[0] == ""
    assert "sampling error" in notes[1]
    assert "more than the intervals allow" in notes[2]
    unknown = Ceiling(np.nan, np.nan, "undefined: x")
    assert unknown.notes(np.array([0.9]), np.array([0.8])) == [""]
