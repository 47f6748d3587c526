"""Registries: a named place for the variants of one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

from isomorph.errors import IsomorphError, did_you_mean

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping of name to variant whose misses are helpful.

    Parameters
    ----------
    noun : str
        What the members are, for error messages: ``"measure"``.
    members : mapping of str to T
        The variants by name.
    """

    def __init__(self, noun: str, members: Mapping[str, T]) -> None:
        self.noun = noun
        self._members = dict(members)

    def __getitem__(self, name: str) -> T:
        try:
            return self._members[name]
        except KeyError:
            raise IsomorphError(
                f'unknown {self.noun} "{name}": {did_you_mean(name, self._members)}'
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def lazily(entry: str) -> Callable[..., Any]:
    """Return a function whose module is imported when it is first called.

    So a registry names members whose libraries are heavy, or not installed.

    Parameters
    ----------
    entry : str
        `module:function`, written out, so that what the function computes is part of the code that
        decides an artefact, see `isomorph.digest.code_digest`.
    """
    module, name = entry.split(":")

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **named)

    call.__name__, call.__doc__ = name, f"See `{module}.{name}`."
    return call
