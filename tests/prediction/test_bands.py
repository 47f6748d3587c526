"""Several representations together, against weighted kernels of himalaya and planted truth."""

from dataclasses import replace

import numpy as np
from himalaya.kernel_ridge import WeightedKernelRidge

from isomorph.prediction import (
    Ridge,
    explained,
    folds_of,
    held_out,
    moments,
    moved,
    spectra,
)
from isomorph.prediction.bands import banded, candidate_shares, moved_with_bands
from isomorph.prediction.refits import explained_slopes

N = 60


def gram_of(x):
    centred = x - x.mean(axis=0)
    return centred @ centred.T


def made(seed=0):
    rng = np.random.default_rng(seed)
    first, second, none = (rng.standard_normal((N, p)) * s for p, s in ((8, 1), (30, 5), (80, 1)))
    y = np.hstack(
        [first @ rng.standard_normal((8, 4)), second @ rng.standard_normal((30, 4)) / 8]
    ) + rng.standard_normal((N, 8))
    return [first, second, none], y, folds_of(np.arange(N) % 5)


def test_given_shares_it_is_himalayas_weighted_kernel_ridge():
    bands, y, folds = made()
    share, penalty = np.array([0.2, 0.7, 0.1]), 0.5
    found = banded([gram_of(x) for x in bands], folds, y, Ridge((penalty,)), share[None])
    for fold in folds:
        own = [x - x[fold.train].mean(axis=0) for x in bands]
        kernels = np.stack([x @ x[fold.train].T for x in own])
        kernels /= [[[np.trace(k[fold.train]) / len(fold.train)]] for k in kernels]
        level = y[fold.train].mean(axis=0)
        peer = WeightedKernelRidge(
            alpha=penalty, deltas=np.log(share), kernels="precomputed", random_state=0,
            solver_params={"tol": 1e-13, "max_iter": 5000},
        ).fit(kernels[:, fold.train], y[fold.train] - level)  # fmt: skip
        np.testing.assert_allclose(
            found.held.predicted[fold.test], peer.predict(kernels[:, fold.test]), atol=1e-6
        )


def test_one_band_is_plain_ridge_whatever_its_scale():
    bands, y, folds = made(1)
    gram = gram_of(bands[1])
    found = banded([100 * gram], folds, y, Ridge(), candidate_shares(1, 20, np.random))
    plain = held_out(spectra(gram, folds), y, Ridge())
    np.testing.assert_allclose(found.held.predicted, plain.predicted, atol=1e-8)
    np.testing.assert_allclose(found.held.inner, plain.inner, atol=1e-10)


def test_how_draws_move_one_band_is_how_they_move_plain_ridge():
    bands, y, folds = made(1)
    gram, draws = gram_of(bands[1]), np.random.default_rng(2).multinomial(N, np.full(N, 1 / N), 5)
    found = banded([gram], folds, y, Ridge(), np.ones((1, 1)))
    layers, held = spectra(gram, folds), held_out(spectra(gram, folds), y, Ridge())
    plain = moved(held, layers, y, Ridge(), explained_slopes(held), draws).sum(axis=0)
    banded_too = moved_with_bands(found, [gram], folds, y, Ridge(), draws)
    np.testing.assert_allclose(banded_too, plain, atol=1e-9)
    assert plain.std() > 0.005


def test_slopes_of_the_variance_explained_are_its_derivatives():
    bands, y, folds = made(1)
    held = held_out(spectra(gram_of(bands[0]), folds), y, Ridge())
    step = np.zeros(held.predicted.shape)
    step[7] = 1e-6
    two = [
        explained(moments(replace(held, predicted=held.predicted + sign * step)))[0]
        for sign in (1, -1)
    ]
    np.testing.assert_allclose((two[0] - two[1]) / 2e-6, explained_slopes(held)[7], atol=1e-7)


def test_units_take_the_band_that_made_them_and_lose_little_to_the_others():
    bands, y, folds = made(2)
    shares = candidate_shares(3, 30, np.random.default_rng(0))
    found = banded([gram_of(x) for x in bands], folds, y, Ridge(), shares)
    mean = found.shares.mean(axis=0)
    assert (mean[:4].argmax(axis=1) == 0).all()
    assert (mean[4:].argmax(axis=1) == 1).all()
    together = explained(moments(found.held))[0]
    joined = np.hstack([x / np.linalg.norm(x) for x in bands])
    plain = explained(moments(held_out(spectra(gram_of(joined), folds), y, Ridge())))[0]
    assert together.mean() > plain.mean() + 0.05
    alone = explained(moments(held_out(spectra(gram_of(bands[0]), folds), y[:, :4], Ridge())))[0]
    assert together[:4].mean() > alone.mean() - 0.05


def test_shares_to_try_add_up_to_one_and_begin_with_the_corners():
    shares = candidate_shares(3, 25, np.random.default_rng(0))
    assert shares.shape == (25, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(shares[:3], np.eye(3))


def test_bands_without_a_dimension_have_no_share():
    bands, y, folds = made(3)
    shares = candidate_shares(2, 10, np.random.default_rng(0))
    alike = np.full((N, N), 0.3)
    found = banded([alike, gram_of(bands[0])], folds, y, Ridge(), shares)
    alone = held_out(spectra(gram_of(bands[0]), folds), y, Ridge())
    np.testing.assert_allclose(found.held.inner, alone.inner, atol=1e-10)
    nothing = banded([alike, alike], folds, y, Ridge(), shares)
    assert np.isnan(nothing.held.predicted).all()
