"""What is read of a file of weights: tensors alone.

A pickle runs whatever code it holds.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError
from isomorph.foreign import first_line
from isomorph.models.source import Request

if TYPE_CHECKING:
    import torch

FORCED, FORBIDDEN = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
"""Variables with which torch reads nothing but tensors, even where a library asks for more."""
NOT_ALLOWED = re.compile(r"GLOBAL ([\w.]+)")
"""How torch names what a pickle would run."""


@contextmanager
def fitting(request: Request, file: Path, what: str) -> Iterator[None]:
    """Say in a sentence that a file cannot be read as the weights of a network.

    Parameters
    ----------
    request : Request
    file : Path
        File or folder that is read inside.
    what : str
        The network.

    Raises
    ------
    IsomorphError
        In place of what the library raises.
    """
    try:
        with tensors_only(request, str(file)):
            yield
    except IsomorphError:
        raise
    except Exception as error:
        raise IsomorphError(
            f"{request.instance}: {file} does not fit {what} ({first_line(error)}); remove it"
        ) from error


@contextmanager
def tensors_only(request: Request, what: str) -> Iterator[None]:
    """Let torch read nothing but tensors, whatever the library inside asks of it.

    Parameters
    ----------
    request : Request
    what : str
        What is read inside, for errors.

    Raises
    ------
    IsomorphError
        When a file holds more than tensors, saying how they are kept alone.
    """
    before = {name: os.environ.pop(name, None) for name in (FORCED, FORBIDDEN)}
    os.environ[FORCED] = "1"
    try:
        yield
    except Exception as error:
        if (found := _beyond_tensors(error)) is None:
            raise
        raise IsomorphError(
            f"{request.instance}: {what} holds {found}, and reading that would run code; where you "
            "trust it, read it with torch.load(..., weights_only=False) and save its state dict "
            "alone, with safetensors.torch.save_file or torch.save"
        ) from error
    finally:
        os.environ.pop(FORCED, None)
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _beyond_tensors(error: BaseException) -> str | None:
    """Return what a file holds beside tensors, None where that is not what went wrong."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, pickle.UnpicklingError) and "weights_only" in str(one):
            named = NOT_ALLOWED.search(str(one))
            return f"more than tensors ({named[1]})" if named else "more than tensors"
        if isinstance(one, RuntimeError) and "with TorchScript archives" in str(one):
            return "a program (TorchScript)"
        one = one.__cause__ or one.__context__
    return None


def digest_of_module(module: torch.nn.Module) -> str:
    """Return the sha256 of every parameter and buffer of a network, by name.

    It stands for the weights where they are not one file.
    """
    import torch

    found = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        found.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        found.update(values.flatten().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
