"""A digest of code: what a module computes, blind to comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

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

WORDS = frozenset({"definition", "avoid"})
"""Arguments that only tell people something: what a measure or a distance is, and is not for."""

ENTRY = re.compile(r"(isomorph(?:\.\w+)+):\w+")
"""How a function is named whose module is imported when it is called."""


def code_digest(*modules: str) -> str:
    """Return a digest of modules and of everything in the package they import.

    Two sources with the same syntax tree, docstrings and `WORDS` aside, have the same digest, so a
    comment changes nothing and a changed formula, however deep, does. Settings and paths are not
    followed.

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
    _parsed(__file__).keep()
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
        if file.suffix in {".py", ".pyi"} or "__pycache__" in file.parts:
            continue
        if file.is_file():
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
def _read(file: Path, modified: int) -> tuple[str, list[str]]:
    """Return the digest of one source and what it imports; looked at once until modified."""
    digest, names = _parsed(__file__).of(file)
    inner = [name if _file(name) else name.rpartition(".")[0] for name in names]
    return digest, [name for name in inner if name.startswith("isomorph.")]


class Parsed:
    """Digests of sources and what they import, kept beside Python's own compiled files.

    To parse a few hundred sources takes longer than many a job. What is kept is found by the
    contents of a source, so it is never out of date; it is one more thing that Python's
    `PYTHONDONTWRITEBYTECODE` and `PYTHONPYCACHEPREFIX` are about.

    Parameters
    ----------
    module : str
        The file of this module, beside whose compiled form it stands.
    """

    def __init__(self, module: str) -> None:
        self._file = Path(cache_from_source(module)).with_suffix(".json")
        self._how = hashlib.sha256(Path(Parsed.of.__code__.co_filename).read_bytes())
        self._known = self._read()
        self._new = False

    def _read(self) -> dict[str, tuple[str, str, list[str]]]:
        try:
            content: Any = json.loads(self._file.read_bytes())
            return {
                str(file): (str(key), str(digest), [str(name) for name in names])
                for file, (key, digest, names) in content.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # never written, or broken off in a crash: everything is parsed again

    def of(self, file: Path) -> tuple[str, list[str]]:
        """Return the digest of a source and the names it may import, parsed if it is new."""
        source = file.read_bytes()
        how = self._how.copy()
        how.update(source)
        key = how.hexdigest()
        known, digest, names = self._known.get(str(file), ("", "", []))
        if known != key:
            tree = ast.parse(source)
            names = _imports(tree)
            _blank_docstrings(tree)
            digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
            self._known[str(file)] = key, digest, names
            self._new = True
        return digest, names

    def keep(self) -> None:
        """Write what is new; where nothing may be written, the next process parses again."""
        if not self._new or sys.dont_write_bytecode:
            return
        self._new = False
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as temporary:
                json.dump(self._known, temporary)
            Path(name).chmod(0o644)
            Path(name).replace(self._file)


_parsed = cache(Parsed)


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

    Of what is imported from a module, `module.name`, which may be a module or stand in one. Also
    those named by an entry, `module:function`, see `isomorph.registry.lazily`.
    """
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = [entry[1] for entry in [ENTRY.fullmatch(node.value)] if entry]
        names |= dict.fromkeys(name for name in found if name.startswith("isomorph."))
    return list(names)


def _blank_docstrings(tree: ast.AST) -> None:
    """Empty every docstring, bare string and argument of words of a tree in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [one for one in node.keywords if one.arg not in WORDS]
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                statement.value.value = ""
