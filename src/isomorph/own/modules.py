"""Modules of a user's own: one by name, and all that it imports, none of them run."""

from __future__ import annotations

import ast
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

IMPORTERS = frozenset({"import_module", "__import__"})
"""Functions that import what a text names."""


def own_modules(name: str, folder: Path) -> list[Path]:
    """Return the file of a module and those of every module of the user's own that it imports.

    Own is what is neither the standard library nor an installed package: their versions are noted
    with every artefact.

    Parameters
    ----------
    name : str
        With dots.
    folder : Path
        Where Python looks first.

    Returns
    -------
    list of Path
        The module itself first; empty where it is nowhere, or no module of the user's own.
    """
    places = [folder, *_places()]
    found: dict[Path, None] = {}
    waiting = _files_of(name, places)[::-1]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found[file] = None
        for imported in _imports(file):
            waiting += [one for one in _resolved(imported, file, places) if one not in found]
    return list(found)


def syntax_tree(file: Path) -> ast.Module | None:
    """Return the syntax tree of a module, None where it cannot be read as Python."""
    try:
        state = file.stat()
        return _parsed(file, state.st_mtime_ns, state.st_size)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # importing it says what is wrong with it


@cache
def _parsed(file: Path, _modified: int, _size: int) -> ast.Module:
    return ast.parse(file.read_bytes(), file)


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yield what a module imports: how many folders up it begins, and the name with dots."""
    tree = syntax_tree(file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield node.level, base
            # what is imported from a package may be a module of it
            yield from ((node.level, f"{base}.{alias.name}".strip(".")) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = node.args[0]
            if called in IMPORTERS and isinstance(given, ast.Constant):
                text = str(given.value)
                name = text.lstrip(".")
                yield len(text) - len(name), name


def _resolved(imported: tuple[int, str], file: Path, places: list[Path]) -> list[Path]:
    level, name = imported
    if level == 0:
        return _files_of(name, places)
    folder = file.parent
    for _ in range(level - 1):
        folder = folder.parent
    return _below(folder, name.split(".") if name else [])


def _files_of(name: str, places: list[Path]) -> list[Path]:
    """Return the files that importing a module runs: its packages and itself."""
    parts = name.split(".")
    for place in places:
        if files := _below(place, parts):
            return files
    return _hooked(parts)


def _below(place: Path, parts: list[str]) -> list[Path]:
    """Return the files that make a module below a folder, as far as they are there."""
    files = []
    for part in parts:
        place = place / part
        here = place / "__init__.py"
        alone = place.with_name(f"{part}.py")
        if here.is_file():
            files.append(here)
        elif alone.is_file():
            return [*files, alone]
        elif not place.is_dir():
            return files  # a name inside the last one, not a module
    own_init = place / "__init__.py"
    return files if parts or not own_init.is_file() else [own_init]


def _hooked(parts: list[str]) -> list[Path]:
    """Return the files of a package that is installed in place by a hook of the import system."""
    if parts[0] in sys.stdlib_module_names or parts[0] == "isomorph":
        return []
    try:
        spec = find_spec(parts[0])
    except (ImportError, ValueError, AttributeError):
        return []
    origin = Path(spec.origin) if spec is not None and spec.origin else None
    if origin is None or origin.suffix != ".py" or _is_installed(origin):
        return []
    root = origin.parent.parent if origin.name == "__init__.py" else origin.parent
    return _below(root, parts)


def _places() -> list[Path]:
    """Return the folders in which Python finds modules of the user's own, the current one first."""
    here = Path(__file__).resolve().parents[2]
    places = [Path(), *(Path(entry) for entry in sys.path if entry)]
    return [
        place
        for place in dict.fromkeys(places)
        if place.is_dir() and not _is_installed(place) and place.resolve() != here
    ]


def _is_installed(place: Path) -> bool:
    """Tell whether a file or folder belongs to Python or to an installed package."""
    found = place.resolve()
    return any(found.is_relative_to(one) for one in installed_folders())


@cache
def installed_folders() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages."""
    known = sysconfig.get_paths()
    named = [known[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    named += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple(dict.fromkeys(Path(one).resolve() for one in named))
