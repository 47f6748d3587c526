r"""A representation decomposed on the stimuli it is fitted on, once for whatever it predicts.

A linear map from centred features :math:`X` with a quadratic penalty predicts through the Gram
matrix alone: with :math:`X_t X_t^\top = U \Lambda U^\top` over the training stimuli and
:math:`B = X_s X_t^\top U` between those held out and them, what is predicted of responses
:math:`y` is :math:`B\, \mathrm{diag}(w)\, U^\top y` about their training mean, with
:math:`w = 1 / (\lambda + \alpha)` for ridge regression. So one decomposition serves every unit,
region, subject and penalty, however many features there are (Saunders, Gammerman & Vovk 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isomorph.prediction.margins import Near

Floats = NDArray[np.floating]
Labels = NDArray[np.intp]

ROUNDING = 1e-11
"""Share of the largest eigenvalue of a Gram matrix below which one is rounding error."""

FEWEST = 4
"""Stimuli that a map can be fitted on."""


@dataclass(frozen=True)
class Fold:
    """Stimuli a map is fitted on, and others that it predicts.

    Attributes
    ----------
    train : array of shape (training stimulus,)
    test : array of shape (held-out stimulus,)
    groups : array of shape (training stimulus,)
        Which of the training stimuli are left out as one where the penalty is chosen, from 0.
    """

    train: Labels
    test: Labels
    groups: Labels

    @cached_property
    def alone(self) -> bool:
        """Whether every training stimulus stands for itself."""
        return len(np.unique(self.groups)) == len(self.train)

    @cached_property
    def members(self) -> list[Labels]:
        """Groups of training stimuli by size: arrays of shape (group, member)."""
        order = np.argsort(self.groups, kind="stable")
        sizes = np.bincount(self.groups)
        ends = np.cumsum(sizes)
        return [
            np.stack([order[end - size : end] for end in ends[sizes == size]])
            for size in np.unique(sizes).tolist()
        ]


def folds_of(parts: Labels, groups: Labels | None = None, near: Near | None = None) -> list[Fold]:
    """Return what holds out each part of the stimuli in turn.

    Parameters
    ----------
    parts : array of shape (stimulus,)
        The part of each; a stimulus with a negative one is in no fold.
    groups : array of shape (stimulus,), optional
        Which stimuli belong together; every stimulus stands for itself unless given.
    near : Near, optional
        Which stimuli are not fitted on where the other is held out.

    Returns
    -------
    list of Fold
        Those with at least `FEWEST` stimuli to fit on.
    """
    own = np.arange(len(parts)) if groups is None else groups
    folds = []
    for part in np.unique(parts[parts >= 0]):
        held = parts == part
        out = held if near is None else near.beside(held)
        train, test = np.flatnonzero((parts >= 0) & ~out), np.flatnonzero(held)
        if len(train) >= FEWEST:
            folds.append(Fold(train, test, np.unique(own[train], return_inverse=True)[1]))
    return folds


@dataclass(frozen=True)
class Spectrum:
    """A representation on the stimuli of one fold, about the mean of the training stimuli.

    Attributes
    ----------
    fold : Fold
    values : array of shape (component,)
        Eigenvalues of the Gram matrix of the training stimuli, ascending, none below 0.
    vectors : array of shape (training stimulus, component)
        Their eigenvectors.
    toward : array of shape (held-out stimulus, component)
        Inner products of held-out stimuli with training stimuli, times the eigenvectors.
    """

    fold: Fold
    values: Floats
    vectors: Floats
    toward: Floats

    @property
    def mean(self) -> float:
        """The mean eigenvalue, which penalties are relative to."""
        return float(self.values.mean())

    @property
    def rank(self) -> int:
        """Number of dimensions in which the training stimuli differ."""
        return int((self.values > 0).sum())


def spectrum(gram: Floats, fold: Fold) -> Spectrum:
    """Decompose a representation on the stimuli of a fold.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
        Inner products of its features, whatever they are centred on: here they are centred on the
        mean of the training stimuli, and no other.
    fold : Fold
    """
    inner = gram[np.ix_(fold.train, fold.train)]
    mean = inner.mean(axis=0)
    level = mean.mean()
    inner = inner - mean - mean[:, None] + level
    across = gram[np.ix_(fold.test, fold.train)]
    across = across - across.mean(axis=1, keepdims=True) - mean + level
    if not np.isfinite(inner).all():
        nothing = np.full(len(inner), np.nan)
        return Spectrum(fold, nothing, np.full_like(inner, np.nan), np.full_like(across, np.nan))
    values, vectors = np.linalg.eigh(inner)
    # Of stimuli that are all alike but for rounding, against how large they are, nothing is left.
    least = max(ROUNDING * values[-1], 1e-14 * np.abs(np.diag(gram)).max())
    values = np.where(values > least, values, 0.0)
    return Spectrum(fold, values, vectors, across @ vectors)


def spectra(gram: Floats, folds: Sequence[Fold]) -> list[Spectrum]:
    """Decompose a representation on the stimuli of every fold.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
    folds : sequence of Fold
    """
    return [spectrum(gram, fold) for fold in folds]


def root_of(gram: Floats) -> Floats:
    """Return coordinates `(stimulus, component)` whose inner products are a Gram matrix.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
        Of features centred over all stimuli.
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > ROUNDING * max(values[-1], 0.0)
    root: Floats = vectors[:, kept] * np.sqrt(values[kept])
    return root
