"""Artefacts in words: what they hold, what was left out, where they came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isomorph import foreign
from isomorph.artefacts import (
    Provenance,
    check_beside,
    provenance_file,
    read_array,
    read_attributes,
    read_provenance,
    read_responses,
    read_table,
)
from isomorph.artefacts.manifests import read_manifest
from isomorph.artefacts.schemas import TABLES, check_table
from isomorph.report.methods import timing_of
from isomorph.report.numbers import count
from isomorph.shown import shown

ROWS = 60
"""Rows of a table before the middle is left out."""

FACTS_OF_LAYERS: dict[str, tuple[str, object]] = {
    "dead": ("n_dead", 0),
    "decay": ("spectrum_decay", None),
    "fidelity": ("fidelity", 1.0),
    "read as": ("read_as", "whole"),
}
"""Columns of the table of layers, each with the value that is not worth a column."""

WIDTH = 40
"""Characters across an RDM on the terminal."""

SHADES = " ░▒▓█"


def _rdms(file: Path) -> str:
    data = read_array(file, "rdms")
    timed = ["time_start", "time_stop"] if _timed(data) else []
    columns = ["distance", "region", "subject", "session", "layer", *timed, "n_units"]
    table = pd.DataFrame({name: data[name].values for name in columns})
    held = [name for name in columns if (table[name].astype(str) != "").any()]
    name = str(data["representation"].values[0])
    return _sections(
        f"{data.sizes['representation']} RDMs of {data.sizes['stimulus']} stimuli "
        f"({data.sizes['pair']} pairs)" + (f"\n{_timed(data)}" if timed else ""),
        _table(table[held]),
        f"{name} ({data['distance'].values[0]}), the fuller the less alike\n"
        + shaded(data["rdm"].values[0], data.sizes["stimulus"]),
        _left_out(data),
        _origin(read_provenance(file)),
    )


def _timed(data: xr.Dataset) -> str:
    """Say which areas RDMs are of and when, where there are several windows; '' elsewhere."""
    if "time_start" not in data.coords:
        return ""
    windows = data["time_start"].values, data["time_stop"].values
    known = np.isfinite(windows[0])
    spans = set(zip(windows[0][known].tolist(), windows[1][known].tolist(), strict=True))
    if len(spans) < 2:
        return ""
    areas = sorted(set(data["area"].values[known].astype(str)))
    return (
        f"{count(len(areas), 'area')} in {len(spans)} windows from {min(a for a, _ in spans):g} to "
        f"{max(b for _, b in spans):g} s after onset: {', '.join(areas)}"
    )


def _representations(file: Path) -> str:
    data = read_array(file, "representations")
    names = data["representation"].values.astype(str)
    told = []
    for place, measure in enumerate(data["measure"].values.astype(str)):
        matrix = data["similarity"].values[place].copy()
        upper = matrix[np.triu_indices(len(names), 1)]
        np.fill_diagonal(matrix, -np.inf)
        nearest = matrix.argmax(axis=1)
        table = pd.DataFrame(
            {
                "representation": names,
                "nearest": names[nearest],
                measure: matrix[np.arange(len(names)), nearest],
            }
        )
        told.append(f"{_table(table)}\n\n{measure}, the fuller the less alike\n"
                    + shaded(upper.max() - upper, len(names)))  # fmt: skip
    return _sections(
        f"{len(names)} regions and layers of {data.attrs['dataset']} against each other "
        f"({data.attrs['distance']})",
        *told,
        _origin(read_provenance(file)),
    )


def _activations(file: Path) -> str:
    data = read_array(file, "activations")
    table = pd.DataFrame(
        {
            "layer": data["layer"].values,
            "features": data["n_features"].values,
            "variance": np.trace(data["gram"].values, axis1=1, axis2=2)
            / (data["n_features"].values * max(data.sizes["stimulus"] - 1, 1)),
        }
    )
    if "effective_dimensionality" in data:
        table["dimensions"] = data["effective_dimensionality"].values
    for name, (variable, usual) in FACTS_OF_LAYERS.items():
        facts = pd.Series(data[variable].values) if variable in data else pd.Series(dtype=object)
        if not (facts.isna() | (facts == usual)).all():
            table[name] = facts
    return _sections(
        f"activations of {data.attrs['model']}: {data.sizes['layer']} layers, "
        f"{data.sizes['stimulus']} stimuli",
        _table(table),
        _left_out(data),
        _origin(read_provenance(file)),
    )


def _responses(file: Path) -> str:
    attributes, sessions = read_attributes(file), read_responses(file)
    rows = [
        {
            "session": session,
            "region": region,
            "units": int((data["region"].values.astype(str) == region).sum()),
            "presentations": data.sizes["presentation"],
            "stimuli": len(np.unique(data["stimulus"].values.astype(str))),
            "mean": float(data["response"].values[:, data["region"].values == region].mean()),
        }
        for session, data in sessions.items()
        for region in np.unique(data["region"].values.astype(str))
    ]
    said = [
        f"session {session}: {key} {text}"
        for session, data in sessions.items()
        for key in ("dropped", "noted")
        if (text := data.attrs.get(key))
    ]
    said += [
        f"session {session}: run {run['run']}: {timing_of(run)}; {run['left_out']} left out"
        for session, data in sessions.items()
        for run in json.loads(data.attrs.get("runs", "[]"))
    ]
    simulated = " (SIMULATED)" if attributes.get("simulated") == "true" else ""
    return _sections(
        f"responses of {attributes.get('dataset')} {attributes.get('subject')}{simulated}",
        _table(pd.DataFrame(rows)),
        "\n".join(said),
        _origin(read_provenance(file)),
    )


def _known_table(file: Path) -> str:
    table = known_table(file)
    told = provenance_file(file).is_file()
    origin = _origin(read_provenance(file)) if told else "no provenance beside it"
    return _sections(f"{file.stem}: {count(len(table), 'row')}", _table(table), origin)


def known_table(file: Path) -> pd.DataFrame:
    """Return a table of a kind that is named by its file, as CSV or as Parquet.

    Raises
    ------
    IsomorphError
        When it cannot be read, is not of that kind, or is not as it was written with the provenance
        that stands beside it.
    """
    if file.suffix == ".csv":
        return read_table(file, file.stem)
    if provenance_file(file).is_file():
        check_beside(file)
    table = _read(file)
    check_table(table, file.stem, str(file))
    return table


def _any_table(file: Path) -> str:
    table = _read(file)
    return _sections(count(len(table), "row"), _table(table))


def _noted(file: Path) -> pd.DataFrame:
    return foreign.read_table(file, note="#")


TABLE_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": foreign.read_table,
    ".tsv": _noted,
    ".parquet": pd.read_parquet,
}
"""What reads a table, by the ending of its file."""


def _read(file: Path) -> pd.DataFrame:
    with foreign.reading(file, "a table"):
        return TABLE_READERS[file.suffix](file)


def _manifest(file: Path) -> str:
    manifest = read_manifest(file, Path(), file.parent.name)
    files = pd.DataFrame(
        [(one.path, one.size, f"{one.sha256[:12]}…") for one in manifest.files],
        columns=["path", "size", "sha256"],
    )
    return _sections(
        f"{manifest.dataset}: {len(files)} files, {files['size'].sum() / 1e6:.1f} MB, "
        f"under {shown(str(manifest.root))}",
        _table(files),
        _origin(manifest.provenance),
    )


WORDS: dict[str, Callable[[Path], str]] = {
    "rdms": _rdms,
    "activations": _activations,
    "representations": _representations,
    "responses": _responses,
    "manifest": _manifest,
    "table": _any_table,
    **dict.fromkeys(TABLES, _known_table),
}
"""What prints an artefact, by its kind."""


def shaded(pairs: np.ndarray, n_stimuli: int) -> str:
    """Return an RDM as characters, rows and columns thinned to the terminal's width.

    Parameters
    ----------
    pairs : ndarray (pair,)
        The upper triangle row by row.
    n_stimuli : int
        Number of stimuli.
    """
    full = np.zeros((n_stimuli, n_stimuli))
    full[np.triu_indices(n_stimuli, 1)] = pairs
    kept = np.linspace(0, n_stimuli - 1, min(n_stimuli, WIDTH)).round().astype(int)
    thinned = (full + full.T)[np.ix_(kept, kept)]
    low, high = float(pairs.min()), float(pairs.max())
    levels = np.clip((thinned - low) / (high - low or 1.0), 0.0, 1.0) * (len(SHADES) - 1)
    shades = np.array(list(SHADES))[levels.round().astype(int)]
    # a character is about twice as high as wide, so each stands twice
    return "\n".join("".join(np.repeat(row, 2)) for row in shades)


def _table(table: pd.DataFrame) -> str:
    shown = table
    if len(table) > ROWS:
        shown = pd.concat([table.head(ROWS // 2), table.tail(ROWS // 2)])
    text = shown.to_string(index=False, float_format=lambda value: f"{value:.4g}")
    if len(table) > ROWS:
        lines = text.splitlines()
        lines.insert(1 + ROWS // 2, f"… {len(table) - ROWS} rows …")
        text = "\n".join(lines)
    return text


def _left_out(data: xr.Dataset) -> str:
    left_out = json.loads(data.attrs["left_out"])
    return "\n".join(f"left out {what}: {why}" for what, why in left_out.items())


def _origin(origin: Provenance) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in origin.packages.items())
    lines = {
        "stage": origin.stage,
        "source": origin.source,
        "code": origin.code,
        "seed": "" if origin.seed is None else str(origin.seed),
        "inputs": ", ".join(origin.inputs),
        "settings": json.dumps(origin.settings, ensure_ascii=False) if origin.settings else "",
        "noted": json.dumps(origin.noted, ensure_ascii=False) if origin.noted else "",
        "packages": packages,
        "python": origin.python,
    }
    return "\n".join(f"{key:9}{text}" for key, text in lines.items() if text)


def _sections(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
