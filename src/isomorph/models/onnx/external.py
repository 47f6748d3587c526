"""Weights of an ONNX file that stand in other files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

from isomorph.foreign.outside import refuse_outside_files


def external_files(model: onnx.ModelProto, path: Path) -> list[Path]:
    """Return the files that hold tensors of a model, wherever in it the tensors are.

    Parameters
    ----------
    model : onnx.ModelProto
        Read without them.
    path : Path
        Where the model stands.

    Returns
    -------
    list of Path
        Each once, in order of appearance.

    Raises
    ------
    IsomorphError
        When one stands outside the model's folder, also by way of a link.
    """
    files: dict[Path, None] = {}
    for tensor in _tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        name = next((one.value for one in tensor.external_data if one.key == "location"), "")
        files[path.parent / name] = None
    refuse_outside_files(path, files)
    return list(files)


def _tensors(message: Any) -> Iterator[onnx.TensorProto]:
    """Yield every tensor of a message: initial values, attributes, inner graphs, functions."""
    pending = [message]
    while pending:
        one = pending.pop()
        if isinstance(one, onnx.TensorProto):
            yield one
            continue
        for field, value in one.ListFields():
            if field.message_type is not None:
                pending += list(value) if field.is_repeated else [value]
