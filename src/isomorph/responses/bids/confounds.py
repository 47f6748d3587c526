"""Confounds: regressors of no interest, and volumes that do not count.

fMRIPrep flags volumes that were taken before the scanner was in a steady state. They are left out
whichever confounds are asked for, also where none are; volumes of excessive motion are left out
where the settings ask for that.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, read_tsv, reading
from isomorph.foreign.entities import parse
from isomorph.foreign.inheritance import inherited, partner
from isomorph.responses.bids.run_files import RunFiles
from isomorph.study.bids import BidsConfounds

Array = npt.NDArray

NOT_STEADY = "non_steady_state"
"""What fMRIPrep's names of columns hold that flag a volume taken before the steady state."""

FMRIPREP = ("timeseries", "regressors")
"""Suffixes of fMRIPrep's tables of confounds, new and old."""


@dataclass(frozen=True)
class Confounds:
    """What is of no interest in one run.

    Attributes
    ----------
    regressors : array of shape (scan, confound)
        Of every volume, also of those that do not count.
    kept : array of bool of shape (scan,)
        Volumes that count.
    files : tuple of Path
        What was read.
    noted : dict of str to int
        Patterns of columns that match none, by reason.
    """

    regressors: Array
    kept: Array
    files: tuple[Path, ...] = ()
    noted: dict[str, int] = field(default_factory=dict)


def read_confounds(
    run: RunFiles, tables: Sequence[Path], spec: BidsConfounds | None, n_scans: int
) -> Confounds:
    """Return the confounds of one run, and which of its volumes count.

    Parameters
    ----------
    run : RunFiles
    tables : sequence of Path
        Tables to choose from, with `columns`.
    spec : BidsConfounds or None
        Which confounds; with none, volumes that are not steady are left out all the same.
    n_scans : int
        Volumes of the run.

    Raises
    ------
    IsomorphError
        When the table or a column is missing, a value is not a number, volumes and rows differ, or
        fewer than two volumes count.
    """
    beside = fmriprep_table(run.bold)
    steady = np.ones(n_scans, dtype=bool)
    if beside is not None:
        flags = _flag_columns(read_tsv(beside))
        if spec is not None or flags.shape[1]:
            _refuse_other_rows(beside, len(flags), n_scans)
            steady = ~_flagged(flags)
    if spec is None:
        found = Confounds(np.zeros((n_scans, 0)), steady)
    elif spec.strategy:
        found = _from_fmriprep(run, spec, n_scans)
    else:
        found = _from_columns(partner(run.bold, tables, "tables of confounds"), spec, n_scans)
    kept = found.kept & steady
    if kept.sum() < 2:
        flagging = [beside] if not steady.all() else []
        flagging += found.files[:1] if not found.kept.all() else []
        said = " and ".join(map(str, dict.fromkeys(flagging)))
        raise IsomorphError(
            f"{said}: leaves {kept.sum()} of the {n_scans} volumes of "
            f"{run.bold.name}, all others are flagged; leave the run out, or scrub less"
        )
    wrong = np.argwhere(~np.isfinite(found.regressors[kept]))
    if len(wrong):
        scan = int(np.flatnonzero(kept)[wrong[0, 0]])
        raise IsomorphError(
            f"{found.files[0]}: a confound of volume {scan + 1} is not a number, of "
            f"{len(wrong)} values"
        )
    # what does not count may be no number
    regressors = np.where(kept[:, None], found.regressors, 0.0)
    files = [*([beside] if beside else []), *found.files]
    return Confounds(regressors, kept, tuple(dict.fromkeys(files)), found.noted)


def fmriprep_table(bold: Path) -> Path | None:
    """Return fMRIPrep's table of confounds beside a run, None where there is none."""
    others = [
        file
        for file in sorted(bold.parent.glob("*_desc-confounds_*.tsv"))
        if parse(file).suffix in FMRIPREP
    ]
    return inherited(bold, others, "tables of confounds")


