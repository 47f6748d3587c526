"""Mahalanobis and crossnobis: against rsatoolbox, against plain loops, and without bias."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import cov_from_residuals, prec_from_unbalanced
from rsatoolbox.rdm import calc_rdm

from isomorph.geometry import UndefinedDistanceError, joined
from isomorph.rdms import DISTANCES, Folds, geometry_of_folds
from isomorph.rdms.baselines import leverages
from isomorph.rdms.precision import SessionNoise, groups, residuals
from isomorph.study.dataset import NoiseSpec

# rsatoolbox casts NaN into integer descriptors when it merges folds.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")

THEIRS = {"identity": "shrinkage_eye", "diagonal": "shrinkage_diag", "none": "full"}


def folds_of(seed, n_folds=5, n_stimuli=7, n_units=12, signal=1.0, missing=0.0):
    """Folds whose units covary and are of unlike variance."""
    rng = np.random.default_rng(seed)
    mixing = np.eye(n_units) + rng.standard_normal((n_units, n_units)) / np.sqrt(n_units)
    noise = rng.standard_normal((n_folds, n_stimuli, n_units)) @ mixing
    values = signal * rng.standard_normal((n_stimuli, n_units)) + noise
    values *= rng.uniform(0.5, 3, n_units)
    seen = rng.random((n_folds, n_stimuli)) >= missing
    seen[:2] = True
    return Folds(np.where(seen[:, :, None], values, 0.0), seen)


def runs(folds):
    """The same, of runs: what a fold shows was recorded together."""
    return replace(folds, together=True)


def distances(name, folds, **noise):
    return DISTANCES[name].compute(geometry_of_folds(folds, [name], NoiseSpec(**noise)))


def theirs(folds):
    fold, stimulus = np.nonzero(folds.seen)
    described = {"stimulus": stimulus, "fold": fold}
    return Dataset(folds.values[folds.seen], obs_descriptors=described)


# Without shrinkage, more units than degrees of freedom have no inverse.
CASES = [(shrinkage, 12, missing) for shrinkage in THEIRS for missing in (0.0, 0.3)]
CASES += [("identity", 40, 0.0), ("diagonal", 40, 0.0)]


@pytest.mark.parametrize(("shrinkage", "n_units", "missing"), CASES)
def test_mahalanobis_is_that_of_rsatoolbox(shrinkage, n_units, missing):
    folds = folds_of(1, n_units=n_units, missing=missing)
    data = theirs(folds)
    precision = prec_from_unbalanced(data, "stimulus", method=THEIRS[shrinkage])
    expected = calc_rdm(data, "mahalanobis", descriptor="stimulus", noise=precision)
    found = distances("mahalanobis", folds, shrinkage=shrinkage)
    np.testing.assert_allclose(found, expected.get_vectors()[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("shrinkage", THEIRS)
def test_crossnobis_with_the_noise_of_the_session_is_that_of_rsatoolbox(shrinkage):
    folds = folds_of(2)
    data = theirs(folds)
    expected = calc_rdm(
        data, "crossnobis", descriptor="stimulus", cv_descriptor="fold",
        noise=prec_from_unbalanced(data, "stimulus", method=THEIRS[shrinkage]),
    )  # fmt: skip
    found = distances("crossnobis", folds, shrinkage=shrinkage, per="session")
    np.testing.assert_allclose(found, expected.get_vectors()[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("shrinkage", ["identity", "diagonal"])
def test_crossnobis_with_the_noise_of_each_run_is_that_of_rsatoolbox(shrinkage):
    folds = folds_of(3)
    noise = [
        np.linalg.inv(
            cov_from_residuals(one - one.mean(axis=0), dof=6 * 4 / 5, method=THEIRS[shrinkage])
        )
        for one in folds.values - folds.means
    ]
    expected = calc_rdm(
        theirs(folds), "crossnobis", descriptor="stimulus", cv_descriptor="fold", noise=noise
    )
    found = distances("crossnobis", runs(folds), shrinkage=shrinkage, per="run")
    np.testing.assert_allclose(found, expected.get_vectors()[0], rtol=0, atol=1e-10)


@given(seed=st.integers(0, 1000), missing=st.sampled_from([0.0, 0.3]), n_folds=st.integers(3, 13))
@settings(max_examples=20, deadline=None)
def test_crossnobis_with_the_noise_of_others_is_a_plain_loop(seed, missing, n_folds):
    folds = folds_of(seed, n_folds=n_folds, n_stimuli=4, n_units=3, missing=missing)
    level = folds.values[folds.seen].mean(axis=0)
    gram = [[[] for _ in range(4)] for _ in range(4)]
    for group in groups(n_folds):
        precision = np.linalg.inv(SessionNoise(folds.of(~group), "diagonal").covariance.matrix())
        for r in np.flatnonzero(group):
            for s in range(n_folds):
                for i, j in np.ndindex(4, 4):
                    if r != s and folds.seen[r, i] and folds.seen[s, j]:
                        one, other = folds.values[r, i] - level, folds.values[s, j] - level
                        product = one @ precision @ other
                        gram[i][j].append(product)
                        gram[j][i].append(product)
    mean = np.array([[np.mean(cell) for cell in row] for row in gram])
    expected = (np.diag(mean)[:, None] + np.diag(mean) - 2 * mean)[np.triu_indices(4, 1)] / 3
    found = distances("crossnobis", folds)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def mean_of_noise(per, n_folds=4):
    """Crossnobis distances of nothing but noise, their mean in standard errors of it."""
    rng = np.random.default_rng(5)
    means = []
    for _ in range(150):
        values = rng.standard_normal((n_folds, 10, 15))
        found = distances("crossnobis", Folds(values, np.ones((n_folds, 10), bool)),
                          shrinkage="none", per=per)  # fmt: skip
        means.append(found.mean())
    return np.mean(means), np.mean(means) / (np.std(means) / np.sqrt(len(means)))


def test_the_noise_of_others_leaves_crossnobis_distances_of_noise_at_0():
    assert abs(mean_of_noise("others")[1]) < 3


def of_two(seed, shrinkage, n_stimuli, n_units, n, signal=0.0, uneven=1.0):
    """Crossnobis distances of two folds `(data set, pair)`, what they are without noise, and how
    noisy a pair is; units covary, and stimuli differ in noise by up to `uneven` squared."""
    rng = np.random.default_rng(seed)
    mixing = np.eye(n_units) + rng.standard_normal((n_units, n_units)) / np.sqrt(4 * n_units)
    white = signal * rng.standard_normal((n_stimuli, n_units))
    spread = uneven ** rng.uniform(-1, 1, n_stimuli)[:, None]
    seen = np.ones((2, n_stimuli), dtype=bool)
    found = np.array(
        [
            distances("crossnobis", Folds((white + spread * noise) @ mixing, seen),
                      shrinkage=shrinkage)
            for noise in rng.standard_normal((n, 2, n_stimuli, n_units))
        ]
    )  # fmt: skip
    i, j = np.triu_indices(n_stimuli, 1)
    truth = np.square(white[i] - white[j]).mean(axis=1)
    return found, truth, np.square(spread[i, 0]) + np.square(spread[j, 0])


@pytest.mark.parametrize(
    ("shrinkage", "n_stimuli", "n_units"),
    [("none", 43, 12), ("diagonal", 43, 12), ("diagonal", 20, 60), ("identity", 20, 60),
     ("diagonal", 7, 12)],
)  # fmt: skip
def test_two_repetitions_leave_crossnobis_distances_of_noise_at_0(shrinkage, n_stimuli, n_units):
    found = of_two(21, shrinkage, n_stimuli, n_units, 60)[0].mean(axis=1)
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))


@pytest.mark.parametrize("shrinkage", ["none", "identity"])
def test_of_two_repetitions_too_noisier_stimuli_are_no_farther_apart(shrinkage):
    """What is lifted under the noise of the session is so by the noise of the pair."""
    n_units = {"none": 8, "identity": 40}[shrinkage]
    found, _, noise = of_two(22, shrinkage, 20, n_units, 120, uneven=2.0)
    slopes = (found - found.mean(axis=1, keepdims=True)) @ (noise - noise.mean())
    assert abs(slopes.mean()) < 3 * slopes.std() / np.sqrt(len(slopes))


def test_two_repetitions_keep_the_scale_of_distances():
    found, truth, _ = of_two(23, "diagonal", 60, 6, 60, signal=1.0)
    error = found.mean(axis=1).std() / np.sqrt(60)
    assert found.mean() == pytest.approx(truth.mean(), abs=3 * error + 0.05 * truth.mean())
    assert np.polyfit(truth, found.mean(axis=0), 1)[0] == pytest.approx(1, abs=0.1)
    assert np.corrcoef(truth, found.mean(axis=0))[0, 1] > 0.9


@pytest.mark.parametrize("n_stimuli", [9, 23])
def test_two_repetitions_are_a_plain_loop_over_pairs_and_others(n_stimuli):
    folds = folds_of(24, n_folds=2, n_stimuli=n_stimuli, n_units=5)
    apart = groups(n_stimuli)
    most = 2 * max(group.sum() for group in apart)

    def crossed(i, j, out):
        others = np.flatnonzero(~out)[most - out.sum() :]
        rest = Folds(folds.values[:, others], folds.seen[:, others])
        precision = np.linalg.inv(SessionNoise(rest, "diagonal").covariance.matrix())
        one, other = folds.values[:, i] - folds.values[:, j]
        return one @ precision @ other / 5

    expected = []
    for i, j in zip(*np.triu_indices(n_stimuli, 1), strict=True):
        a, b = (next(group for group in apart if group[one]) for one in (i, j))
        second = [b] if a is not b else [group for group in apart if group is not a]
        expected.append(np.mean([crossed(i, j, a | other) for other in second]))
    np.testing.assert_allclose(distances("crossnobis", folds), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("n_stimuli", "noise", "words"),
    [
        (6, {}, "6 stimuli are too few to tell noise from others in two repetitions; the noise"),
        (18, {"shrinkage": "none"}, "of pure noise too, by 3.2 on average"),
        (20, {"per": "session"}, "estimated from these same repetitions"),
        (20, {"per": "run"}, "estimated from these same repetitions"),
        (20, {}, ""),
    ],
)
def test_noise_that_lifts_distances_is_said(n_stimuli, noise, words):
    folds = runs(folds_of(25, n_folds=2, n_stimuli=n_stimuli, n_units=12))
    note = geometry_of_folds(folds, ["crossnobis"], NoiseSpec(**noise)).parts["crossnobis"].note
    assert words in note
    assert bool(note) == bool(words)
    twice = joined([geometry_of_folds(folds, ["crossnobis"], NoiseSpec(**noise))] * 2)
    assert twice.parts["crossnobis"].note == note


UNBALANCED = [("crossnobis", {"per": per}, True) for per in ("others", "session", "run")]
UNBALANCED += [("crossnobis", {"per": per}, False) for per in ("others", "session")]
UNBALANCED += [("crossvalidated_euclidean", {}, together) for together in (True, False)]


@pytest.mark.parametrize(("name", "noise", "together"), UNBALANCED)
def test_what_all_stimuli_share_is_no_distance_where_presentations_lack(name, noise, together):
    """Pairs then rest on different couples of folds, in which it would not cancel."""
    folds = replace(folds_of(6, n_folds=4, missing=0.3), together=together)
    assert not folds.seen.all()
    raised = np.where(folds.seen[:, :, None], folds.values + 100 * np.arange(12), 0.0)
    np.testing.assert_allclose(
        distances(name, replace(folds, values=raised), **noise),
        distances(name, folds, **noise), rtol=1e-8, atol=1e-8,
    )  # fmt: skip


def test_missing_presentations_leave_crossnobis_distances_of_noise_at_0():
    """Units that respond to every stimulus alike, three folds, three stimuli shown in two."""
    rng = np.random.default_rng(7)
    seen = np.ones((3, 8), dtype=bool)
    seen[2, :3] = seen[0, 5] = False
    means = []
    for _ in range(300):
        values = 3 + rng.standard_normal((3, 8, 6))
        folds = Folds(np.where(seen[:, :, None], values, 0.0), seen)
        means.append(distances("crossnobis", folds).mean())
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(len(means))


def test_the_noise_of_the_session_lifts_them_by_what_theory_says():
    """15 units, 30 degrees of freedom, 4 repetitions: 2 / 4 × (30 / 14 - 1)."""
    mean, sureness = mean_of_noise("session")
    assert sureness > 10
    assert mean == pytest.approx(0.5 * (30 / 14 - 1), rel=0.1)


def test_cross_validated_distances_below_0_stay():
    found = distances("crossnobis", folds_of(6, signal=0.0))
    assert (found < 0).any()


def test_residuals_have_presentations_less_stimuli_as_freedom():
    folds = folds_of(7, missing=0.3)
    rows, freedom = residuals(folds)
    assert freedom == folds.seen.sum() - 7 == len(rows) - 7
    variances = np.mean(
        [
            np.square(residuals(Folds(one, folds.seen))[0]).sum(axis=0) / freedom
            for seed in range(200)
            for one in [
                np.where(
                    folds.seen[:, :, None],
                    np.random.default_rng(seed).standard_normal(folds.values.shape), 0.0,
                )
            ]
        ],
        axis=0,
    )  # fmt: skip
    np.testing.assert_allclose(variances, 1, atol=0.1)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize(("n_folds", "n_stimuli"), [(6, 8), (2, 20)])
@pytest.mark.parametrize("noise", [{}, {"per": "session"}, {"per": "run"}, {"shrinkage": "none"}])
def test_what_a_run_adds_to_all_its_responses_weighs_nothing(noise, n_folds, n_stimuli, missing):
    folds = runs(folds_of(31, n_folds, n_stimuli, n_units=5, missing=missing if n_folds > 2 else 0))
    raised = folds.values + 20 * np.random.default_rng(1).standard_normal((n_folds, 1, 5))
    other = replace(folds, values=np.where(folds.seen[:, :, None], raised, 0.0))
    for name in ("crossnobis", "mahalanobis"):
        expected = distances(name, folds, **noise)
        np.testing.assert_allclose(distances(name, other, **noise), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shows", [1, 2])
def test_noise_of_runs_is_what_stimuli_and_runs_leave_over(shows):
    rng = np.random.default_rng(3)
    seen = np.repeat(rng.random((5, 9)) < 0.7, shows, axis=0) & (rng.random((5 * shows, 9)) < 0.9)
    seen[:2] = True
    values = np.where(seen[:, :, None], rng.standard_normal((*seen.shape, 4)), 0.0)
    fold = np.repeat(np.arange(5), shows)
    row, stimulus = np.nonzero(seen)
    design = np.hstack([np.eye(9)[stimulus], np.eye(5)[fold[row]]])
    left = values[seen] - design @ np.linalg.lstsq(design, values[seen], rcond=None)[0]
    rows, freedom = residuals(Folds(values, seen, None if shows == 1 else fold, together=True))
    np.testing.assert_allclose(rows, left, atol=1e-12)
    assert freedom == len(row) - np.linalg.matrix_rank(design)
    if shows == 1:
        hat = np.diag(design @ np.linalg.pinv(design))
        np.testing.assert_allclose(leverages(seen.astype(int))[seen], hat, atol=1e-12)


@pytest.mark.parametrize("name", ["mahalanobis", "crossnobis", "lda_accuracy"])
def test_sessions_side_by_side_have_block_diagonal_noise(name):
    """Two sessions joined are one whose whitened units stand side by side."""
    one, two = folds_of(8), folds_of(9, n_units=5)
    wanted = NoiseSpec(per="session")
    parts = [geometry_of_folds(folds, [name], wanted) for folds in (one, two)]
    found = DISTANCES[name].compute(joined(parts))
    white = np.concatenate(
        [SessionNoise(f, "diagonal").whiten(f.values) for f in (one, two)], axis=2
    )
    if name == "lda_accuracy":
        scores = sum(part.parts[name].values for part in parts)
        right = (scores > 0).mean(axis=0)
        expected = ((right + right.T) / 2)[np.triu_indices(7, 1)]
    elif name == "mahalanobis":
        rows = white.mean(axis=0)
        expected = np.square(rows[:, None] - rows).sum(axis=2)[np.triu_indices(7, 1)] / 17
    else:
        a, b = np.triu_indices(7, 1)
        difference = white[:, a] - white[:, b]
        couples = permutations(range(5), 2)
        products = [(difference[r] * difference[s]).sum(axis=1) for r, s in couples]
        expected = np.mean(products, axis=0) / 17
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_distances_in_units_of_the_noise_do_not_know_the_units_of_the_responses(seed):
    """Unshrunk, any invertible mixing of units leaves them; shrunk to the diagonal, scales do."""
    folds = folds_of(seed, n_folds=8, n_units=4)
    rng = np.random.default_rng(seed + 1)
    mixing = rng.standard_normal((4, 4)) + 3 * np.eye(4)
    for name in ("mahalanobis", "crossnobis"):
        before = distances(name, folds, shrinkage="none")
        after = distances(name, Folds(folds.values @ mixing, folds.seen), shrinkage="none")
        np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-8)
        before = distances(name, folds)
        after = distances(name, Folds(folds.values * [1e-6, 1, 10, 100], folds.seen))
        np.testing.assert_allclose(after, before, rtol=1e-7, atol=1e-9)


def test_units_that_never_vary_between_repetitions_count_for_nothing():
    folds = folds_of(10)
    silent = np.zeros((*folds.values.shape[:2], 2))
    silent[..., 1] = np.arange(7)  # tells stimuli apart without any noise
    more = Folds(np.concatenate([folds.values, silent], axis=2), folds.seen)
    for name in ("mahalanobis", "crossnobis"):
        np.testing.assert_allclose(distances(name, more), distances(name, folds), rtol=1e-12)
        part = geometry_of_folds(more, [name]).parts[name]
        assert part.n_units == 12


def test_a_unit_silent_in_all_other_folds_has_no_say_in_that_fold():
    folds = folds_of(11)
    once = np.zeros((*folds.values.shape[:2], 1))
    once[2, 3] = 1.0
    more = Folds(np.concatenate([folds.values, once], axis=2), folds.seen)
    assert np.isfinite(distances("crossnobis", more)).all()


@pytest.mark.parametrize(
    ("folds", "words", "noise"),
    [
        (folds_of(12, n_folds=1), "no stimulus was shown twice", {}),
        (Folds(np.tile(folds_of(12).values[:1], (3, 1, 1)), np.ones((3, 7), bool)),
         "same in every repetition", {}),
        (folds_of(12, n_units=90), "has no inverse", {"shrinkage": "none"}),
        (Folds(folds_of(12).values[..., [0, 1, 1]], np.ones((5, 7), bool)),
         "has no inverse", {"shrinkage": "none"}),
    ],
)  # fmt: skip
def test_what_cannot_be_weighed_is_refused_in_words(folds, words, noise):
    with pytest.raises(UndefinedDistanceError, match=words):
        distances("mahalanobis", folds, **noise)


def test_a_geometry_of_features_alone_says_what_it_lacks():
    from isomorph.rdms import geometry_of_features

    features = geometry_of_features(np.random.default_rng(0).standard_normal((5, 9)))
    for name in ("crossnobis", "poisson_kl", "lda_accuracy"):
        with pytest.raises(UndefinedDistanceError, match="single units by repetition"):
            DISTANCES[name].compute(features)
