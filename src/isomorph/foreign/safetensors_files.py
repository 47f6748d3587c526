"""safetensors files: tensors by name, of which each is read when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.foreign.guard import reading


def tensor_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a file by name.

    Raises
    ------
    IsomorphError
        When the file is damaged.
    """
    from safetensors import safe_open

    with reading(file, "a safetensors file"), safe_open(file, framework="pt") as opened:
        names = opened.keys()
        return {name: tuple(opened.get_slice(name).get_shape()) for name in names}


def read_tensor(file: Path, name: str) -> NDArray[Any]:
    """Return one tensor of a file, in single precision where it is in half.

    Raises
    ------
    IsomorphError
        When the file is damaged.
    """
    import torch
    from safetensors import safe_open

    with reading(f"{file}: {name}", "a tensor"), safe_open(file, framework="pt") as opened:
        found = opened.get_tensor(name)
        narrow = found.dtype in (torch.bfloat16, torch.float16)
        return np.asarray((found.float() if narrow else found).numpy())
