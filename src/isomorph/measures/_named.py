"""Measures by name; a parameter, such as the bandwidth of a kernel, may stand in the name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from isomorph.errors import did_you_mean
from isomorph.measures._measure import Measure
from isomorph.registry import Registry

_NAMED = re.compile(r"(?P<name>\w+)\((?P<value>[0-9]*\.?[0-9]+)\)")


class Measures(Registry[Measure]):
    """A registry in which `cka_rbf(0.2)` is `cka_rbf` with another bandwidth.

    A name means one measure everywhere, in settings, tables and figures, so what makes a measure
    another one is part of its name. The form of such a measure is a dataclass whose `parameter`
    names the field, whose `meaning` says what it is, and whose `allowed` is what it lies between,
    the lower end excluded.
    """

    def __getitem__(self, name: str) -> Measure:
        return self._with_value(name) or super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and self._with_value(name) is not None
        )

    def suggestion(self, name: str) -> str:
        """Return what would be right in place of a name that is not known, as a clause."""
        found = _NAMED.fullmatch(name)
        if found is None or not super().__contains__(found["name"]):
            return did_you_mean(name, tuple(self))
        measure = found["name"]
        form: Any = super().__getitem__(measure).form
        parameter = getattr(form, "parameter", "")
        if not parameter:
            return f'"{measure}" has no parameter; name it alone'
        value = _number(form, found["value"])
        if value is None:
            return f'{parameter} of "{measure}" must be {form.meaning}'
        if value == getattr(form, parameter):
            return f'"{measure}" alone has that {parameter}'
        return f'write "{measure}({_written(value)})", {form.meaning}'

    def _with_value(self, name: str) -> Measure | None:
        """Return the measure whose name says a parameter, None for any other name."""
        found = _NAMED.fullmatch(name)
        if found is None or not super().__contains__(found["name"]):
            return None
        measure = super().__getitem__(found["name"])
        form: Any = measure.form
        parameter = getattr(form, "parameter", "")
        value = _number(form, found["value"]) if parameter else None
        # One name for one measure: 0.20 is written 0.2, and the usual value is not written.
        if value is None or value == getattr(form, parameter):
            return None
        written = _written(value)
        if name != f"{measure.name}({written})":
            return None
        title = f"{measure.title}, {parameter.replace('_', ' ')} {written}"
        return replace(measure, name=name, title=title, form=replace(form, **{parameter: value}))


def _written(value: float) -> str:
    """Return a number as a name has it: all its digits, and no exponent."""
    return np.format_float_positional(value, trim="-")


def _number(form: Any, written: str) -> float | int | None:
    """Return the value a name says, None if the form cannot have it."""
    usual = getattr(form, form.parameter)
    value = float(written)
    if isinstance(usual, int):
        value = int(value) if value == int(value) else -1
    low, high = form.allowed
    return value if low < value <= high else None
