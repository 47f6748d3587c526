"""Measures by name; the bandwidth of a kernel may stand in the name."""

from __future__ import annotations

import re
from dataclasses import replace

from isomorph.errors import did_you_mean
from isomorph.measures._measure import Measure
from isomorph.measures.kernels import RbfForm
from isomorph.registry import Registry

_NAMED = re.compile(r"(?P<name>\w+)\((?P<bandwidth>[0-9]*\.?[0-9]+)\)")


class Measures(Registry[Measure]):
    """A registry in which `cka_rbf(0.2)` is `cka_rbf` with another bandwidth.

    A name means one measure everywhere, in settings, tables and figures, so what makes a measure
    another one is part of its name.
    """

    def __getitem__(self, name: str) -> Measure:
        return self._with_bandwidth(name) or super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and self._with_bandwidth(name) is not None
        )

    def suggestion(self, name: str) -> str:
        """Return what would be right in place of a name that is not known, as a clause."""
        found = _NAMED.fullmatch(name)
        if found is None or not super().__contains__(found["name"]):
            return did_you_mean(name, tuple(self))
        measure, bandwidth = found["name"], float(found["bandwidth"])
        form = super().__getitem__(measure).form
        if not isinstance(form, RbfForm):
            return f'"{measure}" has no bandwidth; name it alone'
        if bandwidth == form.bandwidth:
            return f'"{measure}" alone has that bandwidth'
        return f'write "{measure}({bandwidth:g})", a fraction of the median distance above 0'

    def _with_bandwidth(self, name: str) -> Measure | None:
        """Return the measure whose name says a bandwidth, None for any other name."""
        found = _NAMED.fullmatch(name)
        if found is None or not super().__contains__(found["name"]):
            return None
        measure, bandwidth = super().__getitem__(found["name"]), float(found["bandwidth"])
        form = measure.form
        # One name for one measure: 0.20 is written 0.2, and the usual bandwidth is not written.
        usual = not isinstance(form, RbfForm) or bandwidth in (0, form.bandwidth)
        if usual or name != f"{measure.name}({bandwidth:g})":
            return None
        assert isinstance(form, RbfForm)
        title = f"{measure.title}, bandwidth {bandwidth:g} of the median distance"
        return replace(measure, name=name, title=title, form=replace(form, bandwidth=bandwidth))
