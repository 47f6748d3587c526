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
    record = "\n".join(f"- `{key}`: {text}" for key, text in RECORD.items())
    parts = ["# Files and columns", INTRODUCTION, record, *_sections(artefacts, arrays)]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = (
    "Every file that isomorph writes, where it stands below the folder of `data/` and `results/`, "
    "and what each of its columns or variables means. `{owner}` is the dataset whose stimuli a "
    "dataset uses, `{key}` twelve digits that stand for the settings and files that decide the "
    "activations of a model; a dimension with a question mark may be absent, and `<distance>` "
    "stands for the name of each distance. Where a value could not be computed the row has no "
    "number; its `status` says what kind of row it is, and `reason` why, in words. `isomorph show "
    "FILE --columns` prints the same of one file.\n\n"
    "Every file carries a record of how it was made: netCDF files in their attribute `provenance`, "
    "beside `artefact`, the kind of file it is; others in the `.json` beside them. It is JSON:"
)

RECORD: Mapping[str, str] = {
    "stage": "What wrote the file.",
    "source": "Archive and version that the bytes came from, or the model and its weights.",
    "settings": "The settings of the study that decided it, and no others.",
    "inputs": "sha256 of every file that was read, by path.",
    "code": "Digest of the code that made it; comments and words do not change it.",
    "seed": "Seed of whatever was random; null where nothing was.",
    "packages": "Versions of the packages that computed.",
    "python": "Version of Python.",
    "made_for": "The dataset, subject and model that the file is about.",
    "noted": "What the stage found out and a reader may want to know.",
    "upstream": "For every job that the file goes back to, digests of its settings and code and of "
    "its inputs.",
    "contents": "sha256 of the file, or of every variable of a netCDF file.",
    "seal": "sha256 of the record itself, so that a change of any letter is noticed.",
}
"""What each key of the record beside a file means, see `isomorph.artefacts.provenance`."""


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
            yield "\n".join([
                *(f"- Attribute `{key}`: {text}" for key, text in schema.attributes.items()),
                *(f"- Attribute `{key}`: {OPTIONAL}{text}" for key, text in schema.also.items()),
            ])  # fmt: skip


def _row(one: Column | Variable, before: str = "") -> Row:
    dims = f" ({', '.join(one.dims)})" if isinstance(one, Variable) and one.dims else ""
    return f"{one.name}{dims}", one.unit, f"{before}{one.meaning}"


def _table(rows: Sequence[Row], what: str) -> str:
    lines = [(what, "unit", "meaning"), ("---",) * 3]
    return "\n".join(map(row_of, [*lines, *((f"`{name}`", *rest) for name, *rest in rows)]))


def row_of(cells: Sequence[str]) -> str:
    """Return a row of a table in Markdown; a bar inside a cell does not end it."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
