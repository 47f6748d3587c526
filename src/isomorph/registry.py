"""Registries: a named place for the variants of one thing, other packages' included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast

from isomorph.errors import IsomorphError, did_you_mean, first_line, how_to_install

T = TypeVar("T")

PLUGGED: dict[str, str] = {}
"""Version of every other package whose variants were used in this process, by its name."""


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping of name to variant whose misses are helpful.

    Parameters
    ----------
    noun : str
        What the members are, for error messages: ``"measure"``.
    members : mapping of str to T
        The variants by name.
    group : str, optional
        Group of entry points by which other packages add members, under the entry's name;
        their code is imported when one is asked for.
    kind : type, optional
        What such a member must be an instance of.
    """

    def __init__(
        self,
        noun: str,
        members: Mapping[str, T],
        group: str = "",
        kind: type[T] | None = None,
    ) -> None:
        self.noun = noun
        self.group = group
        self._kind = kind
        self._own = dict(members)

    @property
    def own(self) -> Mapping[str, T]:
        """The members that are isomorph's, for which no other package is imported."""
        return self._own

    @cached_property
    def _members(self) -> dict[str, T | EntryPoint]:
        """The members, those of other packages not yet imported."""
        found: dict[str, T | EntryPoint] = dict(self._own)
        for entry in entry_points(group=self.group) if self.group else ():
            if entry.name in found:
                raise IsomorphError(
                    f'{_package(entry)}: its {self.noun} "{entry.name}" has the name of another; '
                    f"rename it in the package's entry points ({self.group})"
                )
            found[entry.name] = entry
        return found

    def __getitem__(self, name: str) -> T:
        try:
            member = self._members[name]
        except KeyError:
            raise IsomorphError(
                f'unknown {self.noun} "{name}": {did_you_mean(name, self._members)}'
            ) from None
        return self._load(member) if isinstance(member, EntryPoint) else member

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"{self.noun}: {', '.join(self)}"

    def _load(self, entry: EntryPoint) -> T:
        """Import a member of another package, and note the package's version.

        Raises
        ------
        IsomorphError
            When its code fails, or it is no such thing as the other members are.
        """
        where = f'{_package(entry)}: its {self.noun} "{entry.name}" ({entry.value})'
        try:
            member = entry.load()
        except Exception as error:  # whatever other people's code raises when it is imported
            raise IsomorphError(
                f"{where} cannot be imported: {type(error).__name__}: {first_line(error)}"
            ) from error
        if self._kind is not None and not isinstance(member, self._kind):
            raise IsomorphError(
                f"{where} is of type {type(member).__name__}, expected {self._kind.__name__}"
            )
        own = getattr(member, "name", entry.name)
        if own != entry.name:
            raise IsomorphError(
                f'{where} calls itself "{own}"; entry and member need the same name'
            )
        if entry.dist is not None:
            PLUGGED[entry.dist.name] = entry.dist.version
        self._members[entry.name] = cast(T, member)
        return cast(T, member)


def _package(entry: EntryPoint) -> str:
    return "an installed package" if entry.dist is None else f"the package {entry.dist.name}"


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


def of_extra(module: str, extra: str, what: str) -> Any:
    """Return a module of an optional package, imported when it is first needed.

    Parameters
    ----------
    module : str
        `ripser`.
    extra : str
        What installs it.
    what : str
        What needs it, for the message.

    Raises
    ------
    IsomorphError
        When it is not installed, saying how it is.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise IsomorphError(
            f"{what} needs {error.name or module}, which is not installed; {how_to_install(extra)}"
        ) from error
