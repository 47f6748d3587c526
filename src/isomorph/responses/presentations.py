"""Presentations: which stimulus was shown, and which repetition of it this was."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean

Array = npt.NDArray


TOGETHER = 1e-3
"""Seconds within which nothing is shown twice."""


def repetitions(stimulus: Array, onset: Array) -> Array:
    """Number the presentations of each stimulus from 0 in the order of their onsets.

    Parameters
    ----------
    stimulus : array of str of shape (presentation,)
        Stimulus ids.
    onset : array of shape (presentation,)
        Anything that orders the presentations; equal onsets keep their order.

    Returns
    -------
    array of shape (presentation,)
        How often the stimulus had been shown before.
    """
    if not len(stimulus):
        return np.zeros(0, dtype=np.int64)
    _, code = np.unique(stimulus, return_inverse=True)
    order = np.lexsort((onset, code))
    grouped = code[order]
    first = np.flatnonzero(np.concatenate([[True], grouped[1:] != grouped[:-1]]))
    sizes = np.diff(np.concatenate([first, [len(grouped)]]))
    numbers = np.empty(len(grouped), dtype=np.int64)
    numbers[order] = np.arange(len(grouped)) - np.repeat(first, sizes)
    return numbers


def refuse_repeated(stimulus: Array, onset: Array, where: str, within: float = TOGETHER) -> None:
    """Refuse one stimulus twice at one time: its noise would count as that of two presentations.

    Parameters
    ----------
    stimulus : array of str of shape (presentation,)
    onset : array of shape (presentation,)
        Seconds.
    where : str
        File, table and column, for the message.
    within : float
        Seconds between onsets that are one and the same.

    Raises
    ------
    IsomorphError
        Naming the first such presentation.
    """
    order = np.lexsort((onset, stimulus))
    same = (stimulus[order][1:] == stimulus[order][:-1]) & (np.diff(onset[order]) < within)
    if same.any():
        row = order[1:][same][0]
        raise IsomorphError(
            f'{where}: "{stimulus[row]}" at {onset[row]:g} s is listed twice '
            f"({int(same.sum())} presentations are); expected each presentation once"
        )


def usable(
    label: Array,
    onset: Array,
    stimuli: Array,
    where: str,
    table: str,
    known: Array | None = None,
) -> tuple[Array, dict[str, int]]:
    """Tell which presentations showed a stimulus of the set at a known time.

    Parameters
    ----------
    label : array of str of shape (presentation,)
        Stimulus named by the recording, '' for none.
    onset : array of shape (presentation,)
        Onsets, NaN where unknown.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    where : str
        File, table and column, for the message.
    table : str
        The stimulus table, for the message.
    known : array of bool of shape (presentation,), optional
        Whether the label stands for a stimulus of the set; unless given, labels are ids.

    Returns
    -------
    keep : array of bool of shape (presentation,)
    dropped : dict of str to int
        How many presentations were left out, by reason.

    Raises
    ------
    IsomorphError
        When not one presentation is left.
    """
    named = label != ""
    known = np.isin(label, stimuli) if known is None else named & known
    timed = np.isfinite(onset)
    keep = known & timed
    if not keep.any():
        strange = sorted({str(name) for name in label[named & ~known]})
        if strange:
            raise IsomorphError(
                f'{where}: names "{strange[0]}" and {len(strange) - 1} others, none of them a '
                f"stimulus of {table}; {_nearest(strange[0], stimuli)}"
            )
        raise IsomorphError(
            f"{where}: none of the {len(label)} presentations has both a stimulus and an onset"
        )
    return keep, {
        "presentations without a stimulus": int((~named).sum()),
        "presentations of a stimulus that is not in the set": int((named & ~known).sum()),
        "presentations without an onset": int((known & ~timed).sum()),
    }


def _nearest(name: str, stimuli: Array) -> str:
    """Return a clause that suggests the stimulus most like a name, or lists the first few."""
    known = [str(one) for one in stimuli[:2000]]
    near = did_you_mean(name, known)
    return near if near.startswith("did") else did_you_mean(name, known[:10])


def add_counts(total: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return the sum of two counts by reason."""
    return {reason: total.get(reason, 0) + more.get(reason, 0) for reason in {**total, **more}}
