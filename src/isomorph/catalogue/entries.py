"""The records of the catalogue: an artefact, a column of a table, a variable of an array."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import TYPE_CHECKING, Literal

from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    from isomorph.study import Study

WORDS = "text"
"""The unit of columns that hold words, even where they look like numbers (a unit id, "01")."""

DISTANCE = "<distance>"
"""What stands for the name of a distance in the name of a variable."""

RESULTS = "results/{study}/{dataset}"
OF_STIMULI = "results/{study}/{owner}"
"""Folders of what is made for a dataset, and of what is made for a set of stimuli."""

KEYED = "data/activations/{owner}/{model}/{key}"
"""Folder of what is the same in every study that asks for it, by a key of its settings."""

OWNERS = {"owner": "dataset", "archive": "dataset"}
"""Parts of a path that follow from a name: the dataset whose stimuli it uses, and its archive."""

NAMELESS = {"study", "key"}
"""Parts of a path that an artefact is not called by."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
    meaning : str
        One or two sentences.
    unit : str
        `text` for words, `count`, `seconds` …; empty for numbers without a unit.
    optional : bool
        Whether tables may lack it.
    """

    name: str
    meaning: str
    unit: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Variable:
    """A variable of a netCDF file.

    Attributes
    ----------
    name : str
        One that begins with `<distance>` stands once for every distance.
    dims : tuple of str
        Its dimensions in order; one with a question mark may be absent.
    meaning : str
    unit : str
        As of a `Column`.
    optional : bool
        Whether files may lack it.
    role : {'data', 'coordinate'}
    finite : bool
        Whether NaN and infinity are refused.
    """

    name: str
    dims: tuple[str, ...]
    meaning: str
    unit: str = ""
    optional: bool = False
    role: Literal["data", "coordinate"] = "data"
    finite: bool = False


@dataclass(frozen=True)
class ArraySchema:
    """Contents of one netCDF file, or of each session group of a responses file.

    Attributes
    ----------
    holds : tuple of Variable
    attributes : mapping of str to str
        Required attributes and what they mean.
    also : mapping of str to str
        Attributes that may be there as well.
    """

    holds: tuple[Variable, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def each(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of what may be said of every distance, by what follows its name."""
        return {one.name.removeprefix(DISTANCE): one.dims for one in self.holds
                if one.name.startswith(DISTANCE)}  # fmt: skip

    @property
    def variables(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of each required variable that is not a coordinate."""
        return {one.name: one.dims for one in self.holds
                if one.role == "data" and not one.optional}  # fmt: skip

    @property
    def finite(self) -> tuple[str, ...]:
        """Variables in which NaN and infinity are refused."""
        return tuple(one.name for one in self.holds if one.finite)


@dataclass(frozen=True)
class Artefact:
    """A file, or a folder, that a stage makes.

    Attributes
    ----------
    name : str
        As `isomorph.layout.Layout` has it.
    stage : str
        What makes it, see `isomorph.making.DECLARED`; empty where only a command by itself does.
    path : str
        Below the folder of `data/` and `results/`, with what it is made for in braces. `{owner}` is
        the dataset whose stimuli a dataset uses, `{archive}` the folder of a dataset's bytes, and
        `{key}` stands for the settings that decide it.
    words : str
        What it holds, in one line.
    columns : tuple of Column
        Of a table.
    array : str
        Of a netCDF file the name of its schema, see `isomorph.catalogue.ARRAYS`.
    parquet : bool
        Whether a copy in that format stands beside a table.
    only_for : callable or None
        From a study and a dataset to whether that dataset has it; None where all have.
    command : str
        The command that makes it, where it is not called as the stage is.
    asked : callable or None
        From a study and a dataset to whether the stage is asked for of that dataset; None where it
        always is.
    """

    name: str
    stage: str
    path: str
    words: str
    columns: tuple[Column, ...] = ()
    array: str = ""
    parquet: bool = False
    only_for: Callable[[Study, str], bool] | None = None
    command: str = ""
    asked: Callable[[Study, str], bool] | None = None

    @property
    def made_by(self) -> str:
        """The command that makes it, with what tells it from others of the same command."""
        return self.command or self.stage

    @property
    def made_for(self) -> tuple[str, ...]:
        """Which of `dataset`, `subject`, `model`, in this order, its path names."""
        named = (OWNERS.get(part, part) for part in self._parts if part not in NAMELESS)
        return tuple(dict.fromkeys(named))

    @property
    def of_stimuli(self) -> bool:
        """Whether it belongs to a set of stimuli, and so to the dataset that owns the set."""
        return "owner" in self._parts

    @property
    def keyed(self) -> bool:
        """Whether it stands under a key of its settings, where other studies find it."""
        return "key" in self._parts

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a table must have, in the order in which they stand."""
        return tuple(one.name for one in self.columns if not one.optional)

    @property
    def _parts(self) -> list[str]:
        return [part for _, part, _, _ in Formatter().parse(self.path) if part]


def named(unit: str, /, **meanings: str) -> dict[str, Column]:
    """Return columns of one unit by name."""
    return {name: Column(name, meaning, unit) for name, meaning in meanings.items()}


def table(
    name: str,
    stage: str,
    words: str,
    columns: str,
    *known: Mapping[str, Column],
    optional: str = "",
    path: str = "",
    parquet: bool = False,
    only_for: Callable[[Study, str], bool] | None = None,
    asked: Callable[[Study, str], bool] | None = None,
) -> Artefact:
    """Return the entry of a table, whose columns are called by their names.

    Parameters
    ----------
    name, stage, words : str
        See `Artefact`.
    columns, optional : str
        Names with spaces between, of columns it must have and of those it may have.
    *known : mapping of str to Column
        What the names mean; the first that has one counts.
    path, parquet, only_for, asked
        See `Artefact`. The path is that of a table of a dataset unless given.

    Raises
    ------
    IsomorphError
        When a column has no meaning.
    """

    def found(column: str) -> Column:
        for meanings in known:
            if column in meanings:
                return meanings[column]
        raise IsomorphError(f'table "{name}": nothing says what its column "{column}" means')

    return Artefact(
        name,
        stage,
        path or f"{RESULTS}/{name}.csv",
        words,
        columns=(
            *(found(one) for one in columns.split()),
            *(replace(found(one), optional=True) for one in optional.split()),
        ),
        parquet=parquet,
        only_for=only_for,
        asked=asked,
    )