def _flag_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a table, a row per volume, that flag volumes as not steady."""
    return rows[[name for name in rows.columns if NOT_STEADY in name]]


def _flagged(flags: pd.DataFrame) -> Array:
    """Tell which volumes some column flags: (scan,) of bool."""
    flagged: Array = (_numbers(flags) != 0).any(axis=1)
    return flagged


def _from_fmriprep(run: RunFiles, spec: BidsConfounds, n_scans: int) -> Confounds:
    """Return what nilearn's `load_confounds` gives, its `sample_mask` as the volumes kept."""
    from nilearn.interfaces.fmriprep import load_confounds
    from nilearn.interfaces.fmriprep.load_confounds_utils import get_confounds_file

    images = [str(file) for file in run.files]
    image = images[0] if len(images) == 1 else images
    what = "volumes with confounds beside them, as fMRIPrep writes them"
    with reading(run.bold, what):
        table = Path(get_confounds_file(image, flag_full_aroma=False, flag_tedana=False))
    _refuse_shifted(table)
    _refuse_other_rows(table, len(read_tsv(table)), n_scans)
    with reading(run.bold, what), warnings.catch_warnings():
        # nilearn lists every file it might have meant, and says when no volume is left
        warnings.simplefilter("ignore")
        found, sample_mask = load_confounds(
            image,
            strategy=spec.strategy,
            motion=spec.motion,
            scrub=spec.scrub,
            fd_threshold=spec.fd_threshold,
            std_dvars_threshold=spec.std_dvars_threshold,
        )
    kept = np.ones(n_scans, dtype=bool)
    if sample_mask is not None:
        kept[:] = False
        kept[np.asarray(sample_mask, dtype=np.int64)] = True
    told = table.with_suffix(".json")
    files = (table, told) if told.is_file() else (table,)
    regressors = found.to_numpy(dtype=np.float64).reshape(n_scans, -1)
    return Confounds(regressors, kept, files)


def _refuse_shifted(table: Path) -> None:
    """Refuse a table that nilearn would read with each column under its neighbour's name."""
    read_tsv(table)  # rows with too few or too many cells are refused here
    with reading(table, "a table of tab-separated text"):
        lines = [line for line in table.read_text("utf-8-sig").splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].count("\t") != lines[1].count("\t"):
        raise IsomorphError(
            f"{table}: every row ends with a tab that the header does not have, so that each "
            "column would be taken for its neighbour; take these tabs away"
        )


def _from_columns(table: Path, spec: BidsConfounds, n_scans: int) -> Confounds:
    """Return the columns of a table; one that marks a single volume leaves that volume out."""
    rows = read_tsv(table)
    _refuse_other_rows(table, len(rows), n_scans)
    chosen: list[str] = []
    empty = 0
    for column in spec.columns:
        found = [column] if column in rows else []
        if not found and set(column) & set("*?["):
            found = [name for name in rows.columns if fnmatchcase(name, column)]
            empty += not found
        elif not found:
            read_tsv(table, column)  # which refuses it
        chosen += [name for name in found if name not in chosen]
    flagged = _flagged(_flag_columns(rows))
    numbers = _numbers(rows[chosen])
    # a difference between volumes has no value at the first
    numbers[:1] = np.where(np.isnan(numbers[:1]), 0.0, numbers[:1])
    wrong = np.argwhere(~np.isfinite(numbers) & ~flagged[:, None])
    if len(wrong):
        row, column_number = wrong[0]
        said = str(rows[chosen].iat[row, column_number]) or MISSING
        raise IsomorphError(
            f'{table}: line {rows.index[row] + 2}: {chosen[column_number]} is "{said}", expected '
            "a number"
        )
    single = ((numbers == 0) | (numbers == 1)).all(axis=0) & (numbers.sum(axis=0) == 1)
    kept = ~flagged & ~(numbers[:, single] == 1).any(axis=1)
    noted = {"patterns of confounds that match no column": empty}
    return Confounds(numbers[:, ~single], kept, (table,), noted)


def _numbers(columns: pd.DataFrame) -> Array:
    """Return columns as numbers (row, column), NaN for what is none."""
    values = columns.apply(lambda column: pd.to_numeric(column, errors="coerce"))
    return values.to_numpy(dtype=np.float64, copy=True).reshape(columns.shape)


def _refuse_other_rows(table: Path, n_rows: int, n_scans: int) -> None:
    if n_rows != n_scans:
        raise IsomorphError(f"{table}: {n_rows} rows of confounds, expected {n_scans} volumes")
