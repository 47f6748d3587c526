"""Maps and held-out scores against scikit-learn, against fits done again, and against theorems."""

import numpy as np
import pytest
from himalaya.kernel_ridge import KernelRidge
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LinearRegression, RidgeCV

from isomorph.prediction import (
    PENALTIES,
    Components,
    Fold,
    PartialLeastSquares,
    Ridge,
    correlations,
    explained,
    folds_of,
    held_out,
    influences,
    led,
    moments,
    moved,
    pooled,
    pooled_influence,
    root_of,
    slopes,
    spectra,
    spectrum,
)

N, P, UNITS = 40, 70, 6


def made(seed=0, n=N, p=P, units=UNITS, noise=2.0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) * np.linspace(3, 0.1, p) + 4
    y = x @ rng.standard_normal((p, units)) / 5 + noise * rng.standard_normal((n, units)) - 7
    return x, y, folds_of(np.arange(n) % 5)


def gram_of(x):
    centred = x - x.mean(axis=0)
    return centred @ centred.T


@pytest.mark.parametrize("p", [12, 70])
def test_ridge_is_that_of_scikit_learn_on_the_same_folds(p):
    x, y, folds = made(p=p)
    found = held_out(spectra(gram_of(x), folds), y, Ridge(inner="loo"))
    for at, fold in enumerate(folds):
        own = x[fold.train] - x[fold.train].mean(axis=0)
        alphas = np.array(PENALTIES) * np.square(own).sum() / len(own)
        peer = RidgeCV(alphas, alpha_per_target=True).fit(x[fold.train], y[fold.train])
        np.testing.assert_allclose(
            found.penalty[at], peer.alpha_ * len(own) / np.square(own).sum(), rtol=1e-9
        )
        expected = peer.predict(x[fold.test]) - y[fold.train].mean(axis=0)
        np.testing.assert_allclose(found.predicted[fold.test], expected, atol=1e-6)
        np.testing.assert_allclose(
            found.actual[fold.test], y[fold.test] - y[fold.train].mean(axis=0)
        )
        total = np.square((y[fold.train] - y[fold.train].mean(axis=0)) * len(own) / (len(own) - 1))
        np.testing.assert_allclose(
            found.inner[at], 1 + peer.best_score_ * len(own) / total.sum(axis=0), atol=1e-6
        )


def test_ridge_is_that_of_himalaya_on_the_same_folds():
    x, y, folds = made(1)
    one = Ridge((0.3,))
    found = held_out(spectra(gram_of(x), folds), y, one)
    for fold in folds:
        mean, level = x[fold.train].mean(axis=0), y[fold.train].mean(axis=0)
        own, other = x[fold.train] - mean, x[fold.test] - mean
        alpha = 0.3 * np.square(own).sum() / len(own)
        peer = KernelRidge(alpha=alpha).fit(own, y[fold.train] - level)
        np.testing.assert_allclose(found.predicted[fold.test], peer.predict(other), atol=1e-6)


def fitted_again(x, y, groups, penalty):
    """Errors of each group when nothing knows of it, by ridge regression fitted anew."""
    errors = np.zeros(y.shape[1])
    for group in np.unique(groups):
        out = groups == group
        mean, level = x[~out].mean(axis=0), y[~out].mean(axis=0)
        own = x[~out] - mean
        dual = np.linalg.solve(own @ own.T + penalty * np.eye(len(own)), y[~out] - level)
        errors += np.square((x[out] - mean) @ own.T @ dual - (y[out] - level)).sum(axis=0)
    return errors


