"""Looking at an artefact: in words on the terminal, or drawn into a PNG."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill, indent

from isomorph.artefacts import artefact_kind
from isomorph.catalogue import ARRAYS, CATALOGUE, TABLES
from isomorph.catalogue.dictionary import rows_of
from isomorph.cli.show import descriptions, drawing
from isomorph.errors import IsomorphError

__all__ = ["columns", "describe", "draw"]

SEEN = {".html": "a page", ".svg": "a picture", ".png": "a picture", ".jpg": "a picture"}
"""Files made to be looked at as they are, by ending."""


def describe(file: Path) -> str:
    """Return what an artefact holds and where it came from, for the terminal.

    Raises
    ------
    IsomorphError
        When the file is absent or is not an artefact.
    """
    return descriptions.WORDS[_kind(file, "printed")](file)


def columns(file: Path) -> str:
    """Return what the columns of a table, or the variables of a netCDF file, mean.

    Raises
    ------
    IsomorphError
        When the file is absent, or is neither.
    """
    kind = _kind(file, "explained")
    if kind in ARRAYS:
        rows = rows_of(ARRAYS[kind].holds)
    elif kind in TABLES:
        rows = rows_of(CATALOGUE[kind].columns, descriptions.known_table(file).columns)
    else:
        raise IsomorphError(
            f"{file}: has no columns that isomorph knows; tables of {', '.join(TABLES)} have"
        )
    return "\n".join(
        f"{name}{f' [{unit}]' if unit else ''}\n{indent(fill(said, 92), '    ')}"
        for name, unit, said in rows
    )


def draw(file: Path, output: Path) -> None:
    """Draw an artefact into a PNG.

    Raises
    ------
    IsomorphError
        When the file is absent, is not an artefact, or is of a kind that has no picture.
    """
    if output.suffix != ".png":
        raise IsomorphError(f"{output}: pictures are PNG; name it {output.with_suffix('.png')}")
    kind = _kind(file, "drawn")
    if kind not in drawing.DRAWINGS:
        raise IsomorphError(
            f"{file}: of {kind} there is no picture, only of {', '.join(drawing.DRAWINGS)}; leave "
            "-o away to print it"
        )
    drawing.save(drawing.DRAWINGS[kind](file), output)


def _kind(file: Path, done: str) -> str:
    """Return which artefact a file is, by its name and what it says of itself."""
    if file.is_dir():
        raise IsomorphError(f"{file}: is a folder; name one of the files in it")
    if not file.is_file():
        raise IsomorphError(f"{file}: no such file")
    if file.suffix == ".nc":
        if (kind := artefact_kind(file)) in descriptions.WORDS:
            return kind
        raise IsomorphError(
            f"{file}: is not an artefact of isomorph, it says {kind or 'nothing'} of itself; show "
            "takes what the stages write into data/ and results/"
        )
    if file.suffix in descriptions.TABLE_READERS:
        known = file.stem in TABLES and file.suffix in {".csv", ".parquet"}
        return file.stem if known else "table"
    if file.name == "manifest.json":
        return "manifest"
    if file.suffix in SEEN:
        raise IsomorphError(f"{file}: is {SEEN[file.suffix]}; open it in a browser")
    raise IsomorphError(
        f"{file}: cannot be {done}; show takes the .nc, .csv, .tsv, .parquet and manifest.json "
        "files of data/ and results/"
    )
