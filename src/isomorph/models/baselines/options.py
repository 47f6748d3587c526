"""What baselines take and give: options, with a sentence for what may not be said, and features."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean

Features = dict[str, NDArray]
"""Features `(stimulus, feature)` by layer."""

LeftOut = dict[str, str]
"""Layers without a geometry, with the reason."""


class Options:
    """The options of one model over their defaults.

    Parameters
    ----------
    given : mapping
        What the model's file says.
    defaults : mapping
        Every option there is.
    where : str
        The model, for errors.

    Raises
    ------
    IsomorphError
        When a key is unknown.
    """

    def __init__(self, given: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> None:
        known_options(given, defaults, where)
        self.settings = {**defaults, **given}
        self.where = where

    def count(self, name: str) -> int:
        """Return a whole number above 0."""
        value = self.settings[name]
        if not _is_whole(value) or value < 1:
            raise self._mistake(name, f"must be a whole number above 0, not {value!r}")
        return int(value)

    def seed(self, name: str) -> int:
        """Return a whole number from 0."""
        value = self.settings[name]
        if not _is_whole(value) or value < 0:
            raise self._mistake(name, f"must be a whole number from 0, not {value!r}")
        return int(value)

    def counts(self, name: str) -> tuple[int, ...]:
        """Return one whole number above 0 or more."""
        values = self.settings[name]
        if not _is_list(values) or not values:
            raise self._mistake(name, f"must be a list of whole numbers, not {values!r}")
        for value in values:
            if not _is_whole(value) or value < 1:
                raise self._mistake(name, f"holds {value!r}; whole numbers above 0 are meant")
        return tuple(int(value) for value in values)

    def choice(self, name: str, known: Collection[str]) -> str:
        """Return one of several words."""
        value = self.settings[name]
        if value not in known:
            raise self._mistake(name, f'is "{value}", {did_you_mean(str(value), known)}')
        return str(value)

    def wavelengths(self, size: int, name: str = "wavelengths") -> tuple[float, ...]:
        """Return wavelengths in pixels, none below 2 or beyond the image."""
        values = self.settings[name]
        if not _is_list(values) or not values:
            raise self._mistake(name, f"must be a list of pixels, not {values!r}")
        for value in values:
            if not isinstance(value, int | float) or not 2 <= value <= size:
                raise self._mistake(
                    name,
                    f"holds {value!r}; a wavelength lies between 2 pixels and the image's {size}",
                )
        return tuple(float(value) for value in values)

    def columns(self, known: Sequence[str], name: str = "columns") -> list[str]:
        """Return columns of the stimulus table."""
        values = self.settings.get(name)
        if not _is_list(values) or not values:
            raise self._mistake(name, "must list columns of the stimulus table")
        for value in values:
            if value not in known:
                raise self._mistake(
                    name,
                    f'the stimulus table has no "{value}", {did_you_mean(str(value), known)}',
                    colon=True,
                )
        return list(values)

    def _mistake(self, name: str, what: str, *, colon: bool = False) -> IsomorphError:
        return IsomorphError(f"{self.where}: options.{name}{':' if colon else ''} {what}")


def known_options(given: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Refuse a key that no option has.

    Raises
    ------
    IsomorphError
    """
    for name in given:
        if name not in known:
            raise IsomorphError(
                f"{where}: options: unknown key {name}, {did_you_mean(name, known)}"
            )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
