"""Optional libraries: imported when a model needs one, with what to do where it is missing."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError, how_to_install
from isomorph.saying import say

if TYPE_CHECKING:
    import torch

OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
"""Schemas that torchvision's Python code expects of its compiled half."""

_defined: list[torch.library.Library] = []
"""What defines them; torch forgets the operators when it goes."""


def library(name: str) -> Any:
    """Import an optional library.

    Parameters
    ----------
    name : str
        Of the package, which is also the extra that installs it.

    Raises
    ------
    IsomorphError
        When it, or another package it needs, is not installed.
    """
    try:
        if find_spec("torchvision"):  # they all use it where it is
            import_torchvision()
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        needs = name if missing == name else f"{name} needs {missing}, which"
        raise IsomorphError(f"{needs} is not installed; {how_to_install(name)}") from error


def import_torchvision() -> None:
    """Import torchvision, also where its compiled operators do not fit this build of torch.

    The package index has torchvision compiled for GPUs, whose operators a torch for CPUs cannot
    load; its Python half then stops at the first operator it describes ("operator torchvision::nms
    does not exist"). Networks need none of them, so the two operators are declared, without code,
    and the import is tried once more. A torchvision that imports is left as it is.
    """
    try:
        import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error) or _defined:
            raise
    else:
        return
    for name in [one for one in sys.modules if one.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare()
    import_module("torchvision")
    say("torchvision's compiled operators do not fit this torch; networks run without them")


def _declare() -> None:
    import torch

    declared = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            declared.define(name + schema)
    _defined.append(declared)
