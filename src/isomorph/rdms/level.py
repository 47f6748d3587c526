"""Levels: categories compared in place of single stimuli, brain and model averaged alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.division import come_again_apart, recorded


@dataclass(frozen=True)
class Level:
    """What is compared: the stimuli themselves, or groups of them.

    Attributes
    ----------
    names : list of str
        What the RDMs are over.
    members : dict of str to str
        The name each stimulus goes under; a stimulus without a value is not in it.
    table : DataFrame
        A row per name: the columns of the stimulus table that are constant within it, the image
        of its first stimulus.
    """

    names: list[str]
    members: dict[str, str]
    table: pd.DataFrame

    @property
    def is_single(self) -> bool:
        return all(stimulus == name for stimulus, name in self.members.items())


def level_of(table: pd.DataFrame, column: str | None = None, *, where: str = "level") -> Level:
    """Return what RDMs are over.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    column : str, optional
        Whose values are compared, sorted; the stimuli themselves, in their order, unless given.
    where : str
        Which table, and what asks for the column, for messages.

    Raises
    ------
    IsomorphError
        When the table has no such column, or no value in it.
    """
    stimuli: list[str] = table["stimulus"].tolist()
    if column is None:
        return Level(stimuli, dict(zip(stimuli, stimuli, strict=True)), table)
    if column not in table.columns:
        raise IsomorphError(
            f'{where}: no column "{column}", {did_you_mean(column, map(str, table.columns))}'
        )
    values = table[column].map(_text)
    if not (values != "").any():
        raise IsomorphError(f'{where}: column "{column}" is empty')
    kept = table[values != ""].assign(**{column: values[values != ""]})
    groups = kept.groupby(column, sort=True)
    first = groups.first().reset_index()
    varied = groups.nunique(dropna=False).gt(1).any()
    constant = [name for name in table.columns if name not in varied.index or not varied[name]]
    rows = first[[*dict.fromkeys([column, "file", "sha256", *constant])]]
    names = first[column].tolist()
    return Level(
        names,
        dict(zip(kept["stimulus"], kept[column], strict=True)),
        rows.drop(columns="stimulus", errors="ignore").assign(stimulus=names),
    )


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value).strip()


def regrouped(session: xr.Dataset, level: Level) -> xr.Dataset:
    """Return a session whose presentations go under the names that are compared.

    Presentations of one stimulus are averaged first, so that each stimulus of a group counts once,
    however often it was shown, as it does for models. Each stimulus is then a repetition of its
    group, with a number that no other group's shares: a cross-validated distance multiplies
    responses to different stimuli only, and so generalises over them. Where the groups come in
    several runs, stimuli are averaged within runs and the run is the repetition, because noise is
    shared within a run; each run of a group then counts once. So it is with sessions where runs are
    not known.

    Parameters
    ----------
    session : Dataset
        `response (presentation, unit[, time])`; presentations of stimuli in no group are left out.
    level : Level
    """
    if level.is_single:
        return session
    names = np.array([level.members.get(s, "") for s in session["stimulus"].values.tolist()])
    kept = session.isel(presentation=np.flatnonzero(names != ""))
    shown = pd.DataFrame({"name": names[names != ""], "stimulus": kept["stimulus"].values})
    kind, label = recorded(kept)
    apart = label is not None and come_again_apart(shown["name"].to_numpy(), label)
    if apart:
        shown[kind] = label
    presentations, responses = _means(shown, kept["response"].values, ["name", *shown.columns[1:]])
    repetition = np.arange(len(presentations))
    more: dict[str, tuple[str, npt.NDArray]] = {}
    if apart:
        presentations, responses = _means(presentations, responses, ["name", kind])
        repetition = pd.factorize(presentations[kind])[0]
        more = {kind: ("presentation", presentations[kind].to_numpy(dtype=object))}
    elif label is not None and len(np.unique(label)) > 1:
        # where each stimulus of a group came first
        groups = pd.Series(label).groupby([shown["name"], shown["stimulus"]], sort=False)
        more = {kind: ("presentation", groups.first().to_numpy(dtype=object))}
    return xr.Dataset(
        {"response": (kept["response"].dims, responses, kept["response"].attrs)},
        coords={
            "stimulus": ("presentation", presentations["name"].to_numpy(dtype=object)),
            "repetition": ("presentation", repetition),
            **more,
            **{name: one for name, one in kept.coords.items() if "presentation" not in one.dims},
        },
        attrs=kept.attrs,
    )


def _means(
    rows: pd.DataFrame, values: npt.NDArray[np.floating], by: list[str]
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Average rows `(presentation, ...)` that agree in some columns, in order of appearance."""
    groups = rows.groupby(by, sort=False)
    code = groups.ngroup().to_numpy()
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    sums = np.add.reduceat(values[order].astype(float), starts, axis=0)
    counts = np.bincount(code).reshape(-1, *[1] * (values.ndim - 1))
    return groups.size().index.to_frame(index=False), sums / counts


def averaged(layer: xr.Dataset, level: Level) -> xr.Dataset:
    """Return one layer's activations averaged within the names that are compared.

    With `M (name, stimulus)` the averaging matrix, `A = M gram Mᵀ` holds the inner products of the
    averaged features, still centred on the old mean; centring them on their own mean moves the
    mean pattern by `m`, whose inner products with anything are row means of `A` and of
    `b = M mean_projection`.

    Parameters
    ----------
    layer : Dataset
        Activations of one layer: `gram (stimulus, stimulus_b)`, `mean_projection (stimulus)`,
        `mean_norm`, `stimulus_mean (stimulus)`, `n_features`.
    level : Level
    """
    if level.is_single:
        return layer
    mean = averaging(layer["stimulus"].values.tolist(), level)
    crossed = mean @ layer["gram"].values.astype(float) @ mean.T
    rows, whole = crossed.mean(axis=1), crossed.mean()
    toward = mean @ layer["mean_projection"].values.astype(float)
    return xr.Dataset(
        {
            "gram": (("stimulus", "stimulus_b"), crossed - rows - rows[:, None] + whole),
            "mean_projection": ("stimulus", toward - toward.mean() + rows - whole),
            "mean_norm": float(layer["mean_norm"]) + 2 * toward.mean() + whole,
            "stimulus_mean": ("stimulus", mean @ layer["stimulus_mean"].values.astype(float)),
            "n_features": layer["n_features"],
        },
        coords={"stimulus": level.names, "stimulus_b": level.names},
        attrs=layer.attrs,
    )


def averaging(stimuli: list[str], level: Level) -> npt.NDArray[np.float64]:
    """Return the matrix `(name, stimulus)` that averages stimuli within names."""
    place = {name: index for index, name in enumerate(level.names)}
    matrix = np.zeros((len(level.names), len(stimuli)))
    for column, stimulus in enumerate(stimuli):
        if stimulus in level.members:
            matrix[place[level.members[stimulus]], column] = 1
    normed: npt.NDArray[np.float64] = matrix / matrix.sum(axis=1, keepdims=True)
    return normed
