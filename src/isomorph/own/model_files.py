"""The files of a user's own that decide a model, by the first word of its source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.own.data import named_data
from isomorph.own.graphs import external_data
from isomorph.own.modules import own_modules

SEED = "{seed}"
"""What stands for the seed in the name of a file."""


def own_files(source: str, folder: Path) -> list[Path]:
    """Return the files of a user's own that decide what a model computes.

    Parameters
    ----------
    source : str
        Of the model: `python/<module>:<function>`, `onnx/<file>`, `features/<file>` and others
        that name a file. The rest have no such files.
    folder : Path
        Of the file that names the model.

    Returns
    -------
    list of Path
        Those that are there. For code: its module, every module of the user's own that this
        imports, and the files that their text names. For a graph: its file, and the files its
        weights lie in.
    """
    head, _, what = source.partition("/")
    return OWN[head](what, folder) if head in OWN else []


def seeded(source: str, seed: int | None) -> str:
    """Return the source of one instance: that of its own file, where each seed has one."""
    return source if seed is None else source.replace(SEED, str(seed))


def own_digests(source: str, folder: Path) -> dict[str, str]:
    """Return the sha256 of each of `own_files`, by its path from the folder."""
    return {_from(folder, file): digest_of(file) for file in own_files(source, folder)}


def digest_of(file: Path) -> str:
    """Return the sha256 of a file, '' where there is none that can be read.

    One that has not changed since it was hashed is not read again by this process.
    """
    try:
        state = file.stat()
        return _hashed(file.absolute(), state.st_mtime_ns, state.st_size, state.st_ino)
    except OSError:
        return ""


@cache
def _hashed(file: Path, _modified: int, _size: int, _number: int) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _from(folder: Path, file: Path) -> str:
    """Return a path as it looks from a folder, whole where it lies elsewhere."""
    for base, one in ((folder, file), (folder.resolve(), file.resolve())):
        if one.is_relative_to(base):
            return one.relative_to(base).as_posix()
    return file.as_posix()


def _of_code(what: str, folder: Path) -> list[Path]:
    modules = own_modules(what.partition(":")[0], folder)
    data = [file for module in modules for file in named_data(module, folder)]
    return list(dict.fromkeys([*modules, *data]))


def _of_graph(what: str, folder: Path) -> list[Path]:
    file = folder / what
    if not file.is_file():
        return []
    state = file.stat()
    return [file, *_external(file.absolute(), state.st_mtime_ns, state.st_size)]


@cache
def _external(file: Path, _modified: int, _size: int) -> tuple[Path, ...]:
    try:
        return tuple(external_data(file))
    except IsomorphError:  # the job itself says what is wrong with it
        return ()


def _itself(what: str, folder: Path) -> list[Path]:
    file = folder / what
    return [file] if file.is_file() else []


def _folder(what: str, folder: Path) -> list[Path]:
    """Return the files of a library's model that lies in a folder beside; a name elsewhere none."""
    place = folder / what
    return sorted(file for file in place.rglob("*") if file.is_file()) if what else []


OWN: dict[str, Callable[[str, Path], list[Path]]] = {
    "python": _of_code,
    "onnx": _of_graph,
    "sentence_transformers": _folder,
    **dict.fromkeys(("behaviour", "features", "rdms", "text"), _itself),
}
"""What finds the files, by the first word of a source."""
