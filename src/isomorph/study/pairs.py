"""A distance for brains and another for models, and the name that stands for both.

Rows, figures and menus call a setting by one name: `correlation`, or `correlation~euclidean` where
the RDMs of regions are of correlation and those of layers Euclidean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from isomorph.study._base import Spec, checked

AND = "~"


class DistancePair(Spec):
    """A distance inside brains and one inside models."""

    brain: str
    """That of the RDMs of regions."""
    model: str
    """That of the RDMs of layers."""


def name_of(brain: str, model: str) -> str:
    """Return the name of two distances, that of one where they are the same.

    Examples
    --------
    >>> name_of("correlation", "euclidean"), name_of("cosine", "cosine")
    ('correlation~euclidean', 'cosine')
    """
    return brain if brain == model else f"{brain}{AND}{model}"


def both(name: str) -> tuple[str, str]:
    """Return the distances of brains and of models that a name stands for.

    Examples
    --------
    >>> both("correlation~euclidean"), both("crossnobis")
    (('correlation', 'euclidean'), ('crossnobis', 'crossnobis'))
    """
    brain, _, model = name.partition(AND)
    return brain, model or brain


def is_pair(name: str) -> bool:
    """Tell whether a name stands for two distances."""
    return AND in name


def _named(given: Any) -> Any:
    """Return the name of what is written as a name or as a pair."""
    if isinstance(given, Mapping):
        pair = checked(given, DistancePair)
        return name_of(pair.brain, pair.model)
    if isinstance(given, str) and is_pair(given):
        return name_of(*(part.strip() for part in both(given)))
    return given


DistanceName = Annotated[
    str,
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [{"type": "string"}, DistancePair.model_json_schema()]}),
]
"""A distance by name, or `{brain: correlation, model: euclidean}`, kept by the name of both."""
