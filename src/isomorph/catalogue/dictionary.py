"""The data dictionary: what every file holds, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from isomorph.catalogue.entries import ArraySchema, Artefact, Column, Variable

Row = tuple[str, str, str]

OPTIONAL = "(may be absent) "


def rows_of(columns: Iterable[Column | Variable], named: Iterable[str] = ()) -> list[Row]:
    """Return name, unit and meaning of columns or variables.

    Parameters
    ----------
    columns : iterable of Column or Variable
    named : iterable of str, optional
        Those that a file has, where there is one: their order counts, and what the catalogue does
        not know is from the dataset.
    """
    known = {one.name: one for one in columns}
    if not (names := list(named)):
        return [_row(one, OPTIONAL if one.optional else "") for one in known.values()]
    return [
        _row(known[name]) if name in known else (name, "", "Said of the stimuli by the dataset.")
        for name in names
    ]


def markdown(artefacts: Iterable[Artefact], arrays: Mapping[str, ArraySchema]) -> str:
    """Return the dictionary of some artefacts as one page."""
    return "\n\n".join(["# Files and columns", INTRODUCTION, *_sections(artefacts, arrays)]) + "\n"


INTRODUCTION = (
    "Every file that isomorph writes, where it stands below the folder of `data/` and `results/`, "
    "and what each of its columns or variables means. `{owner}` is the dataset whose stimuli a "
    "dataset uses; a dimension with a question mark may be absent, and `<distance>` stands for the "
    "name of each distance. Every file carries its settings, the hashes of its inputs, code, "
    "versions and seed: netCDF files in their attribute `provenance`, others in the `.json` beside "
    "them. `isomorph show FILE --columns` prints the same of one file."
)


def _sections(artefacts: Iterable[Artefact], arrays: Mapping[str, ArraySchema]) -> Iterator[str]:
    told: set[str] = set()
    for one in artefacts:
        yield f"## {one.name}"
        copy = ", with a copy in Parquet" if one.parquet else ""
        yield f"`{one.path}`{copy}: {one.words}. Made by `isomorph {one.made_by}`."
        if one.columns:
            yield _table(rows_of(one.columns), "column")
        elif one.array in told:
            yield f"It holds what is said above of another file of the kind `{one.array}`."
        elif one.array:
            told.add(one.array)
            schema = arrays[one.array]
            yield _table(rows_of(schema.holds), "variable")
            yield "\n".join(
                f"- Attribute `{key}`: {text}" for key, text in schema.attributes.items()
            )


def _row(one: Column | Variable, before: str = "") -> Row:
    dims = f" ({', '.join(one.dims)})" if isinstance(one, Variable) and one.dims else ""
    return f"{one.name}{dims}", one.unit, f"{before}{one.meaning}"


def _table(rows: Sequence[Row], what: str) -> str:
    lines = [(what, "unit", "meaning"), ("---",) * 3]
    return "\n".join(map(row_of, [*lines, *((f"`{name}`", *rest) for name, *rest in rows)]))


def row_of(cells: Sequence[str]) -> str:
    """Return a row of a table in Markdown; a bar inside a cell does not end it."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
