"""What is done to responses before distances are taken, a registry by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats
from isomorph.registry import Registry

Transform = Callable[[Floats], Floats]


def none(responses: Floats) -> Floats:
    """Return responses `(presentation, unit)` as they are."""
    return responses


def square_root(responses: Floats) -> Floats:
    """Return square roots, which make the variance of Poisson counts about constant.

    Raises
    ------
    IsomorphError
        When a response is negative.
    """
    if (responses < 0).any():
        raise IsomorphError("transform: square_root needs counts or rates, and some are negative")
    return np.sqrt(responses)


def z_score(responses: Floats) -> Floats:
    """Return responses with mean 0 and standard deviation 1 per unit over presentations.

    A unit that never varies, but for rounding, carries no geometry and becomes zero.
    """
    spread = responses.std(axis=0)
    spread[spread <= 1e-12 * np.abs(responses).max(axis=0)] = 0
    centred = responses - responses.mean(axis=0)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)


TRANSFORMS: Registry[Transform] = Registry(
    "transform",
    {
        "none": none,
        "square_root": square_root,
        "z_score": z_score,
        "square_root_z_score": lambda responses: z_score(square_root(responses)),
    },
)
