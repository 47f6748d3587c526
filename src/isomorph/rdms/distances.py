"""Distances inside a representation, a registry by name."""

from __future__ import annotations

import numpy as np

from isomorph.geometry import Floats, Geometry, UndefinedDistanceError
from isomorph.rdms import decoding, poisson, precision
from isomorph.rdms.distance import Distance
from isomorph.registry import Registry
from isomorph.responses.variance import ROUNDING

ROWS = 64
"""Rows of a Gram matrix that become distances at a time, while they are in the cache."""


def correlation(geometry: Geometry) -> Floats:
    """Return `1 - r` between the feature patterns of two stimuli.

    Raises
    ------
    UndefinedDistanceError
        When a stimulus has the same value in every feature.
    """
    mean = geometry.stimulus_mean
    raw = geometry.raw / geometry.n_features
    power = np.diag(raw).copy()
    raw -= np.outer(mean, mean)
    variance = np.diag(raw)
    flat = variance <= ROUNDING * power
    if flat.any():
        raise UndefinedDistanceError(
            f"correlation distance is undefined: {int(flat.sum())} of {len(flat)} stimuli have "
            "the same value in every feature"
        )
    return _from_cosines(raw)


def cosine(geometry: Geometry) -> Floats:
    """Return 1 less the cosine between the feature patterns of two stimuli.

    Raises
    ------
    UndefinedDistanceError
        When a stimulus is 0 in every feature.
    """
    products = geometry.products
    power = np.diag(products)
    # What is lost when a constant is taken off and put back is a share of that constant.
    lifted = power + geometry.n_features * geometry.offset**2
    zero = power <= ROUNDING * np.maximum(lifted, power.max())
    if zero.any():
        raise UndefinedDistanceError(
            f"cosine distance is undefined: {int(zero.sum())} of {len(zero)} stimuli are 0 in "
            "every feature"
        )
    return _from_cosines(products)


def variances(geometry: Geometry) -> Floats:
    """Return the variance of every pattern over features: `(stimulus,)`."""
    norms = np.diag(geometry.gram) + 2 * geometry.mean_projection + geometry.mean_norm
    variance: Floats = norms / geometry.n_features - geometry.stimulus_mean**2
    return variance


def powers(geometry: Geometry) -> Floats:
    """Return the sum of squares of every pattern over features: `(stimulus,)`."""
    return np.diag(geometry.products).copy()


def squared_euclidean(geometry: Geometry) -> Floats:
    """Return the mean over features of the squared difference."""
    return np.maximum(from_gram(geometry.gram), 0) / geometry.n_features


def euclidean(geometry: Geometry) -> Floats:
    """Return the root of the mean over features of the squared difference."""
    return np.sqrt(squared_euclidean(geometry))


def euclidean_norm(geometry: Geometry) -> Floats:
    """Return the root of the sum over features of the squared difference."""
    return np.sqrt(np.maximum(from_gram(geometry.gram), 0))


def crossvalidated_euclidean(geometry: Geometry) -> Floats:
    """Return the squared Euclidean distance, cross-validated over repetitions, per feature.

    Unbiased by noise, so it can be negative and is never clipped (Walther et al. 2016,
    https://doi.org/10.1016/j.neuroimage.2015.12.012).

    Raises
    ------
    UndefinedDistanceError
        Without at least two repetitions of every stimulus.
    """
    if geometry.fold_gram is None or np.isnan(geometry.fold_gram).any():
        raise UndefinedDistanceError(
            "cross-validated distance is undefined: it needs at least two repetitions of every "
            "stimulus"
        )
    return from_gram(geometry.fold_gram) / geometry.n_features


def mahalanobis(geometry: Geometry) -> Floats:
    """Return the mean over units of the squared difference of whitened patterns."""
    part = geometry.part("mahalanobis")
    return np.maximum(from_gram(part.values), 0) / part.n_units


def crossnobis(geometry: Geometry) -> Floats:
    """Return the squared difference of whitened patterns, cross-validated, per unit."""
    part = geometry.part("crossnobis")
    return from_gram(part.values) / part.n_units


def poisson_kl(geometry: Geometry) -> Floats:
    """Return the symmetrised Kullback-Leibler divergence of Poisson rates, per unit."""
    part = geometry.part("poisson_kl")
    return np.maximum(upper(part.values), 0) / part.n_units


def crossvalidated_poisson_kl(geometry: Geometry) -> Floats:
    """Return the cross-validated divergence of Poisson rates, per unit."""
    part = geometry.part("crossvalidated_poisson_kl")
    return upper(part.values) / part.n_units


def lda_accuracy(geometry: Geometry) -> Floats:
    """Return the accuracy of a cross-validated linear discriminant of each pair."""
    return upper(decoding.accuracy(geometry.part("lda_accuracy").values))


