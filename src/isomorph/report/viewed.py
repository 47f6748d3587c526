"""What the viewer of RDMs shows, as one piece of data in the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.figures import main_rows
from isomorph.figures.titles import distance_title, measure_label
from isomorph.layout import Layout
from isomorph.rdms.paired import of_brain, of_layers
from isomorph.report import viewed_rdms
from isomorph.report.bundle import bundle
from isomorph.report.evidence import Illustrated
from isomorph.report.viewed_rdms import Viewed
from isomorph.report.viewed_stimuli import categories, coded, small_images, thinned_out
from isomorph.stages.levels import compared_stimuli

Rdms = Callable[[Path], xr.Dataset]
"""Returns the RDMs of a file, see `isomorph.report.viewed_rdms.files_of_rdms`."""

BUNDLE = "data-rdms"
"""Under which name the page holds it."""

ROOM = 3_000_000
"""Letters of the page that all RDMs together may take."""

IMAGE_ROOM = 400_000
"""Letters of the page that small images may take, beside them."""

STEPS = 65_535
"""Values of an RDM are whole numbers up to this, between its lowest and its highest."""


def viewed(
    layout: Layout, results: Mapping[str, Illustrated | None], room: int = ROOM
) -> str | None:
    """Return the RDMs of a study with their stimuli as `isomorph.report.bundle` packs them.

    Parameters
    ----------
    layout : Layout
    results : mapping of str to Illustrated or None
        What there is of each dataset.
    room : int, optional
        Letters of the page that RDMs may take.

    Returns
    -------
    str or None
        None where there is no RDM. In its header `sets`: for every set of stimuli its names,
        categories, RDMs with what they are and the range of their values, and what is left out;
        arrays carry the number of their set: `rdms0` `(rdm, pair)` in `STEPS`, `images0` with
        `ends0`, and `told0` `(row, value)` of rows `scored0` `(row, two)`.
    """
    sets = _sets(layout, results)
    with viewed_rdms.files_of_rdms() as rdms:
        return _bundled(layout, sets, rdms, room)


def _bundled(
    layout: Layout, sets: Mapping[str, Sequence[Illustrated]], rdms: Rdms, room: int
) -> str | None:
    """Return what `viewed` does, given the function that opens files."""
    tables = {owner: compared_stimuli(layout, owner) for owner in sets}
    shown = {owner: thinned_out(table) for owner, table in tables.items()}
    sizes = {owner: letters(len(table) * (len(table) - 1)) for owner, table in shown.items()}
    found = [one for owner, every in sets.items() for one in _found(layout, owner, every, rdms)]
    kept = viewed_rdms.with_room(found, sizes, room)
    if not kept:
        return None
    arrays: dict[str, np.ndarray] = {}
    headers = []
    for number, (owner, every) in enumerate(sets.items()):
        mine = [one for one in kept if one.owner == owner]
        rows, packed = _packed(mine, shown[owner]["stimulus"].tolist(), rdms)
        columns = categories(shown[owner])
        images = _images(layout, owner, shown[owner], len(sets))
        scored, told = _told(every, mine)
        arrays |= {f"rdms{number}": packed, f"scored{number}": scored, f"told{number}": told}
        arrays |= {
            f"images{number}": np.frombuffer(b"".join(images), np.uint8),
            f"ends{number}": np.cumsum([len(one) for one in images], dtype=np.int32),
        }
        headers.append(
            {
                "datasets": [_dataset(layout, one) for one in every],
                "files": _files(layout, owner, every),
                "stimuli": shown[owner]["stimulus"].tolist(),
                "n_stimuli": len(tables[owner]),
                "columns": [coded(shown[owner][name]) for name in columns],
                "rdms": [
                    {**_words(every, one), **row} for one, row in zip(mine, rows, strict=True)
                ],
                "left_out": list(_left_out(every, owner, found, kept)),
            }
        )
    of_regions = {one.distance for one in found if not one.model}
    under = viewed_rdms.compared_under(layout.study, of_regions)
    names = {one.distance for one in found} | set(under)
    header = {
        "sets": headers,
        "steps": STEPS,
        "distances": {name: distance_title(name) for name in sorted(names)},
        "under": {name: [of_brain(name), of_layers(name)] for name in under},
    }
    return bundle(header, arrays)


def letters(n_bytes: int) -> int:
    """Return how many letters of the page some bytes take that do not get smaller."""
    return -(-n_bytes // 3) * 4


def quantised(values: NDArray[np.float64]) -> tuple[NDArray[np.uint16], float, float]:
    """Return an RDM `(pair,)` in steps from its lowest to its highest value, and these two."""
    low, high = float(values.min()), float(values.max())
    steps = (values - low) * (STEPS / (high - low) if high > low else 0.0)
    return np.rint(steps).astype(np.uint16), low, high


def _sets(
    layout: Layout, results: Mapping[str, Illustrated | None]
) -> dict[str, list[Illustrated]]:
    """Return the datasets that have RDMs, by the owner of their stimuli."""
    sets: dict[str, list[Illustrated]] = {}
    for name, one in results.items():
        owner = layout.study.stimulus_set(name)
        if one and layout.brain_rdms(name).is_file() and layout.stimuli(owner).is_file():
            sets.setdefault(owner, []).append(one)
    return sets


def _models(layout: Layout, every: Sequence[Illustrated]) -> dict[str, Path]:
    """Return the first seed of each model that is compared with any of the datasets."""
    study = layout.study
    names = [instance for one in every for instance, _, _ in study.instances_for(one.dataset)]
    first = {next(iter(model.instances)) for model in study.models.values()}
    files = {name: layout.model_rdms(every[0].dataset, name) for name in dict.fromkeys(names)}
    return {name: file for name, file in files.items() if name in first and file.is_file()}


def _found(
    layout: Layout, owner: str, every: Sequence[Illustrated], rdms: Rdms
) -> Iterator[Viewed]:
    """Yield every RDM over a set of stimuli."""
    main: set[str] = set()
    for one in every:
        file = layout.brain_rdms(one.dataset)
        regions = list(viewed_rdms.of_regions(owner, file, rdms(file), one))
        main.add(of_layers(viewed_rdms.main_distance(one, {each.distance for each in regions})))
        yield from regions
    chosen = {pair for one in every for pair in viewed_rdms.chosen_layers(one)}
    for model, file in _models(layout, every).items():
        yield from viewed_rdms.of_layer(owner, model, file, rdms(file), main, chosen)


def _packed(
    mine: Sequence[Viewed], stimuli: Sequence[str], rdms: Rdms
) -> tuple[list[dict[str, Any]], NDArray[np.uint16]]:
    """Return the range of each RDM and how many subjects it is of, and all in steps."""
    rows, packed = [], []
    for file, group in groupby(mine, key=lambda one: one.file):
        for values, n in zip(*viewed_rdms.read(rdms(file), list(group), stimuli), strict=True):
            steps, low, high = quantised(values)
            rows.append({"low": low, "high": high, "n_subjects": n})
            packed.append(steps)
    n_pairs = len(stimuli) * (len(stimuli) - 1) // 2
    return rows, np.stack(packed) if packed else np.empty((0, n_pairs), np.uint16)


def _images(layout: Layout, owner: str, stimuli: pd.DataFrame, n_sets: int) -> list[bytes]:
    """Return a small image of each stimulus, none where one has none."""
    folder = layout.stimuli(owner).parent
    files = [folder / name for name in stimuli["file"] if isinstance(name, str) and name]
    if len(files) < len(stimuli) or not all(file.is_file() for file in files):
        return []
    return small_images(files, IMAGE_ROOM * 3 // 4 // n_sets)


def _told(
    every: Sequence[Illustrated], mine: Sequence[Viewed]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return what the tables say of pairs of RDMs under the main measure of their dataset.

    Returns
    -------
    scored : array of shape (row, two)
        Places of the two RDMs.
    told : array of shape (row, three)
        Estimate and the ends of its interval.
    """
    place = {one.key: number for number, one in enumerate(mine)}
    scored, told = [], []
    for one in every:
        table = one.table("comparisons")
        measures = {shown.measure for shown in one.shown[:1]}
        rows = main_rows.usable(table[table["measure"].isin(measures)])
        for row, region in zip(rows.to_dict("records"), main_rows.places(rows), strict=True):
            distance = str(row["distance"])
            left = place.get((one.dataset, region, "", "", of_brain(distance)))
            right = place.get(("", "", row["model"], row["layer"], of_layers(distance)))
            if left is not None and right is not None:
                scored.append((left, right))
                told.append([row[name] for name in ("estimate", "interval_low", "interval_high")])
    return (
        np.array(scored, np.int32).reshape(-1, 2),
        np.array(told, np.float32).reshape(-1, 3),
    )


