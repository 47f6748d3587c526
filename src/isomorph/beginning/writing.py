"""The files of a new study, written from what was found and read again before anybody else does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from isomorph.beginning.draft import Draft, ModelFile
from isomorph.beginning.setting import Setting, comment, text_of
from isomorph.errors import IsomorphError

PATH = "{path}"
"""What stands for the path of the recording from a model's file."""

NAMED = "{name}"
"""What stands for the study's name in the settings of a draft."""


def files_of(name: str, draft: Draft, folder: Path, root: Path) -> dict[Path, str]:
    """Return the text of every file of a new study, by path.

    Parameters
    ----------
    name : str
        Of the study and of its dataset.
    draft : Draft
        What was found.
    folder : Path
        Where the study's file will stand.
    root : Path
        The folder of the recording.

    Returns
    -------
    dict of Path to str
        The study's file first.
    """
    models = [*draft.models, *(f"{name}-{one.name}" for one in draft.own_models)]
    files = {folder / f"{name}.yaml": _study(name, draft, models)}
    if not draft.dataset:
        beside = folder / "datasets"
        files[beside / f"{name}.yaml"] = _dataset(name, draft, beside, root)
        files |= {beside / f"{name}.{what}.csv": text for what, text in draft.tables.items()}
    for one in draft.own_models:
        file = folder / "models" / f"{name}-{one.name}.yaml"
        path = _from(file.parent, draft.root or root)
        files[file] = _model(name, one, draft).replace(PATH, path)
    return files


def write(files: Mapping[Path, str]) -> None:
    """Write files that are not there yet, all or none.

    Raises
    ------
    IsomorphError
        When one is there, or its folder cannot be written to.
    """
    for file in files:
        if file.exists():
            raise IsomorphError(
                f"{file}: is there already and is never overwritten; choose another name, or "
                "another folder with --to"
            )
    written: list[Path] = []
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as opened:
                written.append(file)
                opened.write(text)
    except OSError as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise IsomorphError(
            f"{error.filename or file.parent}: cannot be written ({error.strerror}); name a folder "
            "of your own with --to"
        ) from error


def _study(name: str, draft: Draft, models: list[str]) -> str:
    settings = [
        Setting("name", name),
        Setting(
            "datasets", [draft.dataset or name],
            "the built-in data that have as many stimuli; isomorph list datasets"
            if draft.dataset and draft.own_models else "",
        ),
        Setting(
            "models", models,
            "what the recording is compared with: files in models/, built-in ones (isomorph list "
            "models) or sources, such as torchvision/resnet50",
        ),
        draft.distances,
        Setting(
            "measures", ["rho_a"],
            "how alike two geometries are; rho_a is a rank correlation of distances, the first "
            "measure is the report's main one; isomorph list measures",
        ),
    ]  # fmt: skip
    return _headed(draft, "What is still to be decided: isomorph check", settings)


def _dataset(name: str, draft: Draft, beside: Path, root: Path) -> str:
    settings = [
        Setting("name", name),
        Setting("subjects", list(draft.subjects)),
        Setting("archive", (
            Setting("kind", "local"),
            Setting("path", _from(beside, draft.root or root), note="counts from this file"),
            Setting("files", list(draft.files)),
        )),
        Setting("stimuli", draft.stimuli),
        Setting("responses", draft.responses),
        *draft.more,
    ]  # fmt: skip
    return _headed(draft, "", _named(settings, name))


def _model(name: str, one: ModelFile, draft: Draft) -> str:
    own = [Setting("datasets", [draft.dataset or name], note="which it speaks of")]
    return text_of([Setting("name", f"{name}-{one.name}"), *_named(one.settings, name), *own])


def _headed(draft: Draft, more: str, settings: list[Setting]) -> str:
    lines = comment(f"Found: {'; '.join(draft.found)}.")
    for one in draft.decide:
        lines += comment(f"To decide: {one}.")
    lines += comment(more + ".") if more else []
    return "\n".join([*lines, ""]) + text_of(settings)


def _named(settings: object, name: str) -> list[Setting]:
    """Return settings with the study's name where it is meant."""
    return [_with_name(one, name) for one in settings]  # type: ignore[attr-defined]


def _with_name(one: Setting, name: str) -> Setting:
    if isinstance(one.value, str):
        return replace(one, value=one.value.replace(NAMED, name))
    if isinstance(one.value, tuple) and all(isinstance(inner, Setting) for inner in one.value):
        return replace(one, value=tuple(_with_name(inner, name) for inner in one.value))
    return one


def _from(folder: Path, to: Path) -> str:
    """Return a path as it counts from a folder, whole where they share no more than the root."""
    here, there = folder.absolute().resolve(), to.absolute().resolve()
    shared = os.path.commonpath([here, there])
    return str(there) if shared == os.sep else Path(os.path.relpath(there, here)).as_posix()
