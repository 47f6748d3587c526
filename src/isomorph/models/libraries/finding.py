"""Finding a user's function without running the module it is in, which may be heavy or fail."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from isomorph.errors import IsomorphError, did_you_mean

UNSEEN = frozenset({"globals", "exec", "setattr"})
"""Ways in which a module gets names that its text does not show."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def refuse_absent(place: str, function: str, beside: Path) -> None:
    """Refuse a module that is nowhere, or whose text does not make a function.

    Parameters
    ----------
    place : str
        The module, with dots.
    function : str
    beside : Path
        Folder that is looked into first; then come those in which Python finds modules.

    Raises
    ------
    IsomorphError
        When the file cannot be read as Python too.
    """
    file = beside.joinpath(*place.split(".")).with_suffix(".py")
    found = file if file.is_file() else _found(place, beside)
    if found is None:
        raise IsomorphError(
            f"no module {place}, neither the file {file} nor among the installed ones"
        )
    if found.is_dir():
        raise IsomorphError(f'no function "{function}" in {found}, a folder without __init__.py')
    known = _names(found) if found.suffix == ".py" else None
    if known is not None and function not in known:
        raise IsomorphError(
            f'no function "{function}" in {found}, {did_you_mean(function, known)}'
            if known
            else f'no function "{function}" in {found}, which makes none'
        )


def _found(place: str, beside: Path) -> Path | None:
    """Return the file of a module, or the folder of a package that has none."""
    importlib.invalidate_caches()
    first, *parts = place.split(".")
    spec = PathFinder.find_spec(first, [str(beside.resolve())])
    if spec is None or spec.origin is None:  # a folder gives way to a module of its name
        try:
            spec = find_spec(first) or spec
        except ValueError:  # a module without a spec, such as __main__
            return None
    for part in parts:
        if spec is None or spec.submodule_search_locations is None:
            return None
        # By its last name alone, since the parents of a dotted one would have to be imported.
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    if spec is None:
        return None
    if spec.origin is None:
        return Path(next(iter(spec.submodule_search_locations or ()), beside))
    return Path(spec.origin)


def _names(file: Path) -> list[str] | None:
    """Return the names a module has at its top, None where its text does not tell them all."""
    try:
        tree = ast.parse(file.read_bytes(), file)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = getattr(error, "msg", None) or str(error)
        raise IsomorphError(
            f"its module cannot be read: {file}, line {line}: SyntaxError: {reason}"
        ) from error
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names = list(dict.fromkeys(_bound(tree)))
    if called & UNSEEN or "*" in names or "__getattr__" in names:
        return None
    return names


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that are bound below a node, those inside functions and classes not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child.name
        elif isinstance(child, ast.alias):
            yield child.asname or child.name.partition(".")[0]
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        if not isinstance(child, SCOPES):
            yield from _bound(child)
