"""Data that code names: weights and tables whose names stand in its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from isomorph.own.modules import syntax_tree

DATA = frozenset(
    {
        *(".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".pkl", ".pickle", ".joblib", ".tar"),
        *(".h5", ".hdf5", ".keras", ".onnx", ".data", ".tflite", ".pb", ".msgpack", ".mat"),
        *(".npy", ".npz", ".json", ".yaml", ".yml", ".toml", ".ini", ".txt", ".csv", ".tsv"),
    }
)
"""Endings of files that networks are made of."""
DEPTH = 3
"""Folders below the code, itself included, in which a pattern is looked for."""
LONGEST = 200
"""Characters of a text that may still be the name of a file."""


def named_data(module: Path, folder: Path) -> list[Path]:
    """Return the files that the text of a module names.

    A text may be the name of a file, `"net.pt"`, or of a folder that holds some. Where a name is
    put together, `f"{size}.pt"` or `name + ".pt"`, every file that it could be is meant.

    Parameters
    ----------
    module : Path
        Source of the module. Names are looked for from its folder and from below that.
    folder : Path
        Of the model's file, where they are looked for too, as in the current one.

    Returns
    -------
    list of Path
        Sorted.
    """
    tree = syntax_tree(module)
    found: set[Path] = set()
    beside = list(dict.fromkeys([module.parent, folder]))
    for text in _texts(tree) if tree is not None else ():
        if "*" in text:
            found.update(file for place in beside for file in _matching(place, text))
        else:
            found.update(file for place in beside for file in _named(place, text))
            if (whole := Path(text)).suffix in DATA and _is_file(whole):
                found.add(whole)
    return sorted(found)


def _named(place: Path, text: str) -> Iterator[Path]:
    """Yield the file of a name, or the files of data in the folder of that name."""
    named = place / text
    if _is_file(named) and named.suffix != ".py":
        yield named
    elif text.strip("./") and _is_folder(named) and named.resolve() != place.resolve():
        yield from _matching(named, "*")


def _matching(place: Path, pattern: str) -> Iterator[Path]:
    """Yield the files of data below a folder that match a pattern."""
    if pattern.startswith("/"):
        return
    for depth in range(DEPTH):
        for file in place.glob("*/" * depth + pattern.replace("**", "*")):
            inside = file.relative_to(place).parts
            hidden = any(part.startswith((".", "__")) for part in inside)
            if file.suffix in DATA and not hidden and file.is_file():
                yield file


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module that may name a file; `*` is what is only known when it runs."""
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(one) for node in joined for one in node.values}
    alone = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = ["".join(_part(one) for one in node.values) for node in joined]
    texts += [
        _as_pattern(node.value)
        for node in alone
        if isinstance(node.value, str) and id(node) not in parts
    ]
    for text in dict.fromkeys(re.sub(r"\*{2,}", "*", text) for text in texts):
        if 0 < len(text) <= LONGEST and text.strip("*./") and "\0" not in text and "\n" not in text:
            yield text


def _part(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else "*"


def _as_pattern(text: str) -> str:
    """Return a text with `*` for its placeholders; an ending alone, `.pt`, is of any name."""
    pattern = re.sub(r"\{[^{}]*\}|%[-+0-9.]*[sdifr]", "*", text)
    return f"*{pattern}" if re.fullmatch(r"[._-][\w.-]*", pattern) else pattern


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
