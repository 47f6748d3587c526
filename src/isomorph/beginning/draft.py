"""A study as it was found: what recognisers hand over and templates write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isomorph.beginning.setting import Setting

MODELS = ("efficientnet-lite0", "gabor", "pixels")
"""Models of images that need no library beside isomorph's own."""

REPEATED = "crossnobis"
"""The distance for stimuli that were shown several times."""

ONCE = "correlation"
"""The distance for stimuli that were shown once."""


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model of the study's own.

    Attributes
    ----------
    name : str
        Behind the study's name and a dash: `first-groups`.
    settings : tuple of Setting
        Its file, without its name.
    """

    name: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was found, as parts of a dataset and of a study.

    Attributes
    ----------
    found : tuple of str
        A clause each on what is here.
    decide : tuple of str
        A clause each on what `isomorph check` will refuse until it is decided.
    subjects : sequence of str
        Whom `{subject}` stands for.
    files : tuple of str
        Patterns of the files that belong to the dataset.
    stimuli, responses : tuple of Setting
    more : tuple of Setting
        Further keys of the dataset.
    distances : Setting
        Of the study.
    models : tuple of str
        Names and sources of models.
    own_models : tuple of ModelFile
    tables : mapping of str to str
        Tables written beside the dataset's file, by what stands between its name and `.csv`.
    dataset : str
        A built-in dataset in place of one's own; the settings of a dataset are then empty.
    names : tuple of str
        Ids of the stimuli.
    root : Path or None
        The folder the patterns count from, where it is not the one that was looked at.
    """

    found: tuple[str, ...]
    decide: tuple[str, ...] = ()
    subjects: Sequence[str] = ()
    files: tuple[str, ...] = ()
    stimuli: tuple[Setting, ...] = ()
    responses: tuple[Setting, ...] = ()
    more: tuple[Setting, ...] = ()
    distances: Setting
    models: tuple[str, ...] = MODELS
    own_models: tuple[ModelFile, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    names: tuple[str, ...] = ()
    root: Path | None = None


def distance_for(repetitions: int) -> Setting:
    """Return the distances of a study whose stimuli were shown at least so often."""
    if repetitions > 1:
        return Setting(
            "distances", [REPEATED],
            "how unlike two stimuli are inside a region or layer; crossnobis is for stimuli shown "
            "several times, correlation for any; isomorph list distances",
        )  # fmt: skip
    return Setting(
        "distances", [ONCE],
        "how unlike two stimuli are inside a region or layer; some stimuli were shown once, so "
        "cross-validated distances such as crossnobis cannot be computed; isomorph list distances",
    )  # fmt: skip


def groups_model(columns: Sequence[str]) -> ModelFile:
    """Return the model that takes stimuli of one group, by a column, for alike."""
    return ModelFile(
        name="groups",
        settings=(
            Setting("source", "baseline/category"),
            Setting("options", (Setting(
                "columns", list(columns),
                "columns of the stimulus table; stimuli with the same value are alike",
            ),)),
        ),
    )  # fmt: skip


def groups_wanted(stimuli: Sequence[str]) -> tuple[ModelFile, dict[str, str], str]:
    """Return a model of groups that only the user knows, its table, and what is to be decided.

    Parameters
    ----------
    stimuli : sequence of str
        Conditions without images, and without anything that describes them.
    """
    rows = "".join(f"{_cell(one)}\n" for one in ("stimulus", *stimuli))
    decide = (
        "there are no images and nothing that groups the conditions, so no model can be compared "
        'yet: write a column "group" into the table of stimuli'
    )
    return groups_model(["group"]), {"stimuli": rows}, decide


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(sign in text for sign in ',"\n') else text
