"""A digest of code: what a module computes, blind to comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

DECIDED_ELSEWHERE = (
    "isomorph.study", "isomorph.layout", "isomorph.slices", "isomorph.jobs", "isomorph.making",
    "isomorph.catalogue", "isomorph.saying",
    *(f"isomorph.archives.{one}" for one in ("download", "held", "mirrors", "pace", "package",
                                             "patience", "unpack")),
)  # fmt: skip
"""Modules no digest follows unless it is asked for them: what they hold reaches a stage through
its slice of the settings, or only with a change of what the stage writes, or as bytes that have a
hash. So neither a new key in a settings file, nor the words about a column, nor a better retry of a
download makes every artefact stale."""

ENTRY = re.compile(r"(isomorph(?:\.\w+)+):\w+")
"""How a function is named whose module is imported when it is called."""


def code_digest(*modules: str) -> str:
    """Return a digest of modules and of everything in the package they import.

    Two sources with the same syntax tree, docstrings aside, have the same digest, so a comment
    changes nothing and a changed formula, however deep, does. Settings and paths are not followed.

    Parameters
    ----------
    *modules : str
        Dotted names inside the package: ``"isomorph.rdms"``.

    Returns
    -------
    str
        The first 16 hex digits of a sha256.
    """
    seen: dict[str, str] = {}
    elsewhere = tuple(one for one in DECIDED_ELSEWHERE if one not in modules)
    for module in modules:
        _collect(module, seen, elsewhere)
    text = "\n".join(f"{name} {seen[name]}" for name in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files_digest(package: str) -> str:
    """Return a digest of what a package holds beside code: templates, style sheets.

    Parameters
    ----------
    package : str
        Dotted name inside the package: ``"isomorph.report"``.

    Returns
    -------
    str
        The first 16 hex digits of a sha256 over names and contents.
    """
    folder = Path(__file__).parent.joinpath(*package.split(".")[1:])
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix not in {".py", ".pyc", ".pyi"}:
            found.update(f"{file.relative_to(folder).as_posix()}\n".encode())
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _collect(
    module: str, seen: dict[str, str], elsewhere: tuple[str, ...] = DECIDED_ELSEWHERE
) -> None:
    if module in seen or module.startswith(elsewhere):
        return
    if (file := _file(module)) is None:
        return
    seen[module], imported = _read(file, file.stat().st_mtime_ns)
    for name in imported:
        _collect(name, seen, elsewhere)


@cache
def _read(file: Path, modified: int) -> tuple[str, tuple[str, ...]]:
    """Return the digest of one source and what it imports; parsed once until modified."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    _blank_docstrings(tree)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), tuple(_imports(tree))


def _file(module: str) -> Path | None:
    """Return the source of a module of this package, None for anything else."""
    root = Path(__file__).parent
    parts = module.split(".")
    if parts[0] != root.name or len(parts) == 1:
        return None
    path = root.joinpath(*parts[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.AST) -> list[str]:
    """Return every in-package module a tree may import; absolute imports are the house rule.

    Also those named by an entry, `module:function`, see `isomorph.registry.lazily`.
    """
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if _file(name) else node.module for name in inner]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names += [found[1] for found in [ENTRY.fullmatch(node.value)] if found]
    return [name for name in names if name.startswith("isomorph.")]


def _blank_docstrings(tree: ast.AST) -> None:
    """Empty every docstring and bare string of a tree in place."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                statement.value.value = ""
