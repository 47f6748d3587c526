"""From a study file to the study, with every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

from isomorph import built_in
from isomorph.errors import did_you_mean
from isomorph.study._base import StudyError, read_spec
from isomorph.study._mistakes import Vocabulary, mistakes_between, unknown_names
from isomorph.study._study import Study, StudySpec
from isomorph.study.dataset import DatasetSpec
from isomorph.study.model import ModelSpec, is_source, named_by_source


def load_study(path: Path | str, vocabulary: Vocabulary | None = None) -> Study:
    """Read a study file with its datasets and models.

    Parameters
    ----------
    path : path
        The study's YAML file.
    vocabulary : mapping, optional
        Known names; a setting whose vocabulary is not given is not checked here.

    Raises
    ------
    StudyError
        With every mistake of the study file, of the files it names, and between them.
    """
    path = Path(path)
    spec = read_spec(path, StudySpec)
    mistakes: list[str] = []
    datasets, dataset_files = _read_members(path, "datasets", DatasetSpec, spec.datasets, mistakes)
    models, model_files = _read_models(path, spec.models, mistakes)
    study = Study(spec, path, datasets, models, dataset_files, model_files)
    mistakes += unknown_names(study, vocabulary or {})
    if not mistakes:
        mistakes = list(mistakes_between(study))
    if mistakes:
        raise StudyError(path, mistakes)
    return study


MemberT = TypeVar("MemberT", DatasetSpec, ModelSpec)


def _read_members(
    study: Path,
    key: str,
    kind: type[MemberT],
    names: Sequence[str],
    mistakes: list[str],
    passed_over: Collection[str] = (),
) -> tuple[dict[str, MemberT], dict[str, Path]]:
    """Read the files a study names under one key, adding to the mistakes instead of raising."""
    members: dict[str, MemberT] = {}
    files: dict[str, Path] = {}
    for position, name in enumerate(names):
        if name in passed_over:
            continue
        try:
            file = _find(study, key, name, f"{key}.{position}")
            member = read_spec(file, kind)
        except StudyError as error:
            prefix = "" if error.path == study else f"{error.path}: "
            mistakes += [prefix + mistake for mistake in error.mistakes]
            continue
        if member.name in files:
            mistakes.append(
                f'{key}.{position}: "{member.name}" is named twice, by {files[member.name]} and '
                f"{file}; name each once"
            )
        members[member.name] = member
        files[member.name] = file
    return members, files


def _read_models(
    study: Path, names: Sequence[str], mistakes: list[str]
) -> tuple[dict[str, ModelSpec], dict[str, Path]]:
    """Read the models that have files and make those a study names by their sources."""
    by_source = [name for name in names if is_source(name) and not _found(study, "models", name)]
    members, files = _read_members(study, "models", ModelSpec, names, mistakes, by_source)
    try:
        made = named_by_source(by_source, list(members.values()))
    except ValueError as error:
        mistakes.append(f"models: {error}")
        return members, files
    for entry, model in made.items():
        if members.setdefault(model.name, model) is not model:
            mistakes.append(
                f'models: "{entry}" would be named "{model.name}", as another model is; give it a '
                "file with a name of its own"
            )
        files.setdefault(model.name, study)
    return members, files


def _find(study: Path, folder: str, name: str, key: str) -> Path:
    """Find the file of a dataset or model named in a study."""
    if name.endswith((".yaml", ".yml")):
        return study.parent / name
    if file := _found(study, folder, name):
        return file
    places = _places(study, folder)
    found = {file.stem for place in places for file in place.glob("*.yaml") if file.is_file()}
    known = sorted(found)
    beside = dict.fromkeys(place.resolve() for place in places[:2])
    built = places[2:]
    own = [place for place in places[:2] if place.resolve() in beside and place.is_dir()]
    where = " or ".join(map(str, own or places[:1]))
    if built and built[0].resolve() not in beside:
        where += f" or among the built-in {folder} ({built[0]})"
    raise StudyError(
        study, [f'{key}: no {folder[:-1]} "{name}" in {where}, {did_you_mean(name, known)}']
    )


def _found(study: Path, folder: str, name: str) -> Path | None:
    """Return the file of a name beside or above a study or among the built-in ones."""
    for place in _places(study, folder):
        # `Path.exists` raises on a name that is too long
        if os.path.exists(file := place / f"{name}.yaml"):  # noqa: PTH110
            return file
    return None


def _places(study: Path, folder: str) -> list[Path]:
    beside = [study.parent / folder, study.parent.parent / folder]
    return [*beside, *built_in.members(folder)]
