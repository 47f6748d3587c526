"""Networks in ONNX files: the file of any framework, with every layer in sight.

`onnx/<file>` names a file beside the one that names the model, or an absolute path.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.disk import sha256
from isomorph.errors import IsomorphError, how_to_install
from isomorph.models.network import Network
from isomorph.own import external_data

if TYPE_CHECKING:
    from isomorph.models.source import Request

__all__ = ["check", "network", "open_onnx"]

CHANNELS = ("rgb", "bgr")


def network(request: Request) -> Network:
    """Open the file a model names.

    Parameters
    ----------
    request : Request
        `options.channels` is `rgb`, unless given, or `bgr`; `weights.sha256` is checked when
        given.

    Raises
    ------
    IsomorphError
        When the file is absent, is not the one that was pinned, or cannot be run, see `open_onnx`.
    """
    path = request.beside / request.name
    channels = request.spec.options.get("channels", "rgb")
    if channels not in CHANNELS:
        raise IsomorphError(
            f'{request.instance}: options.channels is "{channels}"; the order of the channels is '
            "rgb or bgr"
        )
    pin = request.spec.weights
    expected = (pin.sha256 if pin else None) or ""
    return open_onnx(path, expected=expected, bgr=channels == "bgr")


def check(name: str, beside: Path) -> None:
    """Refuse a name that is not an ONNX file's, and a file that is not there."""
    if not name.endswith(".onnx"):
        raise IsomorphError(f'"{name}" is not an ONNX file; write onnx/<file>.onnx')
    _refuse_absent(beside / name)


def _refuse_absent(path: Path) -> None:
    if not path.is_file():
        raise IsomorphError(f"{path}: no such ONNX file; a path is read from beside the model's")


def _digest(path: Path) -> str:
    """Return the sha256 of a file; with weights beside it, that of the lines of all their hashes.

    The lines are those of `sha256sum`, the graph's first, then the weights' as the graph names
    them.
    """
    beside = external_data(path)
    if not beside:
        return sha256(path)
    names = [path.name, *(one.relative_to(path.parent).as_posix() for one in beside)]
    hashes = [sha256(one) for one in (path, *beside)]
    lines = "".join(f"{one}  {name}\n" for one, name in zip(hashes, names, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def open_onnx(path: Path, *, expected: str = "", bgr: bool = False) -> Network:
    """Open an ONNX file as a network whose modules are the nodes of its graph.

    Parameters
    ----------
    path : Path
    expected : str, optional
        sha256 the file must have. Of a graph whose weights lie in files
        beside it, the sha256 of what `sha256sum` prints of the graph and of these, in the order
        in which the graph names them.
    bgr : bool, optional
        Whether the graph takes blue first.

    Returns
    -------
    Network
        It runs on the processor, whatever device the images are on.

    Raises
    ------
    IsomorphError
        When the file is absent or not the expected one, when it is not an ONNX file, or when its
        graph does not take a batch of images, see `isomorph.models.onnx.graph`.
    """
    _refuse_absent(path)
    found = _digest(path)
    if expected and found != expected:
        raise IsomorphError(
            f"{path}: has sha256 {found}, expected {expected}; it is not the file that was pinned"
        )
    try:
        from isomorph.models.onnx.graph import open_graph
        from isomorph.models.onnx.module import OnnxModule
    except ModuleNotFoundError as error:
        raise IsomorphError(
            f"{path}: needs {error.name}, which is not installed; {how_to_install('onnx')}"
        ) from error
    return Network(
        module=OnnxModule(open_graph(path), bgr=bgr).eval(),
        weights_sha256=found,
        has_blocks=False,
        weights_from=path.name,
    )
