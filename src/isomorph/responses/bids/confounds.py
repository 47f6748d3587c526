"""Confounds: regressors of no interest, from fMRIPrep or from columns of a table."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, read_tsv
from isomorph.responses.entities import partner
from isomorph.study.bids import BidsConfounds

Array = npt.NDArray


def read_confounds(
    bold: Path,
    tables: list[Path],
    spec: BidsConfounds,
    n_scans: int,
    right: Path | None = None,
) -> Array:
    """Return the confounds of one run.

    Parameters
    ----------
    bold : Path
        The run.
    tables : list of Path
        Tables to choose from, with `columns`.
    spec : BidsConfounds
        Which confounds.
    n_scans : int
        Volumes of the run.
    right : Path, optional
        The right hemisphere, where `bold` is the left.

    Returns
    -------
    ndarray (scan, confound)

    Raises
    ------
    IsomorphError
        When the table or a column is missing, a value is no number, or volumes and rows differ.
    """
    if spec.strategy:
        where, found = str(bold), _from_fmriprep(bold, right, spec)
    else:
        table = partner(bold, tables, "tables of confounds")
        where, found = str(table), _from_columns(table, spec.columns)
    if len(found) != n_scans:
        raise IsomorphError(f"{where}: {len(found)} rows of confounds, expected {n_scans} volumes")
    return found


def _from_fmriprep(bold: Path, right: Path | None, spec: BidsConfounds) -> Array:
    from nilearn.interfaces.fmriprep import load_confounds

    image = str(bold) if right is None else [str(bold), str(right)]
    try:
        with warnings.catch_warnings():
            # nilearn lists every file it might have meant; what counts is said below
            warnings.simplefilter("ignore")
            found, _ = load_confounds(image, strategy=spec.strategy, motion=spec.motion)
    except (ValueError, OSError, KeyError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise IsomorphError(
            f"{bold}: its confounds cannot be read ({first.strip()}); they must stand beside it, "
            "as fMRIPrep writes them"
        ) from error
    return np.asarray(found, dtype=np.float64)


def _from_columns(table: Path, columns: tuple[str, ...]) -> Array:
    rows = read_tsv(table, *columns)[list(columns)]
    values = rows.apply(lambda column: pd.to_numeric(column, errors="coerce"))
    numbers = values.to_numpy(dtype=np.float64, copy=True)
    # a difference between volumes has no value at the first
    numbers[:1] = np.where(np.isnan(numbers[:1]), 0.0, numbers[:1])
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0]
        wrong = str(rows.iat[row, column]) or MISSING
        raise IsomorphError(
            f'{table}: line {rows.index[row] + 2}: {columns[column]} is "{wrong}", expected a '
            "number"
        )
    return numbers
