"""Shape of noisy representations: limits, invariances, metric axioms and local maxima."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import pair_indices
from isomorph.measures.stochastic import StochasticShapeForm


def stack_of(*repetitions):
    i, j = pair_indices(len(repetitions[0]))
    means = [x.mean(axis=1) for x in repetitions]
    rdms = [((x[i] - x[j]) ** 2).sum(axis=1) for x in means]
    return Stack(np.stack(rdms), facts={"repetitions": list(repetitions)})


def value(x, y, name="stochastic_shape"):
    return MEASURES[name].pair(stack_of(x), stack_of(y))


def noisy(seed, n=12, r=5, p=4, size=1.0):
    """Means of common origin, and noise whose covariance is another for each stimulus."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(0).standard_normal((n, p)) + 0.5 * rng.standard_normal((n, p))
    mixing = rng.standard_normal((n, p, p)) / 2
    return means[:, None] + size * rng.standard_normal((n, r, p)) @ mixing


def turned(x, seed=1):
    return x @ np.linalg.qr(np.random.default_rng(seed).standard_normal((x.shape[-1],) * 2))[0]


@pytest.mark.parametrize("p", [3, 40])
def test_without_noise_it_is_procrustes(p):
    x, y = noisy(1, r=1, p=p), noisy(2, r=1, p=p)
    expected = MEASURES["procrustes"].pair(stack_of(x), stack_of(y))
    assert value(x, y) == pytest.approx(expected, abs=1e-10)
    # A repetition that is the same is no noise either.
    assert value(np.repeat(x, 3, axis=1), y) == pytest.approx(expected, abs=1e-10)


def test_with_all_weight_on_the_means_noise_is_not_seen():
    x, y = noisy(3), noisy(4)
    expected = MEASURES["procrustes"].pair(stack_of(x), stack_of(y))
    assert value(x, y, "stochastic_shape(2)") == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("p", [4, 30])
def test_a_rotation_of_all_repetitions_is_not_seen(p):
    x, y = noisy(5, p=p), noisy(6, p=p)
    assert value(x, 2.5 * turned(x) + 3) == pytest.approx(1, abs=1e-9)
    assert value(turned(x), y) == pytest.approx(value(x, y), abs=1e-8)
    assert value(turned(x), turned(y, 2)) == pytest.approx(value(y, x), abs=1e-8)


def test_a_rotation_of_the_noise_alone_is_seen():
    x = noisy(7, n=20, r=40)
    means = x.mean(axis=1, keepdims=True)
    other = means + turned(x - means)
    assert MEASURES["procrustes"].pair(stack_of(x), stack_of(other)) == pytest.approx(1)
    assert value(x, other) < 0.97
    assert value(x, other, "stochastic_shape(0.2)") < value(x, other)


def moments(x):
    means = x.mean(axis=1)
    return means - means.mean(axis=0), np.stack([np.cov(one.T) for one in x])


def at(angle, x, y, alpha):
    """The similarity of two populations of two units at one rotation, by its definition."""
    (mx, sx), (my, sy) = moments(x), moments(y)
    q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def fidelity(s, s2):
        root = sqrtm(s)
        return np.trace(sqrtm(root @ q @ s2 @ q.T @ root)).real

    own = (x.shape[1] - 1) / (x.shape[1] - 1 + 2)
    noise = own * sum(fidelity(s, s2) for s, s2 in zip(sx, sy, strict=True))
    noise += (1 - own) * len(x) * fidelity(sx.mean(axis=0), sy.mean(axis=0))
    common = alpha * (mx * (my @ q.T)).sum() + (2 - alpha) * noise
    power = [
        alpha * (m**2).sum() + (2 - alpha) * np.trace(s, axis1=1, axis2=2).sum()
        for m, s in ((mx, sx), (my, sy))
    ]
    return common / np.sqrt(np.prod(power))


@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_it_is_the_best_of_all_rotations_by_definition(alpha):
    name = "stochastic_shape" if alpha == 1 else f"stochastic_shape({alpha:g})"
    mirror = np.array([1.0, -1.0])
    for seed in range(4):
        x, y = noisy(seed, n=6, p=2), noisy(seed + 10, n=6, p=2)
        angles = np.linspace(0, 2 * np.pi, 121)
        best = max(at(angle, x, z, alpha) for angle in angles for z in (y, y * mirror))
        found = value(x, y, name)
        assert found <= best + 2e-3
        # Where noise counts for more than means, an ascent may end below the highest maximum.
        assert found >= (best - 1e-5 if alpha == 1 else 0.9 * best)


def test_its_arc_is_a_distance():
    for seed in range(6):
        three = [noisy(10 * seed + k, n=8, r=4, p=3, size=k) for k in range(3)]
        a, b, c = (
            np.arccos(min(1, value(three[i], three[j]))) for i, j in ((0, 1), (1, 2), (0, 2))
        )
        assert value(three[1], three[0]) == pytest.approx(np.cos(a), abs=1e-9)
        assert min(a, b, c) > 0
        assert c <= a + b + 1e-9
        assert b <= a + c + 1e-9
        assert a <= b + c + 1e-9


def test_a_layer_without_noise_differs_from_a_region_by_its_noise():
    x = noisy(8)
    layer = x.mean(axis=1, keepdims=True)
    means, covariances = moments(x)
    signal = (means**2).sum()
    noise = np.trace(covariances, axis1=1, axis2=2).sum()
    assert value(x, layer) == pytest.approx(np.sqrt(signal / (signal + noise)))


@pytest.mark.parametrize("layer", [True, False])
def test_influences_are_nearly_those_of_deletions(layer):
    x, y = noisy(9, n=40, r=6), noisy(10, n=40, r=1 if layer else 6)
    first, second = stack_of(x), stack_of(y)
    form = StochasticShapeForm()
    ours = form.influence(first, second)[0, 0]
    deleted = Jackknifed.influence(form, first, second)[0, 0]
    assert ours.sum() == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(ours, deleted)[0, 1] > (0.99 if layer else 0.97)
    assert ours.std() == pytest.approx(deleted.std(), rel=0.1)


def test_repetitions_that_are_missing_are_left_out():
    x, y = noisy(11, r=4), noisy(12, r=4)
    padded = np.concatenate([x, np.full_like(x[:, :2], np.nan)], axis=1)
    assert value(padded, y) == pytest.approx(value(x, y), abs=1e-12)
    once = padded.copy()
    once[3, 1:] = np.nan  # one stimulus shown once has the noise of the others
    assert 0 < value(once, y) < 1


def test_what_does_not_vary_has_no_value_and_few_stimuli_have_one():
    x, y = noisy(13, n=8), noisy(14, n=8)
    still = np.broadcast_to(x[:1], x.shape).copy()
    still -= still.mean(axis=1, keepdims=True)
    unknown = np.where(np.arange(8)[:, None, None] == 2, np.nan, x)
    found = MEASURES["stochastic_shape"].compare(stack_of(x), stack_of(y, still, unknown))
    np.testing.assert_array_equal(np.isnan(found[0]), [False, True, True])
    for n, p in ((3, 1), (3, 5), (2, 2), (4, 60)):
        assert 0 <= value(noisy(15, n=n, p=p), noisy(16, n=n, p=p)) <= 1


def test_sizes_may_differ():
    x, y = noisy(17, p=3), noisy(18, p=6)
    padded = np.concatenate([x, np.zeros((12, 5, 3))], axis=2)
    assert value(x, y) == pytest.approx(value(padded, y), abs=1e-9)
    assert value(y, x) == pytest.approx(value(x, y), abs=1e-9)
