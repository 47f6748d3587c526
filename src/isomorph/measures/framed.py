r"""RSA that keeps what RDMs discard: how strong responses are, and how high their mean.

Taylor & Kriegeskorte (2025, https://doi.org/10.1101/2025.07.10.664257) put two patterns beside
those of the stimuli before distances are taken: the origin, and a constant over all features. The
distance from the origin is the strength of a response, that from the constant how far it is from a
change of the mean alone. As in the implementation of rsatoolbox, the constant pattern is as long as
the patterns of the stimuli are in the mean, so a change of scale is not seen, but neither moving
the origin nor turning the features leaves the value as it is.

With :math:`u_i` the squared length of pattern i, :math:`t_i` its sum over the root of the number of
features, and :math:`C` the mean of :math:`\sqrt{u_i}`, the squared distances are :math:`u_i` from
the origin, :math:`u_i - 2 C t_i + C^2` from the constant, and :math:`C^2` between the two. In a
resample a stimulus counts as often as it was drawn, pairs of its copies are left out, and each of
the two patterns is there once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import squared_distances
from isomorph.measures._measure import Measure
from isomorph.measures.linear import ROUNDING
from isomorph.measures.pairs import Counts, Floats, blocks, pair_indices
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack
from isomorph.measures.weighted_sums import BLOCK, weighted_moments

Bools = NDArray[np.bool_]

FRAMED = "Taylor & Kriegeskorte 2025, https://doi.org/10.1101/2025.07.10.664257"


@dataclass(frozen=True)
class Patterns:
    """What framed RDMs are made of, of patterns of mean square 1 over stimuli and features.

    Attributes
    ----------
    rdms : array of shape (representation, pair)
        Squared distances.
    squares : array of shape (representation, stimulus)
        Squared lengths, of mean 1.
    totals : array of shape (representation, stimulus)
        Inner products with the constant pattern of length 1.
    """

    rdms: Floats
    squares: Floats
    totals: Floats

    def frames(self, counts: Floats) -> tuple[Floats, Floats]:
        """Return distances from the constant pattern, and its own squared length.

        Shapes `(resample, representation, stimulus)` and `(resample, representation)`.
        """
        drawn = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        length = counts @ np.sqrt(self.squares).T / drawn
        away = self.squares - 2 * length[:, :, None] * self.totals + length[:, :, None] ** 2
        return np.maximum(away, 0.0), length**2

    def kinds(self, counts: Floats) -> tuple[Floats, ...]:
        """Return distances that orders of the stimuli exchange, of a first resample: four sets.

        Among stimuli, from the origin, from the constant pattern, and between these two, each
        `(representation, pair)`.
        """
        away, level = self.frames(counts)
        return self.rdms, self.squares, away[0], level[0, :, None]


@dataclass(frozen=True)
class FramedForm:
    """A cosine or correlation of squared distances among stimuli and two framing patterns.

    Attributes
    ----------
    centre : bool
        Whether the mean over pairs is removed.
    """

    centre: bool

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare all representations: `(a, b)`, NaN where one tells no stimuli apart."""
        return self.resampled(first, second, np.ones((1, first.n_stimuli), dtype=int))[0]

    def resampled(self, first: Stack, second: Stack, counts: Counts) -> Floats:
        """Compare all representations in every resample of the stimuli.

        Parameters
        ----------
        first, second : Stack
            With `features`; their RDMs are not looked at.
        counts : array of shape (resample, stimulus)

        Returns
        -------
        array of shape (resample, a, b)
        """
        x, y = _patterns(first), _patterns(second)
        rows = max(1, BLOCK // max(1, (len(first) + len(second)) * counts.shape[1]))
        found = [
            self._cosines(_moments(x, y, counts[part].astype(float)))
            for part in blocks(len(counts), rows)
        ]
        return np.concatenate(found)

    def chance(self, first: Stack, second: Stack) -> Floats:
        """Return the mean over all orders of the stimuli: `(a, b)`.

        It is not 0: what stimuli are to the framing patterns in the mean is there in every order.
        """
        x, y = _patterns(first), _patterns(second)
        ones = np.ones((1, first.n_stimuli))
        moments = _moments(x, y, ones)
        cross = np.zeros((len(first), len(second)))
        for left, right in zip(x.kinds(ones), y.kinds(ones), strict=True):
            cross += left.shape[1] * np.outer(left.mean(axis=1), right.mean(axis=1))
        return self._cosines(replace(moments, cross=cross[None]))[0]

    def _cosines(self, moments: Moments) -> Floats:
        cross, squares = moments.cross, list(moments.squares)
        x, y = moments.sums
        if self.centre:
            pairs = moments.pairs[:, None]
            cross = cross - x[:, :, None] * (y / pairs)[:, None, :]
            squares = [
                square - total**2 / pairs for square, total in zip(squares, (x, y), strict=True)
            ]
        for at, (square, whole) in enumerate(zip(squares, moments.squares, strict=True)):
            there = (square > ROUNDING * whole) & moments.apart[at]
            squares[at] = np.where(there, square, np.nan)
        return cross / np.sqrt(squares[0][:, :, None] * squares[1][:, None, :])


@dataclass(frozen=True)
class Moments:
    """Weighted sums over the pairs of stimuli and framing patterns, in every resample.

    Attributes
    ----------
    pairs : array of shape (resample,)
    sums, squares : two arrays of shape (resample, representation)
        Of distances and of their squares.
    apart : two arrays of shape (resample, representation)
        Whether the stimuli drawn are told apart.
    cross : array of shape (resample, a, b)
    """

    pairs: Floats
    sums: tuple[Floats, Floats]
    squares: tuple[Floats, Floats]
    apart: tuple[Bools, Bools]
    cross: Floats


def _moments(x: Patterns, y: Patterns, weights: Floats) -> Moments:
    pairs, among, among_squares, cross = weighted_moments(x.rdms, y.rdms, weights)
    ends = [len(x.rdms)]
    parts = zip(np.split(among, ends, axis=1), np.split(among_squares, ends, axis=1), strict=True)
    drawn, sums, squares, apart, frames = weights.sum(axis=1), [], [], [], []
    for one, (total, square) in zip((x, y), parts, strict=True):
        away, level = one.frames(weights)
        frames.append((away, level))
        weighed = away * weights[:, None, :]
        sums.append(total + weights @ one.squares.T + weighed.sum(axis=2) + level)
        squares.append(
            square + weights @ (one.squares**2).T + (weighed * away).sum(axis=2) + level**2
        )
        apart.append(total > ROUNDING * np.maximum(pairs, 1)[:, None])
    (away, level), (other_away, other_level) = frames
    cross = (
        cross
        + (weights[:, None, :] * x.squares) @ y.squares.T
        + (weights[:, None, :] * away) @ other_away.transpose(0, 2, 1)
        + level[:, :, None] * other_level[:, None, :]
    )
    return Moments(
        pairs + 2 * drawn + 1,
        (sums[0], sums[1]),
        (squares[0], squares[1]),
        (apart[0], apart[1]),
        cross,
    )


def _patterns(stack: Stack) -> Patterns:
    return stack.derived("framed", lambda: _patterns_of(stack))


def _patterns_of(stack: Stack) -> Patterns:
    features = [_scaled(x) for x in stack.fact("features")]
    rdms = np.stack([_squared_distances(x) for x in features])
    squares = np.stack([np.square(x).sum(axis=1) for x in features])
    totals = np.stack([x.sum(axis=1) / np.sqrt(x.shape[1]) for x in features])
    return Patterns(rdms, squares, totals)


def _scaled(features: Floats) -> Floats:
    """Return patterns whose squared length is 1 in the mean, zeros if all are 0."""
    length = np.sqrt(np.square(features).sum() / len(features))
    return features / length if length > 0 else np.zeros(features.shape)


def _squared_distances(features: Floats) -> Floats:
    centred = features - features.mean(axis=0)
    upper: Floats = squared_distances(centred @ centred.T)[pair_indices(len(centred))]
    return np.maximum(upper, 0.0)


def _measure(name: str, title: str, *, centre: bool, definition: str, avoid: str) -> Measure:
    return Measure(
        name=name,
        title=f"{title} of RDMs framed by the origin and a constant pattern",
        invariances=("scale", "permutation"),
        range=(-1.0, 1.0),
        independence="positive: stimuli are alike in how far they are from the framing patterns",
        citation=FRAMED,
        form=FramedForm(centre),
        needs=("features",),
        pool=pool_standardised(centre=centre),
        definition=definition,
        avoid=avoid,
    )


FRAMED_COSINE = _measure(
    "framed_cosine",
    "Cosine",
    centre=False,
    definition=(
        r"$$\frac{\sum d^+_{kl} d'^+_{kl}}{\sqrt{\sum (d^+_{kl})^2 \sum (d'^+_{kl})^2}}$$ "
        "$d^+$ are the squared distances among the stimuli, the origin, and a pattern "
        "constant over features whose length is the mean length of the patterns: $(n + "
        "2)(n + 1) / 2$ pairs."
    ),
    avoid=(
        "Where 0 means nothing: after a baseline was subtracted, after z-scoring, or where "
        "features were centred. How strong responses are is part of the value by intent."
    ),
)
FRAMED_PEARSON = _measure(
    "framed_pearson",
    "Pearson correlation",
    centre=True,
    definition=(
        r"$$\frac{\sum (d^+_{kl} - \bar d^+)(d'^+_{kl} - \bar d'^+)}{\sqrt{\sum (d^+_{kl} - "
        r"\bar d^+)^2 \sum (d'^+_{kl} - \bar d'^+)^2}}$$ $d^+$ are the squared distances of "
        "`framed_cosine`."
    ),
    avoid=(
        "Where 0 means nothing: after a baseline was subtracted, after z-scoring, or where "
        "features were centred. How strong responses are is part of the value by intent."
    ),
)
