"""Figures of responses: voxels in the brain, sensors on the head, units over time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isomorph.figures.brain_map import draw_brain_map, voxels
from isomorph.figures.drawable import Drawable, Drawing
from isomorph.figures.main_rows import highest
from isomorph.figures.topography import draw_topographies, places_of_sensors
from isomorph.figures.unit_courses import draw_unit_courses, unit_courses
from isomorph.numerals import listed, number, percent
from isomorph.saying import count
from isomorph.study.windows import in_milliseconds

MOST_SUBJECTS = 4
"""Subjects whose brains are drawn."""

LABEL = "Spearman-Brown reliability"


def _units(data: Drawable) -> pd.DataFrame:
    """Return the reliability of single units, empty where it is not known."""
    table = data.results.table("reliability")
    if table.empty or "spearman_brown" not in table:
        return pd.DataFrame()
    own = table[(table["unit"] != "") & np.isfinite(table["spearman_brown"].astype(float))]
    return own.assign(spearman_brown=own["spearman_brown"].astype(float).clip(lower=-1))


def brain_maps(data: Drawable) -> Iterator[Drawing]:
    """Draw the reliability of voxels where they are, for the first subjects."""
    units = _units(data)
    if units.empty:
        return
    for subject in list(data.recordings)[:MOST_SUBJECTS]:
        own = units[units["subject"].astype(str) == subject]
        for name, session in data.recordings[subject].items():
            inside = own[own["session"].astype(str) == name]
            values = inside.drop_duplicates("unit").set_index("unit")["spearman_brown"]
            table = voxels(session, values)
            if table is None or table.empty:
                continue
            figure = draw_brain_map(table, session.attrs["grid"], label=LABEL,
                                    title=f"subject {subject}")  # fmt: skip
            found = (
                f"Of {count(len(table), 'voxel')} of subject {subject}, "
                f"{percent(float((table['value'] > 0.5).mean()))} have a reliability above .5."
            )
            yield Drawing("voxels", figure, {"subject": subject}, table, found, part=subject)
            break  # one session of a subject


def topographies(data: Drawable) -> Iterator[Drawing]:
    """Draw the reliability of sensors on the head, mean over subjects, in each time bin."""
    units = _units(data)
    if units.empty:
        return
    names = units["unit"].astype(str).str.rpartition(":")[2]
    if places_of_sensors(list(dict.fromkeys(names))) is None:
        return
    edges = list(zip(units["time_start"].astype(float), units["time_stop"].astype(float),
                     strict=True))  # fmt: skip
    bins = sorted({one for one in edges if np.isfinite(one[0])}) or [(np.nan, np.nan)]
    place = {one: at for at, one in enumerate(bins)}
    placed = pd.DataFrame({
        "unit": names.to_numpy(), "bin": [place.get(one, 0) for one in edges],
        "value": units["spearman_brown"].to_numpy(),
    })  # fmt: skip
    table = placed.groupby(["unit", "bin"], sort=False, as_index=False).mean()
    titles = [in_milliseconds(start, stop) if np.isfinite(start) else "" for start, stop in bins]
    figure = draw_topographies(table, titles, label=LABEL)
    top = highest(table, "value")
    when = f" at {titles[int(top['bin'])]}" if titles[int(top["bin"])] else ""
    found = f"Responses are most reliable at {top['unit']}{when} ({number(float(top['value']))})."
    yield Drawing("sensors", figure, {}, table, found)


def courses_of_units(data: Drawable) -> Iterator[Drawing]:
    """Draw responses of units over time, where they were recorded in several time bins."""
    sessions = (one for own in data.recordings.values() for one in own.values())
    rows = unit_courses(sessions, data.stimuli)
    if rows.empty:
        return
    said = []
    for region, own in rows.groupby("region", sort=False):
        mean = own.groupby("time")["response"].mean()
        peak = float(mean.index[int(mean.to_numpy().argmax())])
        said.append(f"{1000 * peak:.0f} ms in {region}")
    by = "mean over units and stimuli" if rows["category"].eq("").all() else "mean by category"
    found = f"The mean response is largest at {listed(said)}."
    yield Drawing("units", draw_unit_courses(rows), {"by": by}, rows, found)
