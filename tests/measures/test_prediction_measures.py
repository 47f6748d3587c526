"""Measures of prediction against maps of scikit-learn on the same parts, and planted truth."""

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES, Stack
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import pair_indices
from isomorph.measures.prediction import parts_of
from isomorph.prediction import PENALTIES

N = 30


def stack_of(features):
    i, j = pair_indices(len(features[0]))
    rdms = np.stack([((x[i] - x[j]) ** 2).sum(axis=1) for x in features])
    return Stack(rdms, facts={"features": features})


def pair_of(seed=0, n=N):
    """Two brains and three layers, of which the second made the brains."""
    rng = np.random.default_rng(seed)
    layers = [rng.standard_normal((n, 8)) for _ in range(3)]
    brains = [
        layers[1] @ rng.standard_normal((8, units)) + 2 * rng.standard_normal((n, units)) + 3
        for units in (5, 40)
    ]
    return stack_of(brains), stack_of(layers)


def peer(name, x):
    if name == "ridge":
        alphas = np.array(PENALTIES) * np.square(x - x.mean(axis=0)).sum() / len(x)
        return RidgeCV(alphas, alpha_per_target=True)
    if name == "pls(2)":
        return PLSRegression(2, scale=False, tol=1e-14, max_iter=5000)
    return make_pipeline(PCA(2, svd_solver="full"), LinearRegression())


@pytest.mark.parametrize("name", ["pls(2)", "stitching(2)"])
def test_the_value_is_the_mean_over_parts_and_units_of_held_out_correlations(name):
    first, second = pair_of()
    found = MEASURES[name].compare(first, second)
    parts = parts_of(np.arange(N), 5)
    for row, y in enumerate(first.fact("features")):
        for column, x in enumerate(second.fact("features")):
            r = []
            for part in range(5):
                train, test = parts != part, parts == part
                said = peer(name, x[train]).fit(x[train], y[train]).predict(x[test])
                r.append([np.corrcoef(y[test, u], said[:, u])[0, 1] for u in range(y.shape[1])])
            expected = np.average(np.mean(r, axis=1), weights=np.bincount(parts))
            assert found[row, column] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["ridge", "ridge_reverse", "pls(3)", "stitching(8)"])
def test_the_layer_that_made_a_brain_predicts_it_and_the_others_do_not(name):
    first, second = pair_of(1)
    found = MEASURES[name].compare(first, second)
    assert (found.argmax(axis=1) == 1).all()
    assert (found[:, 1] > 0.25).all()
    assert (np.abs(found[:, [0, 2]]) < 0.3).all()


def test_more_dimensions_of_a_layer_than_of_a_brain_are_an_asymmetry():
    rng = np.random.default_rng(2)
    shared, own = rng.standard_normal((2, 60, 6))
    brain, layer = stack_of([shared]), stack_of([np.hstack([shared, own])])
    forward, reverse = (MEASURES[name].pair(brain, layer) for name in ("ridge", "ridge_reverse"))
    assert forward > 0.95
    assert reverse == pytest.approx(np.sqrt(0.5), abs=0.1)


def test_a_shuffle_of_one_side_is_predicted_in_the_same_parts():
    """So layers are decomposed once, and chance is that of the same split."""
    first, second = pair_of(3)
    order = np.random.default_rng(0).permutation(N)
    measure = MEASURES["ridge"]
    shuffled = stack_of([x[order] for x in first.fact("features")])
    np.testing.assert_allclose(
        measure.compare(first.chosen(order), second), measure.compare(shuffled, second)
    )
    np.testing.assert_allclose(
        measure.compare(first.chosen(order), second.chosen(order)), measure.compare(first, second)
    )


def test_parts_are_even_and_neighbours_are_in_different_ones():
    parts = parts_of(np.arange(52), 5)
    assert np.ptp(np.bincount(parts)) <= 1
    for start in range(0, 50, 5):
        assert len(set(parts[start : start + 5])) == 5


@pytest.mark.parametrize("name", ["ridge", "ridge_reverse"])
def test_influences_are_what_leaving_a_stimulus_out_changes(name):
    first, second = pair_of(4, n=100)
    one, other = first.rows([1]), second.rows([1])
    form = MEASURES[name].form
    found = form.influence(one, other)[0, 0]
    taken = Jackknifed.influence(form, one, other)[0, 0]
    assert np.corrcoef(found, taken)[0, 1] > 0.9
    assert found.std() == pytest.approx(taken.std(), rel=0.2)


def test_names_say_how_many_components():
    assert MEASURES["pls(3)"].form.components == 3
    assert "pls(25)" not in MEASURES
    with pytest.raises(IsomorphError, match="a number of components, at least 1"):
        raise IsomorphError(MEASURES.suggestion("pls(0.5)"))
