"""RDMs that the page can show: which there are, which have room, and their values.

A page must stay light, so what it holds of RDMs has a limit. First come, until it is full:

1. the regions, under the main distance of their dataset, at most `MOST_BINS` time bins of each,
2. the best layer of every model for every region, and the layers of its confidence set,
3. the other layers, under the same distance,
4. the regions under other distances, and their other time bins,
5. the layers under other distances.

Of a model with several seeds only the first is among them. Sets of stimuli take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.figures import main_rows
from isomorph.foreign import reading
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.inference.gather import regions_of
from isomorph.measures import FEATURES
from isomorph.rdms.collection import available, distances_of
from isomorph.rdms.paired import of_brain, of_brains
from isomorph.report.evidence import Illustrated
from isomorph.responses.times import EDGES
from isomorph.study import Study
from isomorph.study.windows import in_time

MOST_BINS = 10
"""Time bins of a region that come before its others."""

Pairs = NDArray[np.float64]


@dataclass(frozen=True)
class Viewed:
    """An RDM the page could hold.

    Attributes
    ----------
    owner : str
        The dataset whose stimuli it is over.
    file : Path
        Where it stands.
    distance : str
        As the file names it.
    turn : int
        In which turn it comes, counted from 0, see the head of this module.
    dataset : str
        Of a region; empty of a layer, which all datasets with these stimuli share.
    region : str
        With its time bin in words where there are bins.
    model, layer : str
        Of a layer.
    place : tuple of (str, int)
        Name of the region and place of its time bin, or the layer and its place.
    """

    owner: str
    file: Path
    distance: str
    turn: int
    place: tuple[str, int]
    dataset: str = ""
    region: str = ""
    model: str = ""
    layer: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others over its stimuli."""
        return self.dataset, self.region, self.model, self.layer, self.distance


def main_distance(results: Illustrated, there: Collection[str]) -> str:
    """Return the distance that a dataset is compared under whose RDMs are looked at first."""
    shown = [one.distance for one in results.shown if one.distance != FEATURES]
    asked = [*shown, *compared_under(results.study, there)]
    return next(one for one in asked if of_brain(one) in there)


def compared_under(study: Study, there: Collection[str]) -> list[str]:
    """Return the distances of a study, then others of which there are RDMs."""
    asked = study.spec.distances
    return [*asked, *sorted(set(there) - set(of_brains(asked)))]


@contextmanager
def files_of_rdms() -> Iterator[Callable[[Path], xr.Dataset]]:
    """Yield what returns the RDMs of a file, of which no value is read before it is asked for.

    Files are opened once each, and closed at the end.
    """
    with ExitStack() as held:
        yield cache(lambda file: held.enter_context(_opened(file)))


def _opened(file: Path) -> xr.Dataset:
    with open_hdf5(file):
        pass  # refuses what would keep HDF5 busy forever, or leads to other files
    with reading(file, "a netCDF file"):
        data = xr.open_dataset(file, engine="h5netcdf")
    if (kind := data.attrs.get("artefact", "")) != "rdms":
        data.close()
        raise IsomorphError(f"{file}: holds {kind or 'no artefact of isomorph'}, not rdms")
    return data


def of_regions(owner: str, file: Path, data: xr.Dataset, results: Illustrated) -> Iterator[Viewed]:
    """Yield the RDMs of the regions of a dataset.

    Parameters
    ----------
    owner : str
        The dataset whose stimuli they are over.
    file : Path
    data : Dataset
        What it holds.
    results : Illustrated
    """
    distances = distances_of(data)
    main = of_brain(main_distance(results, distances))
    names = sorted(set(data["region"].values.tolist()))
    timed = "time" in data.dims
    bins = range(data.sizes["time"] if timed else 1)
    early = set(np.linspace(0, len(bins) - 1, min(MOST_BINS, len(bins))).round().astype(int))
    for distance in distances:
        there = available(data, distance).reshape(len(data["region"]), -1, len(bins))
        for name in names:
            own = there[data["region"].values == name].all(axis=1).any(axis=0)
            for time in filter(own.__getitem__, bins):
                edges = [float(data[edge][time]) if timed else np.nan for edge in EDGES]
                yield Viewed(
                    owner, file, distance, 0 if distance == main and time in early else 3,
                    (name, time), results.dataset, in_time(name, *edges),
                )  # fmt: skip


