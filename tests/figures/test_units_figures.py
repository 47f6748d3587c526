"""Figures of responses: voxels where they are, sensors on the head, units over time."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from looking import faults

from isomorph.figures.brain_map import draw_brain_map, slices, voxels
from isomorph.figures.captioned import Drawable
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.drawn_units import brain_maps, courses_of_units, topographies
from isomorph.figures.topography import places_of_sensors
from isomorph.figures.unit_courses import unit_courses

SENSORS = ("Fz", "Cz", "Pz", "Oz", "O1", "O2", "P3", "P4", "C3", "C4", "F3", "F4")
AFFINE = np.array([[3.0, 0, 0, -9], [0, 3, 0, -9], [0, 0, 4, 0], [0, 0, 0, 1]])


def bold():
    """Responses of one session whose units are the voxels of two slices."""
    index = np.array([(i, j, k) for k in (0, 1) for i in range(6) for j in range(6 - k)])
    at = index @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    return xr.Dataset(
        {"response": (("presentation", "unit"), np.zeros((2, len(index))))},
        {"unit": [f"IT:{i}-{j}-{k}" for i, j, k in index],
         **{axis: ("unit", at[:, n]) for n, axis in enumerate("xyz")}},
        {"grid": json.dumps({"shape": [6, 6, 2], "affine": AFFINE.tolist()})},
    )  # fmt: skip


def rows(units, values, **more):
    return pd.DataFrame({"subject": "s1", "session": "day1", "region": "IT", "unit": units,
                         "spearman_brown": values, "time_start": np.nan, "time_stop": np.nan,
                         **more})  # fmt: skip


def data(small, reliability=None, recordings=None, stimuli=None):
    tables = {"comparisons": pd.DataFrame()}
    if reliability is not None:
        tables["reliability"] = reliability
    results = DatasetResults(small.study, "real", tables)
    stimuli = pd.DataFrame({"stimulus": ["a", "b"]}) if stimuli is None else stimuli
    return Drawable(results, xr.Dataset(), stimuli=stimuli, recordings=recordings or {})


def test_voxels_are_drawn_where_they_are_on_the_slices_that_hold_most(small):
    session = bold()
    names = session["unit"].values.astype(str)
    values = np.linspace(-0.2, 0.9, len(names))
    values[3] = np.nan
    (one,) = brain_maps(data(small, rows(names, values), {"s1": {"day1": session}}))
    assert one.title == "Where are the reliable voxels of subject s1?"
    np.testing.assert_array_equal(one.data["unit"], np.delete(names, 3))
    np.testing.assert_allclose(one.data["x"], np.delete(session["x"].values, 3))
    assert slices([0, 0, 4, 4, 4, *range(20, 28)])[:2] == [0, 4]
    assert "of subject s1" in one.finding
    assert faults(one.figure) == []


def test_a_voxel_map_holds_the_values_at_their_places(monkeypatch):
    from nilearn import plotting

    seen = []
    monkeypatch.setattr(plotting, "plot_img", lambda image, **rest: seen.append((image, rest)))
    session = bold()
    values = pd.Series(np.arange(66) / 66, index=session["unit"].values.astype(str))
    table = voxels(session, values)
    draw_brain_map(table, session.attrs["grid"], label="reliability")
    ((image, rest),) = seen
    volume = image.get_fdata()
    assert volume[2, 1, 0] == pytest.approx(values["IT:2-1-0"])
    assert volume[5, 4, 1] == pytest.approx(values["IT:5-4-1"])
    assert 0 < volume[0, 0, 0] < 1e-5  # zero is a value, what no voxel stands for is none
    assert volume[5, 5, 1] == 0
    assert rest["cut_coords"] == [0, 4]
    assert voxels(session.drop_vars("x"), values) is None


def test_sensors_stand_on_the_head_in_each_time_bin_or_not_at_all(small):
    values = np.linspace(0.1, 0.9, len(SENSORS))
    parts = [rows(SENSORS, values * share).assign(time_start=start, time_stop=start + 0.1)
             for share, start in ((0.5, 0.0), (1.0, 0.1))]  # fmt: skip
    (one,) = topographies(data(small, pd.concat(parts)))
    assert [ax.get_title() for ax in one.figure.axes[:2]] == ["0 to 100 ms", "100 to 200 ms"]
    assert one.finding == "Responses are most reliable at F4 at 100 to 200 ms (.90)."
    assert faults(one.figure) == []
    unknown = rows([f"unit {n}" for n in range(12)], values)
    assert list(topographies(data(small, unknown))) == []
    assert list(topographies(data(small))) == []
    left, right = places_of_sensors(SENSORS)[[8, 9]]
    assert left[0] < 0 < right[0]


@pytest.mark.parametrize(
    ("names", "left", "right"),
    [
        ([f"MLC{n}-2622" for n in range(11, 18)] + [f"MRC{n}-2622" for n in range(11, 18)], 3, 9),
        ([f"MEG01{n}{k}" for n in (1, 2, 3, 4) for k in (1, 2, 3)]
         + [f"MEG 14{n}{k}" for n in (1, 2, 3, 4) for k in (1, 2, 3)], 2, 14),
    ],
    ids=["CTF", "Neuromag"],
)  # fmt: skip
def test_sensors_of_meg_helmets_are_known_by_their_names(small, names, left, right):
    places = places_of_sensors(names)
    assert places[left, 0] < 0 < places[right, 0]
    assert np.hypot(*places.T).max() < 0.1
    (one,) = topographies(data(small, rows(names, np.linspace(0.1, 0.9, len(names)))))
    assert len(one.data) == len(names)
    assert faults(one.figure) == []


def test_units_over_time_are_their_mean_by_category(small):
    rng = np.random.default_rng(0)
    stimuli = pd.DataFrame({"stimulus": list("abcd"), "category": ["x", "x", "y", "y"]})
    starts = np.array([0.0, 0.1, 0.2])
    response = rng.random((8, 5, 3))
    response[:, :, 1] += 3
    session = xr.Dataset(
        {"response": (("presentation", "unit", "time"), response, {"units": "spikes / s"})},
        {"stimulus": ("presentation", list("abcdabcd")), "region": ("unit", list("VVVII")),
         "time_start": ("time", starts), "time_stop": ("time", starts + 0.1)},
    )  # fmt: skip
    (one,) = courses_of_units(data(small, None, {"s1": {"day1": session}}, stimuli))
    own = one.data.query("region == 'V' and category == 'x'")
    expected = response[np.ix_([0, 1, 4, 5], [0, 1, 2])][:, :, 2].mean()
    assert own["response"].iloc[2] == pytest.approx(expected)
    assert one.finding == "The mean response is largest at 150 ms in V and 150 ms in I."
    assert [ax.get_title(loc="left") for ax in one.figure.axes] == ["V, 3 units", "I, 2 units"]
    assert faults(one.figure) == []
    one_window = session.isel(time=0)
    assert unit_courses([one_window], stimuli).empty
