"""GULP against covariances of features, against predictions of tasks, and at its ends."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from isomorph.measures import MEASURES, Stack
from isomorph.measures.gulp import GulpForm
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import pair_indices


def stack_of(*features):
    i, j = pair_indices(len(features[0]))
    return Stack(np.stack([((x[i] - x[j]) ** 2).mean(axis=1) for x in features]))


def related(seed, n, p, q):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 4))
    return [
        shared @ rng.standard_normal((4, size)) + 0.7 * rng.standard_normal((n, size)) + 1
        for size in (p, q)
    ]


def literal(x, y, penalty, weights=None):
    """With covariances, as in the paper."""
    n = len(x)
    weights = np.full(n, 1 / n) if weights is None else weights
    sides = []
    for one in (x, y):
        centred = np.sqrt(weights)[:, None] * (one - weights @ one)
        sides.append(centred / np.linalg.norm(centred))
    x, y = sides
    xx, yy, xy = x.T @ x, y.T @ y, x.T @ y
    over_x, over_y = (np.linalg.inv(c + penalty * np.eye(len(c))) for c in (xx, yy))
    power = np.trace(over_x @ xx @ over_x @ xx) + np.trace(over_y @ yy @ over_y @ yy)
    squared = power - 2 * np.trace(over_x @ xy @ over_y @ xy.T)
    return 1 - squared / power


@pytest.mark.parametrize("penalty", [0.001, 0.01, 1])
@pytest.mark.parametrize(("n", "p", "q"), [(20, 4, 6), (20, 30, 50)])
def test_gulp_is_that_of_covariances(penalty, n, p, q):
    x, y = related(0, n, p, q)
    name = "gulp" if penalty == 0.01 else f"gulp({penalty})"
    value = MEASURES[name].pair(stack_of(x), stack_of(y))
    np.testing.assert_allclose(value, literal(x, y, penalty), atol=1e-9)


def test_gulp_is_how_far_ridge_predictions_of_tasks_are_apart():
    rng = np.random.default_rng(1)
    x, y = related(1, 15, 5, 30)
    tasks = rng.standard_normal((15, 20_000))
    tasks -= tasks.mean(axis=0)
    predicted = []
    for one in (x, y):
        centred = one - one.mean(axis=0)
        centred /= np.linalg.norm(centred)
        predicted.append(Ridge(alpha=0.01, fit_intercept=False).fit(centred, tasks)
                         .predict(centred))  # fmt: skip
    apart = ((predicted[0] - predicted[1]) ** 2).sum()
    expected = 1 - apart / sum((one**2).sum() for one in predicted)
    np.testing.assert_allclose(MEASURES["gulp"].pair(stack_of(x), stack_of(y)), expected, atol=0.01)


def test_much_of_a_penalty_compares_gram_matrices_and_none_compares_spans():
    x, y = related(2, 20, 4, 6)
    grams = []
    for one in (x, y):
        centred = one - one.mean(axis=0)
        gram = centred @ centred.T
        grams.append(gram / np.trace(gram))
    shared, own, other = (
        (a * b).sum() for a, b in ((grams[0], grams[1]), (grams[0],) * 2, (grams[1],) * 2)
    )
    first, second = stack_of(x), stack_of(y)
    np.testing.assert_allclose(
        GulpForm(1e6).compare(first, second)[0, 0], 2 * shared / (own + other), rtol=1e-5
    )
    bases = [np.linalg.svd(one - one.mean(axis=0), full_matrices=False)[0] for one in (x, y)]
    spans = 2 * np.square(bases[0].T @ bases[1]).sum() / (4 + 6)
    np.testing.assert_allclose(GulpForm(1e-9).compare(first, second)[0, 0], spans, rtol=1e-5)


@pytest.mark.parametrize("penalty", [0.01, 0.3])
def test_influences_are_the_derivatives_by_the_weights_of_stimuli(penalty):
    x, y = related(3, 20, 4, 9)
    even, step = np.full(20, 1 / 20), 1e-5
    expected = [
        (
            literal(x, y, penalty, even + step * (one - even))
            - literal(x, y, penalty, even - step * (one - even))
        )
        / (2 * step)
        for one in np.eye(20)
    ]
    found = GulpForm(penalty).influence(stack_of(x), stack_of(y))[0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("p", "q"), [(8, 6), (200, 300)])
def test_influences_agree_with_deletions(p, q):
    first, second = map(stack_of, related(4, 40, p, q))
    form = MEASURES["gulp"].form
    found = form.influence(first, second)[0, 0]
    deleted = Jackknifed.influence(form, first, second)[0, 0]
    assert np.corrcoef(found, deleted)[0, 1] > 0.85
    np.testing.assert_allclose(found.std(), deleted.std(), rtol=0.2)