def of_layer(
    owner: str,
    model: str,
    file: Path,
    data: xr.Dataset,
    main: set[str],
    chosen: set[tuple[str, str]],
) -> Iterator[Viewed]:
    """Yield the RDMs of the layers of a model, in depth order.

    Parameters
    ----------
    owner, model : str
    file : Path
    data : Dataset
        What it holds.
    main : set of str
        Main distances of the datasets with these stimuli, as layers have them.
    chosen : set of (str, str)
        Models and layers that are best, or in a confidence set.
    """
    names = data["layer"].values.tolist()
    for distance in distances_of(data):
        there = available(data, distance)
        for place in np.argsort(data["depth"].values, kind="stable").tolist():
            if there[place]:
                layer = names[place]
                turn = 4 if distance not in main else 1 if (model, layer) in chosen else 2
                yield Viewed(owner, file, distance, turn, (layer, place), model=model, layer=layer)


def chosen_layers(results: Illustrated) -> set[tuple[str, str]]:
    """Return the best layer of every model for every region and those of confidence sets."""
    found = set()
    for shown in results.shown:
        in_set = shown.rows[shown.rows["in_set"] == "yes"]
        for rows in (main_rows.best_layers(shown.rows), in_set):
            found |= set(zip(rows["model"], rows["layer"], strict=True))
    return found


def with_room(found: Sequence[Viewed], sizes: Mapping[str, int], room: int) -> list[Viewed]:
    """Return what fits into the page, in the order in which it was found.

    Parameters
    ----------
    found : sequence of Viewed
    sizes : mapping of str to int
        What an RDM takes, by the owner of its stimuli.
    room : int
        What all together may take.
    """
    counted: dict[tuple[str, int], int] = {}
    turns = {}
    for one in found:
        counted[one.owner, one.turn] = number = counted.get((one.owner, one.turn), 0) + 1
        turns[one] = one.turn, number
    kept = set()
    for one in sorted(found, key=turns.__getitem__):
        if sizes[one.owner] <= room:
            kept.add(one)
            room -= sizes[one.owner]
    return [one for one in found if one in kept]


def read(
    data: xr.Dataset, wanted: Sequence[Viewed], stimuli: Sequence[str]
) -> tuple[NDArray[np.float64], list[int]]:
    """Return the values of RDMs of one file, and how many subjects each is the mean of.

    Parameters
    ----------
    data : Dataset
        What a file holds.
    wanted : sequence of Viewed
        Those of this file that are read.
    stimuli : sequence of str
        Those that are shown, in order.

    Returns
    -------
    values : array of shape (rdm, pair)
        Of regions the mean over subjects, draws of units and sessions averaged before.
    n_subjects : list of int
        0 of layers.
    """
    at = positions(data["stimulus"].values.tolist(), stimuli)
    found = [_read(data, one, at) for one in wanted]
    return np.stack([values for values, _ in found]), [n for _, n in found]


def _read(data: xr.Dataset, one: Viewed, at: NDArray[np.intp]) -> tuple[Pairs, int]:
    name, place = one.place
    if one.layer:
        return data[one.distance][place].values[at].astype(float), 0
    rows = data.isel(representation=np.flatnonzero(data["region"].values == name))
    if "time" in rows.dims:
        rows = rows.isel(time=[place])
    (region,) = regions_of(_of_pairs(rows, one.distance, at), one.distance)
    return region.rdms.mean(axis=0), len(region.subjects)


def _of_pairs(rows: xr.Dataset, distance: str, at: NDArray[np.intp]) -> xr.Dataset:
    """Return RDMs at some pairs, halves left out; read one by one, as each can be large."""
    whole = rows[distance]
    values = np.empty((*whole.shape[:-1], len(at)))
    for row in np.ndindex(values.shape[:-1]):
        values[row] = whole[row].values[at]
    over = {"pair", "half", "stimulus"}
    rest = [name for name, one in rows.variables.items() if over & set(one.dims)]
    return rows.drop_vars(rest).assign({distance: (whole.dims, values)}).load()


def positions(there: Sequence[str], stimuli: Sequence[str]) -> NDArray[np.intp]:
    """Return where the pairs of some stimuli stand among those of all: `(pair,)`.

    Raises
    ------
    IsomorphError
        When a stimulus is not there.
    """
    where = {name: place for place, name in enumerate(there)}
    if missing := [name for name in stimuli if name not in where]:
        raise IsomorphError(f'RDMs lack the stimulus "{missing[0]}" and {len(missing) - 1} more')
    order = np.array([where[name] for name in stimuli])
    first, second = np.triu_indices(len(order), 1)
    low = np.minimum(order[first], order[second])
    high = np.maximum(order[first], order[second])
    found: NDArray[np.intp] = low * (2 * len(there) - low - 1) // 2 + high - low - 1
    return found
