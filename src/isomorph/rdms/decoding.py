r"""Decoding accuracy: how often a linear discriminant tells two stimuli apart.

With the means :math:`m` and the precision :math:`P` of the other folds, a response :math:`x` to
stimulus :math:`i` rather than :math:`j` scores :math:`(x - (m_i + m_j)/2)^\top P (m_i - m_j)`
(Fisher's discriminant with equal priors). Of all pairs of a fold these are two products of
matrices, and of populations recorded apart, whose noise is independent, they are sums: repetitions
of the same number make one response of the whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isomorph.geometry import Contribution, Floats, UndefinedDistanceError
from isomorph.rdms.folds import Folds
from isomorph.rdms.precision import SessionNoise, groups
from isomorph.responses.division import rounds
from isomorph.study.dataset import NoiseSpec


def decisions(folds: Folds, settings: NoiseSpec) -> Contribution:
    """Return the scores of every repetition: `(repetition, stimulus, other stimulus)`.

    A fold is left out with its group, see `isomorph.rdms.precision.groups`, and each of its
    repetitions is put to the test. NaN where a stimulus was not shown in it, or never in the
    other folds.

    Raises
    ------
    UndefinedDistanceError
        With fewer than three repetitions, or two folds that do not repeat stimuli: what is left
        has no noise against which to discriminate.
    """
    if len(folds) < 2 or len(folds.seen) < 3:
        raise UndefinedDistanceError("it needs at least three repetitions")
    folds, n_stimuli = meeting(folds.centred), folds.seen.shape[1]
    if len(folds) < 2:
        raise UndefinedDistanceError("it needs two folds that show the same stimuli")
    scores = np.full((len(folds.seen), n_stimuli, n_stimuli), np.nan)
    noisy = np.zeros(folds.values.shape[2], dtype=bool)
    for group in groups(len(folds)):
        train = folds.of(~group)
        # What a run adds to all its responses is noise of each that is put to the test.
        noise = SessionNoise(replace(train, together=False), settings.shrinkage)
        noisy |= noise.noisy
        left_out = np.flatnonzero(folds.repetitions(group))
        white = noise.whiten(np.concatenate([train.means[None], folds.values[left_out]]))
        means, tests = white[0], white[1:]
        half = np.einsum("su,su->s", means, means) / 2
        for place, test in zip(left_out, tests, strict=True):
            score = test @ means.T - half
            score = np.diag(score)[:, None] - score
            score[~folds.seen[place]] = np.nan
            scores[place] = score
    return Contribution(scores, int(noisy.sum()))


def meeting(folds: Folds) -> Folds:
    """Return folds in which stimuli can be put to the test together.

    Where two stimuli are in no fold both, as where every fold is one stimulus of a group, folds
    that have no stimulus in common become one.
    """
    shown = folds.seen.astype(np.float32)
    if folds.fold is not None or (shown.T @ shown > 0).all():
        return folds
    number = rounds(folds.seen)
    count = int(number.max()) + 1
    values = np.zeros((count, *folds.values.shape[1:]))
    seen = np.zeros((count, folds.seen.shape[1]), dtype=bool)
    np.add.at(values, number, np.where(folds.seen[:, :, None], folds.values, 0.0))
    np.logical_or.at(seen, number, folds.seen)
    return Folds(values, seen)


def accuracy(scores: Floats) -> Floats:
    """Return the share of repetitions that are decoded, by pair: `(stimulus, stimulus)`.

    Each stimulus of a pair has the same say; a score of 0 counts half. What counts are repetitions
    that put both to the test, which the same other folds then decide. Of a stimulus tested without
    the other, the mean would be of fewer repetitions than that of the other, hence farther from any
    response, and noise would be told apart less often than by chance.

    Parameters
    ----------
    scores : array of shape (repetition, stimulus, other stimulus)

    Raises
    ------
    UndefinedDistanceError
        When a pair was never put to the test.
    """
    tested = np.isfinite(scores)
    tested &= tested.swapaxes(1, 2)
    right = np.where(tested, np.heaviside(scores, 0.5), 0.0).sum(axis=0)
    counts = tested.sum(axis=0)
    if not (counts > 0).all():
        raise UndefinedDistanceError(
            "it needs a fold, for every two stimuli, that shows both and whose others do"
        )
    share = right / counts
    return (share + share.T) / 2