def from_gram(gram: Floats) -> Floats:
    """Return squared distances `(pair,)` from inner products `(stimulus, stimulus)`."""
    diagonal, parts = np.diag(gram), []
    for start in range(0, len(gram), ROWS):
        some = slice(start, start + ROWS)
        rows = gram[some] * -2.0
        rows += diagonal
        rows += diagonal[some, None]
        parts += [row[start + place + 1 :] for place, row in enumerate(rows)]
    return np.concatenate(parts) if parts else np.empty(0)


def upper(square: Floats) -> Floats:
    """Return the upper triangle `(pair,)` of `(stimulus, stimulus)`, row by row."""
    rows = [square[row, row + 1 :] for row in range(len(square) - 1)]
    return np.concatenate(rows) if rows else np.empty(0)


def _from_cosines(products: Floats) -> Floats:
    """Return 1 less the cosines that inner products are of; changes `products`."""
    norm = np.sqrt(np.diag(products))
    products /= norm
    products /= norm[:, None]
    return 1 - upper(products)


_WALTHER = "Walther et al. 2016, https://doi.org/10.1016/j.neuroimage.2015.12.012"
_KRIEGESKORTE = "Kriegeskorte et al. 2008, https://doi.org/10.3389/neuro.06.004.2008"
_SCHUETT = "Schütt et al. 2023, https://doi.org/10.7554/eLife.82566"
_INFINITE = float("inf")

