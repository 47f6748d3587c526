"""Methods of prediction by the names of their measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures.prediction import METHODS, OfUnits, ReverseForm
from isomorph.prediction import PENALTIES, Components, Map, PartialLeastSquares, Ridge
from isomorph.study.prediction import Prediction


@dataclass(frozen=True)
class Method:
    """How one side is predicted from the other.

    Attributes
    ----------
    name : str
        Of the measure.
    map : callable
        See `isomorph.prediction`.
    reverse : bool
        Whether layers are predicted from regions.
    together : bool
        Whether units of a population are fitted together.
    """

    name: str
    map: Map
    reverse: bool = False
    together: bool = False

    @property
    def unjudged(self) -> Map:
        """The same map where no layer is chosen."""
        if isinstance(self.map, Components | PartialLeastSquares):
            return replace(self.map, judged=False)
        return self.map


def methods_of(names: Sequence[str], settings: Prediction, where: str) -> list[Method]:
    """Return methods by their names.

    Parameters
    ----------
    names : sequence of str
    settings : Prediction
    where : str
        What names them, for messages.

    Raises
    ------
    IsomorphError
        When a name is not known.
    """
    return [_method(name, settings, where) for name in names]


def _method(name: str, settings: Prediction, where: str) -> Method:
    if name not in METHODS:
        raise IsomorphError(f'{where}: unknown "{name}", {METHODS.suggestion(name)}')
    form = METHODS[name].form
    assert isinstance(form, OfUnits | ReverseForm), "what the registry holds"
    by = form.map
    if isinstance(by, Ridge):
        by = ridge_of(settings)
    elif isinstance(by, Components | PartialLeastSquares):
        by = replace(by, judged=True)
    reverse = isinstance(form, ReverseForm)
    return Method(name, by, reverse, not reverse and getattr(form, "together", False))


def ridge_of(settings: Prediction) -> Ridge:
    """Return ridge regression with the penalties of the settings."""
    low, high = np.log10([PENALTIES[0], PENALTIES[-1]])
    return Ridge(tuple(np.logspace(low, high, settings.penalties).tolist()), settings.inner)
