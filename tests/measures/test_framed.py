"""RDMs framed by the origin and a constant pattern: against literal patterns and rsatoolbox."""

from itertools import permutations

import numpy as np
import pytest

from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import pair_indices

NAMES = ["framed_cosine", "framed_pearson"]


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    rdms = [((x[i] - x[j]) ** 2).mean(axis=1) for x in features]
    return Stack(np.stack(rdms), None, {"features": list(features)})


def two(seed, n=9, p=7, level=1.5):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 4))
    return [
        z @ rng.standard_normal((4, size)) + rng.standard_normal((n, size)) + level
        for size in (p, p + 5)
    ]


def framed(x):
    """The patterns of the stimuli, the origin and the constant pattern, literally."""
    length = np.linalg.norm(x, axis=1).mean()
    constant = np.full(x.shape[1], length / np.sqrt(x.shape[1]))
    return np.concatenate([x, np.zeros((1, x.shape[1])), constant[None]])


def by_hand(x, y, name, counts=None):
    """The measure of framed patterns, stimuli drawn several times standing there as often."""
    drawn = np.arange(len(x)) if counts is None else np.repeat(np.arange(len(x)), counts)
    label = np.concatenate([drawn, [-1, -2]])
    i, j = pair_indices(len(label))
    kept = label[i] != label[j]
    u, v = (((z[i] - z[j]) ** 2).sum(axis=1)[kept] for z in (framed(one[drawn]) for one in (x, y)))
    if name == "framed_pearson":
        return np.corrcoef(u, v)[0, 1]
    return u @ v / np.sqrt((u @ u) * (v @ v))


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_literal_patterns_and_to_rsatoolbox(name):
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    x, y = two(0)
    ours = MEASURES[name].pair(stack_of(x), stack_of(y))
    assert ours == pytest.approx(by_hand(x, y, name), abs=1e-12)
    rdms = [calc_rdm(Dataset(framed(one)), method="euclidean") for one in (x, y)]
    method = {"framed_cosine": "cosine", "framed_pearson": "corr"}[name]
    assert ours == pytest.approx(compare(*rdms, method=method)[0, 0], abs=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_resamples_are_those_of_stimuli_physically_repeated(name):
    x, y = two(1)
    counts = np.random.default_rng(2).multinomial(9, np.full(9, 1 / 9), size=6)
    found = MEASURES[name].resampled(stack_of(x, y[:, :7]), stack_of(y), counts)
    assert found.shape == (6, 2, 1)
    expected = [by_hand(x, y, name, row) for row in counts]
    np.testing.assert_allclose(found[:, 0, 0], expected, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_chance_is_the_mean_over_all_orders_and_calibrated_0(name):
    measure, n = MEASURES[name], 5
    x, y = two(3, n)
    first, second = stack_of(x, y), stack_of(y)
    every = [measure.compare(first.chosen(np.array(o)), second) for o in permutations(range(n))]
    chance = measure.chance(first, second)
    np.testing.assert_allclose(chance, np.mean(every, axis=0), atol=1e-12)
    value, calibrated = measure.calibrated(first, second)
    np.testing.assert_allclose(calibrated, (value - chance) / (1 - chance), atol=1e-12)
    ones = np.ones((1, n), dtype=int)
    for plain, drawn in zip((value, calibrated), measure.calibrated(first, second, ones),
                            strict=True):  # fmt: skip
        np.testing.assert_allclose(drawn[0], plain, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_level_is_seen_that_rdms_do_not_tell(name):
    x, _ = two(4, level=0.0)
    same, raised, lowered = stack_of(x), stack_of(x + 3), stack_of(x - 3)
    plain = MEASURES[name.removeprefix("framed_")]
    for moved in (raised, lowered):
        assert plain.pair(same, moved) == pytest.approx(1, abs=1e-12)
        assert MEASURES[name].pair(same, moved) < 0.95
    # Responses above the origin are not those below it, however alike their geometry is.
    assert MEASURES[name].pair(raised, lowered) < 0.8


@pytest.mark.parametrize("name", NAMES)
def test_the_preference_of_the_mean_is_seen(name):
    """Regions of one geometry, one of which prefers the stimuli the other responds least to."""
    rng = np.random.default_rng(5)
    z, drive = rng.standard_normal((20, 30)), np.linspace(0, 4, 20)[:, None]
    likes, dislikes = stack_of(z + drive), stack_of(z - drive + 4)
    assert MEASURES[name.removeprefix("framed_")].pair(likes, dislikes) > 0.8
    both = (
        MEASURES[name].pair(likes, stack_of(z + drive + 0.01)),
        MEASURES[name].pair(likes, dislikes),
    )
    assert both[0] > 0.99
    assert both[0] - both[1] > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_patterns_all_alike_or_all_0_have_no_value(name):
    x, y = two(6)
    for same in (np.full(x.shape, 0.3), np.zeros(x.shape), np.tile(x[0], (9, 1))):
        assert np.isnan(MEASURES[name].compare(stack_of(same, x), stack_of(y))[0]).all()
        assert np.isfinite(MEASURES[name].compare(stack_of(same, x), stack_of(y))[1]).all()
    counts = np.array([[9, 0, 0, 0, 0, 0, 0, 0, 0], [0] * 9, [5, 4, 0, 0, 0, 0, 0, 0, 0]])
    found = MEASURES[name].resampled(stack_of(x), stack_of(y), counts)[:, 0, 0]
    np.testing.assert_array_equal(np.isnan(found), [True, True, False])
