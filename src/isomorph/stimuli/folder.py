"""Image files in a folder, with or without a table that describes them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.foreign.natural import by_number
from isomorph.saying import say
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.naming import composed, id_of, path_id
from isomorph.stimuli.pixels import open_rgb
from isomorph.stimuli.stimulus import Stimulus, renamed
from isomorph.study.stimuli import FolderStimuli


def list_stimuli(files: DatasetFiles, spec: FolderStimuli) -> list[Stimulus]:
    """List a stimulus per image file, in the order of their ids.

    Parameters
    ----------
    files : DatasetFiles
    spec : FolderStimuli
        Which are images, and what describes them.

    Raises
    ------
    IsomorphError
        When no file matches, two have one stem, or the table does not fit the images.
    """
    below = files.root / fixed_folder(spec.files)
    named = sorted(
        (
            composed(file.stem)
            if spec.ids == "name"
            else path_id(file.relative_to(below).as_posix()),
            file,
        )
        for file in files.find(spec.files)
    )
    for (one, file), (other, again) in itertools.pairwise(named):
        if one == other:
            raise IsomorphError(
                f'{file} and {again}: are both named "{one}", which is to be the id of one '
                "stimulus; narrow stimuli.files, rename one, or say stimuli.ids: path"
            )
    names = [name for name, _ in named]
    _say_if_numbers_are_out_of_order(names, files.dataset)
    described = describe(files, spec.table, spec.id, names, "stimuli.table")
    paths = [file.relative_to(files.root).as_posix() for _, file in named]
    return [
        Stimulus(name, partial(open_rgb, file), file, own | described.get(name, {}))
        for (name, file), own in zip(named, fields_of(paths, spec, files.where), strict=True)
    ]


def fixed_folder(pattern: str) -> str:
    """Return the folders a glob pattern spells out: `stimuli` of `stimuli/**/*.jpg`."""
    parts = pattern.split("/")[:-1]
    return "/".join(itertools.takewhile(lambda part: not re.search(r"[*?\[]", part), parts))


def fields_of(paths: Sequence[str], spec: FolderStimuli, source: str) -> list[dict[str, object]]:
    """Return the columns that the paths of images spell out.

    Raises
    ------
    IsomorphError
        When a path does not fit the expression.
    """
    if spec.fields_from is None:
        return [{} for _ in paths]
    expression = re.compile(spec.fields_from)
    found = []
    for path in paths:
        match = expression.search(path)
        if match is None:
            raise IsomorphError(
                f'{source}: stimuli.fields_from: "{spec.fields_from}" is not found in "{path}"; '
                "it must fit every image"
            )
        found.append({name: value or "" for name, value in match.groupdict().items()})
    return found


def describe(
    files: DatasetFiles, table: str | None, column: str, names: Sequence[str], key: str
) -> dict[str, dict[str, object]]:
    """Return the descriptive columns of stimuli; nothing without a table.

    The table stands beside the dataset's file, or else inside its archive; `column` names the
    stimuli, and `key` is where the table is named, for messages.

    Raises
    ------
    IsomorphError
        When it names not exactly one file, or one that does not fit the stimuli.
    """
    return {} if table is None else read_descriptions(files.table(table, key), column, names)


def read_descriptions(
    file: Path, column: str, names: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Read the descriptive columns of stimuli from a CSV or TSV table.

    Parameters
    ----------
    file : Path
        The table.
    column : str
        Names the stimuli, by their ids or by the paths of their images.
    names : sequence of str
        The stimuli there are.

    Returns
    -------
    dict of dict
        Column to value, by stimulus.

    Raises
    ------
    IsomorphError
        When the table is not CSV, or its stimuli are not exactly those there are.
    """
    table = read_table(file, column)
    # Ids are text, also where they look like numbers; "None" may be a category.
    others = table.columns.drop(column)
    table[others] = table[others].apply(_typed)
    renamed(others, str(file))  # refused here, where the file is known
    known = set(names)
    listed = [id_of(name, known) or composed(name) for name in table[column]]
    counted = Counter(listed)
    for what, odd in (
        ("lists twice", sorted(name for name, count in counted.items() if count > 1)),
        ("does not list", sorted(known - set(listed))),
        ("lists, without an image,", sorted(set(listed) - known)),
    ):
        if odd:
            raise IsomorphError(
                f"{file}: {column}: {what} {_some(odd)}; it must have one row for each of the "
                f"{len(names)} stimuli, named by its id (an image's is its file's name without the "
                "ending); `stimuli.id` names another column"
            )
    rows = table[others].to_dict(orient="records")
    return {
        name: {str(key): value for key, value in row.items()}
        for name, row in zip(listed, rows, strict=True)
    }


def _typed(column: pd.Series) -> pd.Series:
    """Return a column as numbers where every cell that holds something is one."""
    try:
        return pd.to_numeric(column.replace("", np.nan))
    except ValueError:
        return column.where(column != "")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _say_if_numbers_are_out_of_order(names: Sequence[str], dataset: str) -> None:
    """Say that `image_10` stands before `image_2`."""
    numbered = sorted(names, key=by_number)
    if numbered != list(names):
        place = next(i for i, (a, b) in enumerate(zip(names, numbered, strict=True)) if a != b)
        say(
            f'{dataset}: stimuli stand in the order of their names, "{names[place]}" before '
            f'"{numbered[place]}"'
        )
