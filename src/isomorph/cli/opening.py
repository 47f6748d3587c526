"""Opening a study with every name in it checked against what the program knows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isomorph.study import Study

VOCABULARY = {
    "distances": "isomorph.rdms:DISTANCES",
    "measures": "isomorph.measures:MEASURES",
    "transform": "isomorph.rdms:TRANSFORMS",
    "source": "isomorph.models:SOURCES",
    "inference.correction": "isomorph.inference:CORRECTIONS",
}
"""The registry that knows the names a setting may hold."""


def open_study(path: Path | str) -> Study:
    """Read a study with its datasets and models, and refuse every name nobody knows.

    Parameters
    ----------
    path : path
        The study's YAML file.

    Raises
    ------
    StudyError
        With every mistake at once, a line each.
    """
    from isomorph.models import mistakes_of
    from isomorph.study import StudyError, load_study

    vocabulary = {}
    for setting, entry in VOCABULARY.items():
        module, name = entry.split(":")
        vocabulary[setting] = getattr(import_module(module), name)
    study = load_study(path, vocabulary)
    mistakes = [
        f"{study.model_files[name]}: {mistake}"
        for name, model in study.models.items()
        for mistake in mistakes_of(model)
    ]
    if mistakes:
        raise StudyError(study.path, mistakes)
    return study