@pytest.mark.parametrize("groups", [np.arange(N), np.arange(N) // 4, np.minimum(np.arange(N), 25)])
def test_leaving_groups_out_needs_no_second_fit(groups):
    from isomorph.prediction.linear_maps import left_out

    x, y, _ = made(2)
    layer = spectrum(gram_of(x), Fold(np.arange(N), np.arange(2), groups))
    y = y - y.mean(axis=0)
    for relative in (0.001, 0.5, 100):
        penalty = relative * layer.mean
        kept = layer.values / (layer.values + penalty)
        found = left_out(layer, y, layer.vectors.T @ y, kept[None])[0]
        np.testing.assert_allclose(found, fitted_again(x, y, groups, penalty), rtol=1e-6)


def test_generalised_cross_validation_chooses_nearly_as_leaving_one_out():
    x, y, folds = made(3, n=60)
    layers = spectra(gram_of(x), folds)
    one, other = (held_out(layers, y, Ridge(inner=name)) for name in ("loo", "gcv"))
    r, other_r = (correlations(moments(held))[0] for held in (one, other))
    np.testing.assert_allclose(r, other_r, atol=0.1)
    np.testing.assert_allclose(one.inner, other.inner, atol=0.15)


@pytest.mark.parametrize("units", [1, 6, 50])
def test_partial_least_squares_is_that_of_scikit_learn(units):
    x, y, folds = made(4, units=units)
    found = held_out(spectra(gram_of(x), folds), y, PartialLeastSquares(3))
    for fold in folds:
        peer = PLSRegression(3, scale=False, tol=1e-14, max_iter=5000)
        expected = peer.fit(x[fold.train], y[fold.train]).predict(x[fold.test])
        expected = expected.reshape(len(fold.test), -1) - y[fold.train].mean(axis=0)
        np.testing.assert_allclose(found.predicted[fold.test], expected, atol=1e-5)
    assert (found.inner > 0).any()


def test_components_are_least_squares_on_principal_components():
    x, y, folds = made(5)
    found = held_out(spectra(gram_of(x), folds), y, Components(4))
    for fold in folds:
        mean = x[fold.train].mean(axis=0)
        axes = np.linalg.svd(x[fold.train] - mean, full_matrices=False)[2][:4]
        peer = LinearRegression().fit((x[fold.train] - mean) @ axes.T, y[fold.train])
        expected = peer.predict((x[fold.test] - mean) @ axes.T) - y[fold.train].mean(axis=0)
        np.testing.assert_allclose(found.predicted[fold.test], expected, atol=1e-6)


def test_targets_share_a_penalty_and_units_do_not_matter_to_each_other():
    x, y, folds = made(6)
    layers = spectra(gram_of(x), folds)
    together = held_out(layers, y, Ridge(), np.array([0, 0, 0, 1, 1, 1]))
    assert (np.ptp(together.penalty[:, :3], axis=1) == 0).all()
    apart = held_out(layers, y[:, 3:], Ridge(), np.zeros(3, dtype=int))
    np.testing.assert_allclose(together.predicted[:, 3:], apart.predicted)
    np.testing.assert_allclose(
        held_out(layers, y, Ridge()).predicted[:, 2:3],
        held_out(layers, y[:, 2:3], Ridge()).predicted,
    )


def test_scores_of_held_out_stimuli_are_what_they_are_called():
    x, y, folds = made(7)
    held = held_out(spectra(gram_of(x), folds), y, Ridge())
    counts = np.random.default_rng(0).multinomial(N, np.full(N, 1 / N), size=3)
    weights = np.concatenate([np.ones((1, N), dtype=int), counts])
    sums = moments(held, weights)
    for row, r, r2, pool in zip(
        weights, correlations(sums), explained(sums), pooled(held).r(weights), strict=True
    ):
        drawn = [np.repeat(fold.test, row[fold.test]) for fold in folds]
        sizes = [len(one) for one in drawn]
        for unit in range(UNITS):
            a, p = held.actual[:, unit], held.predicted[:, unit]
            expected = np.average([np.corrcoef(a[d], p[d])[0, 1] for d in drawn], weights=sizes)
            assert r[unit] == pytest.approx(expected)
            every = np.concatenate(drawn)
            errors = np.square(a[every] - p[every]).sum()
            assert r2[unit] == pytest.approx(1 - errors / np.square(a[every]).sum())
        sides = [(held.actual[d].ravel(), held.predicted[d].ravel()) for d in drawn]
        cosines = [a @ p / np.sqrt((a @ a) * (p @ p)) for a, p in sides]
        assert pool == pytest.approx(np.average(cosines, weights=sizes))


def test_what_a_training_stimulus_adds_is_what_refitting_without_it_takes():
    """To the last digit, for a penalty that stays as it is; about the training mean."""
    x, y, folds = made(8)
    (layer, *_), fold = spectra(gram_of(x), folds), folds[0]
    alpha, (one, other) = 3.0, (2, 5)
    gradient = np.zeros((len(fold.test), UNITS))
    gradient[one], gradient[other] = 1, -1
    training = y[fold.train] - y[fold.train].mean(axis=0)
    found = led(layer, training, 1 / (layer.values + alpha), gradient)

    def between(train):
        own, held = (x[at] - x[train].mean(axis=0) for at in (train, fold.test))
        values = y[train] - y[train].mean(axis=0)
        said = held @ own.T @ np.linalg.solve(own @ own.T + alpha * np.eye(len(own)), values)
        return said[one] - said[other]

    for place in (0, 7, 20):
        taken = between(fold.train) - between(np.delete(fold.train, place))
        np.testing.assert_allclose(found[place], taken, atol=1e-10)


@pytest.mark.parametrize("by", [Ridge((0.3,)), PartialLeastSquares(2)])
@pytest.mark.parametrize("size", [1, 4])
def test_what_a_group_adds_is_what_refitting_without_it_takes(by, size):
    """A stimulus by itself is a group as well."""
    x, y, _ = made(8)
    groups = np.arange(N) // size
    fold = folds_of(groups % 5, groups)[0]
    layer, gradient = spectrum(gram_of(x), fold), np.zeros((len(fold.test), UNITS))
    gradient[2], gradient[5] = 1, -1
    targets = np.zeros(UNITS, dtype=int)
    training = y[fold.train] - y[fold.train].mean(axis=0)
    whole = by(layer, training, targets)
    found = by.led(layer, training, whole.penalty, gradient, targets)
    for group in (0, 3, 7):
        rest = fold.groups != group
        without = Fold(fold.train[rest], fold.test, fold.groups[rest])
        other = spectrum(gram_of(x), without)
        again = Ridge((0.3 * layer.mean / other.mean,)) if isinstance(by, Ridge) else by
        responses = y[without.train] - y[without.train].mean(axis=0)
        taken = whole.predicted - again(other, responses, targets).predicted
        np.testing.assert_allclose(found[~rest].sum(axis=0), taken[2] - taken[5], atol=1e-9)


def test_draws_of_what_predicts_are_apart_from_those_of_what_is_predicted():
    x, y, folds = made(8)
    layers, rng = spectra(gram_of(x), folds), np.random.default_rng(1)
    held, draws = held_out(layers, y, Ridge()), rng.multinomial(N, np.full(N, 1 / N), size=3)
    found = moved(held, layers, y, Ridge(), slopes(held), draws).sum(axis=0) / N
    predicted = influences(held, layers, y, Ridge()) - influences(held, layers, 0 * y, Ridge())
    np.testing.assert_allclose(found[0], (draws[1] / N) @ predicted, atol=1e-12)
    np.testing.assert_allclose(found[2], (draws[0] / N) @ predicted, atol=1e-12)
    assert np.ptp(moved(held, layers, y, Ridge(), slopes(held), np.ones((3, N)))) == 0


@pytest.mark.parametrize("of_pool", [False, True])
def test_influences_are_what_leaving_a_stimulus_out_changes(of_pool):
    n = 120
    rng = np.random.default_rng(8)
    x = rng.standard_normal((n, 20))
    y = x[:, :4] @ rng.standard_normal((4, 3)) + 1.5 * rng.standard_normal((n, 3))
    gram, parts, by = gram_of(x), np.arange(n) % 5, Ridge((0.3,))

    def without(i):
        held = held_out(spectra(gram, folds_of(np.where(np.arange(n) == i, -1, parts))), y, by)
        return pooled(held).r()[0] if of_pool else correlations(moments(held))[0, 2]

    layers = spectra(gram, folds_of(parts))
    held = held_out(layers, y, by)
    found = (
        pooled_influence(held, layers, y, by) if of_pool else influences(held, layers, y, by)[:, 2]
    )
    assert found.mean() == pytest.approx(0, abs=1e-12)
    left = np.array([without(i) for i in range(n)])
    taken = -(n - 1) * (left - left.mean())
    assert np.corrcoef(found, taken)[0, 1] > 0.97
    assert found.std() == pytest.approx(taken.std(), rel=0.1)


def test_units_predicted_in_some_parts_alone_have_influences_of_mean_0():
    x, y, folds = made(8)
    layers = spectra(gram_of(x), folds)
    held = held_out(layers, y, Ridge()).masked(np.arange(5)[:, None] < np.array([5, 5, 3, 5, 5, 0]))
    found = influences(held, layers, y, Ridge())
    np.testing.assert_allclose(found[:, :5].mean(axis=0), 0, atol=1e-12)
    assert np.isnan(found[:, 5]).all()


def test_the_pooled_correlation_does_not_change_with_a_rotation_of_the_units():
    x, y, folds = made(9)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((UNITS, UNITS)))[0]
    layers, one = spectra(gram_of(x), folds), np.zeros(UNITS, dtype=int)
    plain, turned = (
        pooled(held_out(layers, z, Ridge(), one)).r()[0] for z in (y, (y - y.mean(axis=0)) @ turn)
    )
    assert plain == pytest.approx(turned, abs=1e-10)
    z = y - y.mean(axis=0)
    of_root = pooled(held_out(layers, root_of(z @ z.T), Ridge(), one)).r()[0]
    assert plain == pytest.approx(of_root, abs=1e-8)


@pytest.mark.parametrize("by", [Ridge(), Ridge(inner="loo"), Components(3), PartialLeastSquares(3)])
def test_what_has_nothing_to_do_with_responses_predicts_nothing(by):
    rng, found = np.random.default_rng(10), []
    folds = folds_of(np.arange(33) % 5)
    for _ in range(20):
        x, y = rng.standard_normal((33, 20)), rng.standard_normal((33, 30))
        held = held_out(spectra(gram_of(x), folds), y, by)
        found.append((np.nanmean(correlations(moments(held))), pooled(held).r()[0]))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(20)
    assert (np.abs(mean) < np.maximum(3.5 * error, 0.02)).all()


@pytest.mark.parametrize("by", [Ridge(), Components(3), PartialLeastSquares(3)])
def test_stimuli_that_are_all_alike_predict_nothing_and_raise_nothing(by):
    _, y, folds = made(11)
    alike = np.full((N, 3), 0.1) @ np.random.default_rng(0).standard_normal((3, 4))
    for gram in (gram_of(alike), alike @ alike.T, np.full((N, N), np.nan)):
        held = held_out(spectra(gram, folds), y, by)
        assert np.isnan(correlations(moments(held))).all()
        assert np.isnan(pooled(held).r()).all()
    constant = np.ones((N, 2))
    held = held_out(spectra(gram_of(made(11)[0]), folds), constant, by)
    assert np.isnan(correlations(moments(held))).all()


def test_of_fewer_dimensions_all_are_taken():
    x, y, folds = made(12, p=3)
    layers = spectra(gram_of(x), folds)
    for by in (Components(4), PartialLeastSquares(4)):
        found = held_out(layers, y, by).predicted
        np.testing.assert_allclose(found, held_out(layers, y, Components(3)).predicted, atol=1e-8)


def test_a_map_through_every_response_is_no_ground_to_choose_a_layer():
    x, y, folds = made(13)
    held = held_out(spectra(gram_of(x), folds), y, Components(N))
    assert np.isfinite(held.predicted).all()
    assert np.isnan(held.inner).all()


def test_too_few_stimuli_make_no_fold():
    assert folds_of(np.array([0, 0, 1, 1])) == []
    assert len(folds_of(np.array([0, 1, 1, 1, 1, -1]))) == 1
