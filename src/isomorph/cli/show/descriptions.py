"""Artefacts in words: what they hold, what was left out, where they came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
    read_population,
    read_provenance,
    read_responses,
    read_table,
)
from isomorph.artefacts.manifests import read_manifest
from isomorph.artefacts.schemas import check_table
from isomorph.catalogue import TABLES
from isomorph.rdms.collection import LEVELS, distances_of, each_rdm, indexed, notes_of, undefined_of
from isomorph.report.methods import timing_of
from isomorph.saying import count
from isomorph.shown import shown
from isomorph.stages.shape_tables import unpacked

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


def every_rdm(data: xr.Dataset) -> list[tuple[str, str, dict[str, Any], np.ndarray]]:
    """Return name, distance, coordinates and pairs of every RDM that a dataset has."""
    return [
        (" | ".join(str(told[level]) for level in (*LEVELS, "model", "layer") if level in told),
         distance, told, rdm)
        for distance in distances_of(data)
        for told, rdm in each_rdm(data, distance)
    ]  # fmt: skip


def _rdms(file: Path) -> str:
    data = indexed(read_array(file, "rdms"))
    found = every_rdm(data)
    table = pd.DataFrame([{"distance": distance, **told} for _, distance, told, _ in found])
    name, distance, _, rdm = found[0]
    return _sections(
        f"{len(found)} RDMs of {data.sizes['stimulus']} stimuli ({data.sizes['pair']} pairs)"
        + (f"\n{_timed(data)}" if "time" in data.dims else ""),
        _table(table.drop(columns=["model", "fold", "n_folds"], errors="ignore")),
        f"{name} ({distance}), darker: less similar\n" + shaded(rdm, data.sizes["stimulus"]),
        _left_out(undefined_of(data)),
        "\n".join(f"to be known of {what}: {note}" for what, note in notes_of(data).items()),
        _origin(read_provenance(file)),
    )


def _timed(data: xr.Dataset) -> str:
    """Say which regions RDMs are of, and when."""
    regions = sorted(set(data["region"].values.tolist()))
    return (
        f"{count(len(regions), 'region')} in {data.sizes['time']} time bins from "
        f"{float(data['time_start'].min()):g} to {float(data['time_stop'].max()):g} s after onset: "
        f"{', '.join(regions)}"
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
        told.append(f"{_table(table)}\n\n{measure}, darker: less similar\n"
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
        _left_out(json.loads(data.attrs["left_out"])),
        _rounded(data.attrs.get("spool", "")),
        _origin(read_provenance(file)),
    )


def _rounded(spool: str) -> str:
    """Say how features waited on disk, where they were not kept as they are."""
    return f"features as {spool}" if spool.startswith(("float16", "sketch")) else ""


def _responses(file: Path) -> str:
    attributes, sessions = read_attributes(file), read_responses(file)
    rows = [
        {
            "session": session,
            "region": region,
            "units": int((data["region"].values.astype(str) == region).sum()),
            "presentations": data.sizes["presentation"],
            **({"time bins": data.sizes["time"]} if "time" in data.dims else {}),
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


def _population(file: Path) -> str:
    attributes, sessions = read_attributes(file), read_population(file)
    rows = [
        {
            "session": session,
            "region": region,
            "units": int(inside.sum()),
            "time bins": data.sizes["time"],
            "stretches": int(data["segment"].values[-1]) + 1,
            "variables": ", ".join(json.loads(data.attrs["variables"])),
            "mean rate": float(data["rate"].values[:, inside].mean()),
        }
        for session, data in sessions.items()
        for region in np.unique(data["region"].values.astype(str))
        for inside in [data["region"].values.astype(str) == region]
    ]
    return _sections(
        f"activity over time of {attributes['dataset']} {attributes['subject']}",
        _table(pd.DataFrame(rows)),
        _origin(read_provenance(file)),
    )


def _shapes(file: Path) -> str:
    tables = unpacked(read_array(file, "shapes"))
    shown_of = ["region", "session", "layer", "signature", "p", "n_pieces", "n_loops", "n_voids",
                "n_units", "n_points", "reason"]  # fmt: skip
    rows = tables["topology"][shown_of]
    bars = f"{count(len(tables['bars']), 'bar')}, {count(len(tables['coordinates']), 'coordinate')}"
    return _sections(
        f"topology of {count(len(rows), 'population')}: {bars}",
        _table(rows),
        _origin(read_provenance(file)),
    )


WORDS: dict[str, Callable[[Path], str]] = {
    "rdms": _rdms,
    "activations": _activations,
    "representations": _representations,
    "responses": _responses,
    "population": _population,
    "shapes": _shapes,
    "manifest": _manifest,
    "table": _any_table,
    **dict.fromkeys(TABLES, _known_table),
}
"""What prints an artefact, by its kind."""


def shaded(pairs: np.ndarray, n_stimuli: int) -> str:
    """Return an RDM as characters, rows and columns thinned to the terminal's width.

    Parameters
    ----------
    pairs : array of shape (pair,)
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


def _left_out(left_out: Mapping[str, str]) -> str:
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