def _dataset(layout: Layout, one: Illustrated) -> dict[str, Any]:
    """Return what the viewer says of a dataset, and which two of its RDMs it shows first."""
    first = next(iter(one.shown), None)
    best = main_rows.best_row(first, one.families) if first else None
    return {
        "name": one.dataset,
        "simulated": one.simulated,
        "measure": measure_label(first.measure) if first else "",
        "first": [first.region, *([best["model"], best["layer"]] if best is not None else [])]
        if first
        else [],
    }


def _words(every: Sequence[Illustrated], one: Viewed) -> dict[str, str]:
    """Return what an RDM is, in names and in words."""
    found = {"dataset": one.dataset, "region": one.region, "model": one.model, "layer": one.layer,
             "distance": one.distance}  # fmt: skip
    if one.model:
        found["title"] = every[0].title(one.model)
    return found


def _files(layout: Layout, owner: str, every: Sequence[Illustrated]) -> dict[str, str]:
    """Return the file of the RDMs of each dataset and of each model, by name."""
    study = layout.study
    files = {one.dataset: layout.brain_rdms(one.dataset) for one in every}
    for one in every:
        for instance, _, _ in study.instances_for(one.dataset):
            files[instance] = layout.model_rdms(owner, instance)
    return {name: file.relative_to(layout.root).as_posix() for name, file in files.items()}


def _left_out(
    every: Sequence[Illustrated], owner: str, found: Sequence[Viewed], kept: Sequence[Viewed]
) -> Iterator[str]:
    """Yield what there is over a set of stimuli and had no room in the page."""
    here = set(kept)
    mine = [one for one in found if one.owner == owner]
    all_of = Counter((one.model or one.dataset, one.distance) for one in mine)
    absent = Counter((one.model or one.dataset, one.distance) for one in mine if one not in here)
    for (name, distance), n in absent.items():
        what = "layers" if any(one.model == name for one in mine) else "RDMs of regions"
        title = every[0].title(name) if what == "layers" else name
        of = all_of[name, distance]
        yield f"{n} of {of} {what} of {title}, {distance_title(distance)}"
