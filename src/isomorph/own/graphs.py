"""Weights of an ONNX graph that stand in other files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.outside import refuse_outside_files

EXTERNAL = 1
"""`TensorProto.EXTERNAL`: where a tensor says that its numbers are in another file."""


def external_data(path: Path) -> list[Path]:
    """Return the files in which weights of an ONNX file stand; none where onnx is not installed.

    Raises
    ------
    IsomorphError
        When it is not an ONNX file, or see `external_files`.
    """
    if not find_spec("onnx"):
        return []
    onnx: Any = import_module("onnx")
    with reading(path, "an ONNX file"):
        model = onnx.load(path, load_external_data=False)
    return external_files(model, path)


def external_files(model: Any, path: Path) -> list[Path]:
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
        When one stands outside the model's folder, also by way of a link: it may be any file of
        the user's, and its bytes would come in as weights. When it is not there.
    """
    files: dict[Path, None] = {}
    for tensor in _tensors(model):
        if tensor.data_location != EXTERNAL:
            continue
        name = next((one.value for one in tensor.external_data if one.key == "location"), "")
        file = path.parent / name
        refuse_outside_files(path, [name])
        if not file.is_file():
            raise IsomorphError(
                f"{path}: the weights of {tensor.name or 'a tensor'} are to be read from "
                f'"{name}", which is not there'
            )
        files[file] = None
    return list(files)


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every tensor of a message in its order, those of inner graphs and functions too."""
    if message.DESCRIPTOR.full_name == "onnx.TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else [value]:
                yield from _tensors(one)
