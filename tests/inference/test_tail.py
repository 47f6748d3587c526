"""Tails of permutations: against distributions whose tails are known."""

import numpy as np
import pytest
from scipy import stats

from isomorph.inference.permutation import one_sided
from isomorph.inference.tail import (
    AT_MOST,
    COUNTED,
    FITTED,
    LEAST_DRAWS,
    NO_FIT,
    NO_TAIL,
    REACH,
    tail_p,
)


def of(observed, null):
    return tail_p(observed, null, one_sided(observed, null))


@pytest.mark.parametrize(
    "chance",
    [stats.norm(), stats.beta(20, 20), stats.chi2(8), stats.t(8)],
    ids=lambda d: d.dist.name,
)
@pytest.mark.parametrize(("n_draws", "largest"), [(1000, 7.0), (10000, 2.0)])
def test_a_tail_tells_what_cannot_be_counted(chance, n_draws, largest):
    """p = 1e-5 is estimated within a factor of 2 by 10000 draws; by 1000, if at all, too large."""
    rng = np.random.default_rng(0)
    null = chance.rvs((n_draws, 200), random_state=rng)
    for p in (1e-4, 1e-5):
        found, note = of(np.full(200, chance.isf(p)), null)
        told = np.isin(note, [FITTED, AT_MOST])
        assert told.mean() > 0.95
        assert 0.8 <= np.median(found[told]) / p <= largest
        assert np.mean(found < p / 10) < 0.08
        assert found.min() >= 1 / (REACH * n_draws)


def test_the_p_stays_uniform_under_the_null():
    """Where it is told by the tail, too: 30000 questions, of which 1 % are beyond counting."""
    rng = np.random.default_rng(1)
    p = np.concatenate(
        [
            of(rng.standard_normal(1000), rng.standard_normal((LEAST_DRAWS, 1000)))[0]
            for _ in range(30)
        ]
    )
    for level in (0.001, 0.002, 0.005, 0.01, 0.05, 0.5):
        assert np.mean(p <= level) < 1.2 * level + 3 * np.sqrt(level / len(p))
        assert np.mean(p <= level) > 0.7 * level
    assert stats.kstest(p, "uniform").statistic < 0.015


def test_what_can_be_counted_is_counted():
    rng = np.random.default_rng(2)
    null = rng.standard_normal((1000, 40))
    observed = np.linspace(-1, 5, 40)
    p, note = of(observed, null)
    counted = (null >= observed).sum(axis=0) >= COUNTED
    np.testing.assert_array_equal(p[counted], one_sided(observed, null)[counted])
    assert (note[counted] == "").all()
    assert (note[~counted] != "").all()
    # Candidates have nothing to do with each other.
    alone = [of(observed[[at]], null[:, [at]])[0].item() for at in range(40)]
    np.testing.assert_allclose(p, alone)


def test_what_lies_farther_out_has_the_smaller_p():
    null = np.random.default_rng(3).standard_normal((2000, 1))
    observed = np.linspace(3, 30, 60)
    p, note = of(observed, np.tile(null, 60))
    assert (np.diff(p) <= 0).all()
    assert p[-1] == 1 / (REACH * 2000)
    assert note[-1] == AT_MOST
    assert note[0] == FITTED


def test_where_no_tail_fits_or_there_is_none_the_p_is_counted_and_that_is_said():
    rng = np.random.default_rng(4)
    coarse = np.round(2 * rng.standard_normal(1000))
    ties = rng.integers(0, 3, 1000).astype(float)
    never = np.zeros(1000)
    missing = np.append(rng.standard_normal(999), np.nan)
    null = np.stack([rng.permutation(one) for one in (coarse, ties, never, missing)], axis=1)
    observed = np.full(4, 12.0)
    p, note = of(observed, null)
    np.testing.assert_array_equal(p, one_sided(observed, null))
    assert note.tolist() == [NO_FIT] * 4
    p, note = of(observed[:1], null[: LEAST_DRAWS - 1, :1])
    assert p.item() == 1 / LEAST_DRAWS
    assert note.item() == NO_TAIL
