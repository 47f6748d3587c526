"""Python as a notebook runs it: the value of the last expression of a cell is what it shows."""

from __future__ import annotations

import ast
from typing import Any


def run(source: str, names: dict[str, Any], where: str) -> Any:
    """Run one cell, and return the value of its last expression, None where it ends otherwise.

    Parameters
    ----------
    source : str
    names : dict
        The namespace, which the cell changes.
    where : str
        What the cell is called in a traceback.
    """
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), where, "eval"), names)
