"""Conditions named in the recordings themselves; there are no images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.saying import say
from isomorph.stimuli.crossed import condition_names, kept, kept_names
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.folder import describe
from isomorph.stimuli.naming import composed
from isomorph.stimuli.rows import read_rows
from isomorph.stimuli.stimulus import Stimulus
from isomorph.study.columns import column_names
from isomorph.study.stimuli import ConditionStimuli


def list_stimuli(files: DatasetFiles, spec: ConditionStimuli) -> list[Stimulus]:
    """List a stimulus per distinct value of a column, or of columns, of the recordings, sorted.

    Rows that name no condition (empty or NaN) are counted and reported.

    Parameters
    ----------
    files : DatasetFiles
    spec : ConditionStimuli
        Which tables and columns. The pattern of the files may name the subject.

    Raises
    ------
    IsomorphError
        When a file, table or column is not there, or a descriptive field is not constant within a
        condition.
    """
    recordings = files.of_everybody(spec.files)
    shown_by = column_names(spec.column)
    columns = tuple(dict.fromkeys((*shown_by, *spec.fields)))
    rows = pd.concat(
        [read_rows(file, spec.table, columns, spec.where) for file in recordings],
        ignore_index=True,
    )
    kind = "events" if ".tsv" in recordings[0].suffixes else spec.table
    names = condition_names(
        rows, spec.column, spec.name, empty=spec.empty, where=f"{files.where}: {kind}"
    )
    values = rows[spec.column] if isinstance(spec.column, str) else pd.Series(names)
    absent = values == ""
    excluded = values.isin(spec.without)
    is_named = ~(absent | excluded)
    for left_out, why in (
        (absent, f"name no {' and '.join(shown_by)}"),
        (excluded, f"are left out ({', '.join(spec.without)})"),
    ):
        if left_out.any():
            say(f"{files.dataset}: {int(left_out.sum())} of {len(rows)} rows of {kind} {why}")
    shown, names = rows[is_named], names[is_named]
    said_by = shown[[*shown_by]]
    if not isinstance(spec.column, str):
        said_by = kept(shown, spec.column, f"{files.where}: {kind}")
        shown = pd.concat([shown.drop(columns=[*shown_by]), said_by], axis=1)
    together = said_by.agg(", ".join, axis=1) if len(said_by) else pd.Series(dtype=object)
    _refuse_merged(together.tolist(), names.tolist(), f"{files.where}: stimuli.name")
    fields = tuple(dict.fromkeys((*kept_names(spec.column), *spec.fields)))
    by = kept_names(spec.column)
    found = conditions(shown, names, fields, f"{files.where}: stimuli.fields", by=by)
    names_found = [one.name for one in found]
    key = "stimuli.descriptions"
    said = describe(files, spec.descriptions, spec.id, names_found, key)
    return [replace(one, described={**one.described, **said.get(one.name, {})}) for one in found]


def _refuse_merged(values: Sequence[str], names: Sequence[str], where: str) -> None:
    """Refuse a name that two values share: two stimuli would be one."""
    by_name: dict[str, str] = {}
    for value, name in zip(values, names, strict=True):
        if composed(by_name.setdefault(name, value)) != composed(value):
            raise IsomorphError(
                f'{where}: "{by_name[name]}" and "{value}" both become "{name}"; leave `name` out, '
                "or set one of them aside with `without`"
            )


def conditions(
    rows: pd.DataFrame,
    names: npt.NDArray[np.str_],
    fields: Sequence[str],
    where: str,
    by: Sequence[str] = (),
) -> list[Stimulus]:
    """Return the distinct conditions of presentations, numbers in the order of their value.

    Parameters
    ----------
    rows : DataFrame
        A row per presentation.
    names : array of str of shape (presentation,)
        The condition of each.
    fields : sequence of str
        Columns to keep.
    where : str
        File and key, for messages.
    by : sequence of str
        Fields that order the conditions, before their names.

    Raises
    ------
    IsomorphError
        Naming the first field and condition with more than one value.
    """
    groups = rows.groupby(names, sort=False)
    for field in fields:
        values = groups[field].nunique(dropna=False)
        if (varied := values[values > 1]).size:
            name = str(varied.index[0])
            several = rows.loc[names == name, field].unique()[:2]
            raise IsomorphError(
                f'{where}: "{field}" is not constant within condition "{name}", it is '
                f'"{several[0]}" and "{several[1]}"; leave it out'
            )

    def order(name: str) -> list[tuple[int, float, str]]:
        return [_by_value(str(one)) for one in (*(first.at[name, field] for field in by), name)]

    first = groups[list(fields)].first() if fields else pd.DataFrame(index=list(groups.groups))
    return [
        Stimulus(name=str(name), described=first.loc[name].to_dict())
        for name in sorted(first.index, key=order)
    ]


def _by_value(name: str) -> tuple[int, float, str]:
    """Sort numbers by value and before words."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)
