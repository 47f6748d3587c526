"""Values of voxels on slices of the brain they are of."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures.style import COLOUR_MAP, WIDEST, styled

MOST_SLICES = 6
"""Slices side by side."""
SMALLEST = 1e-6
"""What stands for 0, which nilearn takes for no value."""


def voxels(session: xr.Dataset, values: pd.Series) -> pd.DataFrame | None:
    """Return values of the voxels of a session with their places, None where it has no grid.

    Parameters
    ----------
    session : Dataset
        Responses of one session, with `x`, `y`, `z` of each unit in millimetres and the attribute
        `grid` where units are voxels.
    values : Series
        A value per unit, by its name.

    Returns
    -------
    DataFrame
        `unit`, `x`, `y`, `z` and `value` of the voxels that have one.
    """
    if "grid" not in session.attrs or not {"x", "y", "z"} <= set(session.coords):
        return None
    found = pd.DataFrame({name: session[name].values for name in ("unit", "x", "y", "z")})
    found["value"] = found["unit"].astype(str).map(values).astype(float)
    return found[np.isfinite(found["value"])]


def draw_brain_map(table: pd.DataFrame, grid: str, *, label: str, title: str = "") -> Figure:
    """Draw values of voxels on horizontal slices, those that hold the most voxels.

    Parameters
    ----------
    table : DataFrame
        See `voxels`.
    grid : str
        Shape and affine of the volume, as JSON.
    label : str
        What the colours measure, from 0 to 1; values beyond have the colour of the end.
    title : str, optional
    """
    import nibabel
    from nilearn import plotting  # takes seconds to import

    told = json.loads(grid)
    affine, volume = np.array(told["affine"]), np.full(told["shape"], 0.0, np.float32)
    at = np.column_stack([table[["x", "y", "z"]], np.ones(len(table))]) @ np.linalg.inv(affine).T
    known = table["value"].to_numpy(float)
    volume[tuple(np.round(at[:, :3]).astype(int).T)] = np.where(known == 0, SMALLEST, known)
    cuts = slices(table["z"])
    with styled(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        figure = Figure(figsize=(min(WIDEST, 1.6 + 2.2 * len(cuts)), 2.9))
        plotting.plot_img(
            nibabel.Nifti1Image(volume, affine), figure=figure, axes=(0.0, 0.02, 0.94, 0.8),
            display_mode="z", cut_coords=list(cuts), cmap=COLOUR_MAP, vmin=0, vmax=1,
            threshold=SMALLEST / 2, colorbar=True, black_bg=False,
        )  # fmt: skip
        figure.text(0.01, 0.98, f"{title}\n{label}" if title else label, va="top")
    return figure


def slices(z: Sequence[float] | pd.Series) -> list[float]:
    """Return the heights at which slices are drawn, from below: those with the most voxels.

    Parameters
    ----------
    z : sequence of float
        Height of every voxel, millimetres.
    """
    heights, counts = np.unique(np.round(np.asarray(z, float), 3), return_counts=True)
    return sorted(heights[np.argsort(-counts, kind="stable")[:MOST_SLICES]].tolist())
