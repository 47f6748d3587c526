"""Clips: the frames before each stimulus that a model takes, among those that a dataset keeps."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.models.views import Listed
from isomorph.stimuli.listed_images import ListedClip
from isomorph.stimuli.stimulus import Pixels
from isomorph.study import ModelSpec
from isomorph.study.film import Clips, FilmStimuli
from isomorph.study.stimuli import StimuliSpec

DRIFT = 0.1
"""Part of the time between two frames by which the first of a clip may be off: 0.0667 is 1 / 15."""
BEFORE = 1e-3
"""Seconds before a film's beginning that count as its beginning, as times are rounded."""


def places(kept: Clips, asked: Clips) -> list[int] | None:
    """Return which of the frames that are kept a model takes, the last of both being one.

    Parameters
    ----------
    kept : Clips
        Frames before each stimulus, as the dataset keeps them.
    asked : Clips
        Frames that the model takes.

    Returns
    -------
    list of int or None
        In ascending order; None where too few are kept, or none so far apart.
    """
    step = _step(kept, asked)
    first = kept.frames - 1 - step * (asked.frames - 1)
    return list(range(first, kept.frames, step)) if step and first >= 0 else None


def _step(kept: Clips, asked: Clips) -> int:
    """Return how many of the frames that are kept lie from one to the next, 0 for no number."""
    step = round(asked.spacing / kept.spacing)
    off = abs(asked.spacing - step * kept.spacing) * (asked.frames - 1)
    return 0 if off > DRIFT * asked.spacing else step


def refusal(dataset: str, stimuli: StimuliSpec, asked: Clips) -> str:
    """Return why a model cannot take the clips of a dataset; empty where it can.

    Parameters
    ----------
    dataset : str
        The one that owns the stimuli.
    stimuli : StimuliSpec
        Its stimuli.
    asked : Clips
        Frames that the model takes.
    """
    takes = f"takes clips of {_said(asked)}, and"
    if not isinstance(stimuli, FilmStimuli):
        return (
            f"{takes} the stimuli of {dataset} are no frames of films; list the datasets that are "
            "under datasets in the model's file"
        )
    remedy = "{} clips: {{frames: {}, spacing: {:.6g}}} {} the stimuli of " + dataset
    if (kept := stimuli.clips) is None:
        how = remedy.format("add", asked.frames, asked.spacing, "to")
        return f"{takes} {dataset} keeps none; {how}"
    if places(kept, asked) is None:
        step = _step(kept, asked)
        frames = step * (asked.frames - 1) + 1 if step else asked.frames
        how = remedy.format("write", frames, kept.spacing if step else asked.spacing, "into")
        return f"{takes} {dataset} keeps {_said(kept)}; {how}"
    return ""


def _said(clips: Clips) -> str:
    return f"{clips.frames} frames, {clips.spacing:.6g} s apart"


def taken(listed: list[ListedClip], kept: Clips, asked: Clips) -> Listed:
    """Return the clips that a model takes, of those that are kept.

    Parameters
    ----------
    listed : list of (str, callable)
        See `isomorph.stimuli.listed_images.list_clips`.
    kept, asked : Clips
        Of which `refusal` has nothing to say.
    """
    chosen = places(kept, asked)
    assert chosen is not None, "what cannot be taken was refused"

    def read(one: ListedClip) -> Pixels:
        return one[1]()[chosen]

    return [(one[0], partial(read, one)) for one in listed]


def begun_before(table: pd.DataFrame, asked: Clips) -> int:
    """Count stimuli so early in their films that the first frame stands in for what is before it.

    Parameters
    ----------
    table : DataFrame
        A row per stimulus; none counts where there is no `time`.
    asked : Clips
    """
    if "time" not in table.columns:
        return 0
    times: NDArray[np.float64] = table["time"].to_numpy(dtype=float)
    return int(np.sum(times < (asked.frames - 1) * asked.spacing - BEFORE))


def asked_by(spec: ModelSpec) -> Clips | None:
    """Return the clips that a model takes by its settings, or by its library without weights.

    Raises
    ------
    IsomorphError
        When the library is not installed, or does not know the model.
    """
    if spec.preprocessing is not None:
        return spec.preprocessing.clip
    if not spec.is_video:
        return None
    from isomorph.models.libraries import torchvision

    like = str(spec.options.get("like", spec.source))
    said = torchvision.preprocessing(like.partition("/")[2].partition("#")[0])
    return said.clip if said else None