DISTANCES: Registry[Distance] = Registry(
    "distance",
    {
        distance.name: distance
        for distance in (
            Distance(
                "correlation", "1 - Pearson correlation", correlation, _KRIEGESKORTE,
                "1 - r", (0.0, 2.0), norms=variances,
                definition=(
                    r"$$d_{ij} = 1 - \operatorname{corr}(x_i, x_j)$$ over features, each "
                    "pattern less its own mean."
                ),
                avoid=(
                    "Where the mean of a response over units, or its strength, carries "
                    "what is asked: both are divided out. With few units, or patterns that "
                    "hardly vary, as of weak stimuli: dividing by small variances makes "
                    "noise large. It holds the mean baseline of the runs, which is in every "
                    "pattern; cross-validated distances are free of it."
                ),
            ),
            Distance(
                "cosine", "1 - cosine", cosine, "Salton & McGill 1983, ISBN 0-07-054484-0",
                "1 - cosine", (0.0, 2.0), norms=powers,
                definition=(
                    r"$$d_{ij} = 1 - \frac{\langle x_i, x_j \rangle}{\lVert x_i \rVert \, "
                    r"\lVert x_j \rVert}$$"
                ),
                avoid=(
                    "Where 0 means nothing, after z-scoring or baseline subtraction, as "
                    "the angle is seen from there; for weak responses, whose angle is "
                    "noise."
                ),
            ),
            Distance(
                "euclidean", "Euclidean distance, root mean square over units", euclidean,
                _KRIEGESKORTE, "unit of the responses", (0.0, _INFINITE),
                definition=(
                    r"$$d_{ij} = \sqrt{\tfrac{1}{p} \sum_a (x_{ia} - x_{ja})^2}$$"
                ),
                avoid=(
                    "For noisy responses, without cross-validation: noise raises every "
                    "distance, and those of rarely shown stimuli most. Measures that need "
                    "squared distances, such as `cka`, do not take it."
                ),
            ),
            Distance(
                "euclidean_norm", "Euclidean distance, norm of the difference", euclidean_norm,
                _KRIEGESKORTE, "unit of the responses, growing with the number of units",
                (0.0, _INFINITE),
                definition=(
                    r"$$d_{ij} = \sqrt{\sum_a (x_{ia} - x_{ja})^2}$$"
                ),
                avoid=(
                    "To set the distances of populations of different sizes beside each "
                    "other: it grows with the number of units. For numbers that must match "
                    "other software."
                ),
            ),
            Distance(
                "squared_euclidean", "squared Euclidean distance", squared_euclidean, _WALTHER,
                "squared unit of the responses, per unit", (0.0, _INFINITE),
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} \sum_a (x_{ia} - x_{ja})^2$$"
                ),
                avoid=(
                    "For noisy responses, where noise raises every distance: with "
                    "repetitions take `crossvalidated_euclidean`."
                ),
            ),
            Distance(
                "crossvalidated_euclidean",
                "squared Euclidean distance, cross-validated over runs or repetitions",
                crossvalidated_euclidean, _WALTHER,
                "squared unit of the responses, per unit", (-_INFINITE, _INFINITE),
                needs=frozenset({"folds"}), noise_free="squared_euclidean", crossed=True,
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} \operatorname{mean}_{r \ne s} \langle x^r_i - "
                    r"x^r_j, \; x^s_i - x^s_j \rangle$$ over couples of different runs, or "
                    "repetitions, $r$ and $s$, whose noise is independent."
                ),
                avoid=(
                    "Where repetitions are not independent, as two of one run are. Never "
                    "clip or root what is negative: an unbiased estimate of 0 is negative "
                    "half of the time. Where units differ much in noise, take "
                    "`crossnobis`."
                ),
            ),
            Distance(
                "mahalanobis", "squared Mahalanobis distance",
                mahalanobis, "Mahalanobis 1936, Proc. Natl. Inst. Sci. India 2, 49-55",
                "squared standard deviations of the noise, per unit", (0.0, _INFINITE),
                needs=frozenset({"folds", "noise"}), noise_free="squared_euclidean",
                gather=precision.mahalanobis, white="squared_euclidean", level="crossnobis",
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} (x_i - x_j)^\top \Sigma^{-1} (x_i - x_j)$$ "
                    r"$\Sigma$ is the covariance of noise over repetitions, shrunk."
                ),
                avoid=(
                    "For noisy responses: noise raises every distance as it does without "
                    "whitening. With repetitions enough for the covariance of noise there are "
                    "enough for `crossnobis`."
                ),
            ),
            Distance(
                "crossnobis", "crossnobis distance (cross-validated Mahalanobis)",
                crossnobis, _WALTHER,
                "squared standard deviations of the noise, per unit", (-_INFINITE, _INFINITE),
                needs=frozenset({"folds", "noise"}), noise_free="squared_euclidean",
                gather=precision.crossnobis, white="crossvalidated_euclidean", level="crossnobis",
                crossed=True,
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} \operatorname{mean}_r (x^r_i - x^r_j)^\top "
                    r"\Sigma_{-r}^{-1} (x^{-r}_i - x^{-r}_j)$$ $x^r$ are the responses of "
                    "run, or repetition, $r$, $x^{-r}$ the means of all others, and "
                    r"$\Sigma_{-r}$ the covariance of noise over these, shrunk. Of two "
                    "repetitions none is left that has noise; other stimuli tell it then."
                ),
                avoid=(
                    "With fewer than two runs or repetitions, or where repetitions are not "
                    "independent. With so few residuals that the covariance of noise is hardly "
                    "known: whitening by it then weighs units by chance. Never clip or root what "
                    "is negative."
                ),
            ),
            Distance(
                "poisson_kl", "symmetrised Kullback-Leibler divergence of Poisson rates",
                poisson_kl, _SCHUETT, "nats, per unit", (0.0, _INFINITE),
                needs=frozenset({"folds"}), noise_free="squared_euclidean",
                gather=poisson.poisson_kl, adjusts=False,
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} \sum_a (\lambda_{ia} - \lambda_{ja})(\log "
                    r"\lambda_{ia} - \log \lambda_{ja})$$ $\lambda_{ia}$ is the rate of "
                    "unit $a$ for stimulus $i$, drawn towards a prior rate so that none is "
                    "0."
                ),
                avoid=(
                    "For anything but counts or rates of spikes: responses must not be "
                    "negative, nor transformed. Noise raises it; with repetitions take "
                    "`crossvalidated_poisson_kl`."
                ),
            ),
            Distance(
                "crossvalidated_poisson_kl",
                "symmetrised Kullback-Leibler divergence of Poisson rates, cross-validated over "
                "runs or repetitions",
                crossvalidated_poisson_kl, _SCHUETT, "nats, per unit", (-_INFINITE, _INFINITE),
                needs=frozenset({"folds"}), noise_free="squared_euclidean",
                gather=poisson.crossvalidated_poisson_kl, crossed=True,
                definition=(
                    r"$$d_{ij} = \tfrac{1}{p} \operatorname{mean}_r \sum_a "
                    r"(\lambda^{-r}_{ia} - \lambda^{-r}_{ja})(\log \lambda^r_{ia} - \log "
                    r"\lambda^r_{ja})$$ $\lambda^r$ are the rates in run, or repetition, "
                    r"$r$ and $\lambda^{-r}$ those in all others, each drawn towards a "
                    "prior rate."
                ),
                avoid=(
                    "For anything but counts or rates of spikes. With very few spikes, "
                    "where the prior decides; never clip what is negative."
                ),
            ),
            Distance(
                "lda_accuracy", "accuracy of a cross-validated linear discriminant",
                lda_accuracy, _WALTHER, "share of presentations, .5 by chance", (0.0, 1.0),
                needs=frozenset({"folds", "noise"}), noise_free="euclidean",
                gather=decoding.decisions, crossed=True,
                definition=(
                    r"$$d_{ij} = \operatorname{mean} \left[ (x - \tfrac{m_i + m_j}{2})^\top "
                    r"\Sigma^{-1} (m_i - m_j) > 0 \right]$$ over held-out responses $x$ to "
                    "stimulus $i$, and likewise to $j$; means $m$ and noise covariance "
                    r"$\Sigma$ are those of the other runs or repetitions. Half is chance."
                ),
                avoid=(
                    "Where stimuli are told apart nearly always, or hardly ever: it "
                    "saturates at 1, and with few repetitions it takes few values. Take "
                    "`crossnobis`, which does neither. It is no squared distance, so `cka` "
                    "and its kin do not take it."
                ),
            ),
        )
    },
    "isomorph.distances",
    Distance,
)  # fmt: skip
