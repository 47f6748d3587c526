r"""Stimuli of one representation found again in another, by their likeness to anchors.

Norelli et al. (2023, https://arxiv.org/abs/2210.01738) put two representations into one space by
their likeness to anchors that both have in common: cosines of centred patterns, standardised over
the anchors as in `isomorph.measures.relative` (their sparsification and exponent are left out). Of
the stimuli that are no anchors, each of one representation looks for itself among all of the other:
the accuracy is how often it is the nearest, the mean reciprocal rank the mean of 1 / rank, where
equally near ones share their ranks. Anchors are the training stimuli and the others held out, so no
stimulus is looked for that the space was made of.

Of m held-out stimuli, unrelated representations find :math:`1/m` at once, and have the mean
reciprocal rank :math:`(1 + 1/2 + \dots + 1/m) / m`: in a random order, the rank of a stimulus is
anything from 1 to m.

The influence of a held-out stimulus is that of leaving it out, as what is looked for and as what
is in the way of others. Anchors move cosines, and ranks change where one passes another: with
:math:`c_{ij}` the cosine of what is sought and what is found, and :math:`g_{ij}` what the score of
i would gain were j to give way, the anchors' influence is the derivative of

.. math:: -\frac1m \sum_{ij} g_{ij} \Phi \left( \frac{c_{ij} - c_{ii}}{h} \right)

with respect to their weights, smoothed over a share :math:`h` of the spread of margins. As of every
mean over subsets of the stimuli, deviations that follow are on the wide side (Efron & Stein 1981,
https://doi.org/10.1214/aos/1176345462): simulated with 20, 40 and 60 stimuli, by 5 to 40 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.anchored import DRAWS, Draw, coordinates, drawn_anchors
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.retrieval import SCORES, Score, places, ranked
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

ASIF = "Norelli et al. 2023, https://arxiv.org/abs/2210.01738"

WIDTH = 0.2
"""Share of the spread of margins over which ranks are smoothed where anchors move them."""


@dataclass(frozen=True)
class RetrievalForm(Jackknifed):
    """How well held-out stimuli are found, from either representation in the other.

    Attributes
    ----------
    score : str
        See `SCORES`.
    share : float
        Part of the stimuli that are anchors.
    """

    score: str
    share: float = 0.5
    draws: ClassVar[int] = DRAWS
    parameter: ClassVar[str] = "share"
    meaning: ClassVar[str] = (
        "the share of stimuli that are anchors, half if none is named, above 0 and at most 0.9"
    )
    allowed: ClassVar[tuple[float, float]] = (0.0, 0.9)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`; NaN where one tells no stimuli apart."""
        return self._mean(first, second, _level, ())

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, held out or as an anchor: `(a, b, stimulus)`.

        Parameters
        ----------
        first, second : Stack
        """
        n = first.n_stimuli
        added = self._mean(first, second, _added, (n,))
        return added - added.mean(axis=2, keepdims=True)

    def chance(self, first: Stack, second: Stack) -> Floats:
        """Return what unrelated representations have: `(a, b)`, the same for all."""
        draws = drawn_anchors(first.n_stimuli, self.share)
        by_chance = SCORES[self.score][1](len(draws[0][1])) if draws else np.nan
        return np.full((len(first), len(second)), by_chance)

    def _mean(
        self, first: Stack, second: Stack, of: Callable[..., Floats], shape: tuple[int, ...]
    ) -> Floats:
        """Return the mean of `of` over draws and both ways, `(a, b, ...)`."""
        draws = drawn_anchors(first.n_stimuli, self.share)
        found = np.full((len(first), len(second), *shape), 0.0 if draws else np.nan)
        x, y = (coordinates(one, ("cosine",), self.share, features=False)
                for one in (first, second))  # fmt: skip
        for draw, left, right in zip(draws, x, y, strict=True):
            for at, one in enumerate(left):
                other = right[:, 0]
                flat = other.reshape(-1, other.shape[2]) @ one[0].T
                cosines = flat.reshape(*other.shape[:2], len(one[0])).swapaxes(1, 2)
                for way in ((cosines, one, other), (cosines.swapaxes(1, 2), other, one)):
                    found[at] += of(SCORES[self.score][0], *way, draw) / (2 * self.draws)
            found[np.isnan(left).any(axis=(1, 2, 3))] = np.nan
            found[:, np.isnan(right).any(axis=(1, 2, 3))] = np.nan
        return found


def _level(score: Score, cosines: Floats, sought: Floats, found: Floats, draw: Draw) -> Floats:
    """Return the mean score: `(b,)`.

    Parameters
    ----------
    score : callable
    cosines : array of shape (b, sought, found)
    sought, found : arrays of shape (b, stimulus, anchor), b of either or 1
        What they are between.
    draw : (anchors, others)
    """
    return score(*ranked(cosines)).mean(axis=-1)


def _added(score: Score, cosines: Floats, sought: Floats, found: Floats, draw: Draw) -> Floats:
    """Return what each of the stimuli adds to the mean score, see `_level`: `(b, stimulus)`."""
    anchors, others = draw
    n = len(anchors) + len(others)
    added = np.full((len(cosines), n), np.nan)
    added[:, others] = n * _of_held_out(score, cosines)
    passing = _passing(score, cosines)
    # The derivative of a correlation over anchors, see `isomorph.measures.relative`.
    weighted = passing * cosines
    change = (sought * (passing @ found)).sum(axis=1)
    change -= (weighted.sum(axis=2)[:, None] @ sought**2)[:, 0] / 2
    change -= (weighted.sum(axis=1)[:, None] @ found**2)[:, 0] / 2
    added[:, anchors] = n * change
    return added


def _of_held_out(score: Score, cosines: Floats) -> Floats:
    """Return what each held-out stimulus adds, of mean 0: `(b, stimulus)`."""
    nearer, as_near = ranked(cosines)
    above, equal = places(cosines)
    own, m = score(nearer, as_near), cosines.shape[1]
    if m < 2:
        return np.zeros(own.shape)
    # What it is worth to each that seeks that one nearer, or as near, is gone.
    passed = score(np.maximum(nearer - 1, 0), as_near) - own
    shared = score(nearer, np.maximum(as_near - 1, 1)) - own
    gained = np.einsum("bij,bi->bj", above, passed) + np.einsum("bij,bi->bj", equal, shared)
    without = (own.sum(axis=1, keepdims=True) - own + gained) / (m - 1)
    added: Floats = without.mean(axis=1, keepdims=True) - without
    return added


def _passing(score: Score, cosines: Floats) -> Floats:
    """Return the change of the mean score with each cosine: `(b, sought, found)`."""
    nearer, as_near = ranked(cosines)
    own, m = score(nearer, as_near), cosines.shape[1]
    passed = score(np.maximum(nearer - 1, 0), as_near) - own
    passes = own - score(nearer + 1, as_near)
    margin = cosines - np.diagonal(cosines, axis1=1, axis2=2)[:, :, None]
    width = WIDTH * np.sqrt((margin**2).sum(axis=(1, 2), keepdims=True) / max(1, m * (m - 1)))
    width = np.where(width > 0, width, 1.0)
    density = np.exp(-0.5 * (margin / width) ** 2) / (width * np.sqrt(2 * np.pi))
    above, _ = places(cosines)
    changes = -density * np.where(above, passed[:, :, None], passes[:, :, None]) / m
    every = np.arange(m)
    changes[:, every, every] = 0.0
    changes[:, every, every] = -changes.sum(axis=2)
    return changes


def _measure(name: str, title: str, chance: str, *, definition: str, avoid: str) -> Measure:
    return Measure(
        name=name,
        title=f"{title} by its likeness to anchors, {DRAWS} draws of these",
        family="relative",
        invariances=("scale",),
        range=(0.0, 1.0),
        independence=f"positive: {chance} of m held-out stimuli",
        citation=ASIF,
        form=RetrievalForm(name.removeprefix("asif_")),
        distances=SQUARED,
        needs=("gram",),
        pool=pool_standardised(centre=False),
        definition=definition,
        avoid=avoid,
    )


ASIF_ACCURACY = _measure(
    "asif_accuracy",
    "Accuracy of finding a stimulus again",
    "1/m",
    definition=(
        r"$$\operatorname{mean}_i \, [\, i = \arg\max_j \langle z_i, z'_j \rangle \,]$$ "
        "$z_i$ is stimulus $i$ by its cosines with anchors, as in `relative_cosine`; the "
        "mean is over stimuli that are no anchors, either way, and over draws of anchors."
    ),
    avoid=(
        "To compare studies with different numbers of stimuli: among more of them each is "
        "harder to find. With noisy responses it is near chance long before similarity is; "
        "take `relative_cosine`."
    ),
)
ASIF_MRR = _measure(
    "asif_mrr",
    "Mean reciprocal rank of a stimulus looked for",
    "(1 + 1/2 + ... + 1/m) / m",
    definition=(
        r"$$\operatorname{mean}_i \frac{1}{\operatorname{rank}_i}$$ $\operatorname{rank}_i$ "
        "is the place of stimulus $i$ among the held-out stimuli of the other "
        r"representation, by $\langle z_i, z'_j \rangle$ as in `asif_accuracy`."
    ),
    avoid=(
        "To compare studies with different numbers of stimuli, on which its chance level "
        "and its values depend. It is decided by the few stimuli found at once; take "
        "`relative_cosine` for the rest."
    ),
)
