"""The figure of tuning: rates over an angle, over a line, and as a map."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from looking import faults

from isomorph.figures.captioned import Drawable
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.drawn_tuning import MOST, tuning_curves
from isomorph.stimuli.variable.bins import grid

LINE = np.linspace(0, 1, 11)


def drawn(small, edges, periods, n_units=10, subjects=("s1",)):
    """The figure of units of which the first is tuned, shown twice, a bin missing once."""
    stimuli = grid(edges, periods)
    variable = " × ".join(edges)
    n = len(stimuli)
    dwell = np.r_[np.full(n, 1.0), np.full(n, 3.0)]
    rate = np.ones((2 * n, n_units))
    rate[[2, n + 2], 0] = [10, 20]
    session = xr.Dataset(
        {"response": (("presentation", "unit"), rate)},
        {"stimulus": ("presentation", np.tile(stimuli["stimulus"], 2)),
         "dwell": ("presentation", dwell), "unit": [f"u{n}" for n in range(n_units)]},
    ).isel(presentation=slice(1, None))  # fmt: skip
    rows = pd.DataFrame({
        "region": "MEC", "subject": "s1", "session": "a", "variable": variable,
        "unit": [f"u{n}" for n in range(n_units)] + [""], "information": 1.0,
        "information_by_chance": np.r_[0.1, np.full(n_units, 0.9)], "tuned": 0.1,
        "p_corrected": np.r_[0.005, np.full(n_units, 0.6)],
    })  # fmt: skip
    rows.loc[n_units, "p_corrected"] = np.nan
    every = [rows.assign(subject=one, tuned=share) for one, share in
             zip(subjects, (0.1, 0.0), strict=False)]  # fmt: skip
    rows = pd.concat(every, ignore_index=True)
    results = DatasetResults(small.study, "real", {"comparisons": pd.DataFrame(), "tuning": rows})
    data = Drawable(
        results, xr.Dataset(), stimuli=stimuli, recordings={one: {"a": session} for one in subjects}
    )
    return list(tuning_curves(data)), stimuli


@pytest.mark.parametrize(
    ("edges", "periods", "n_units"),
    [
        ({"heading": np.linspace(0, 360, 13)}, {"heading": 360.0}, 10),
        ({"x": LINE}, {"x": None}, 2),
        ({"x": LINE, "y": LINE}, {"x": None, "y": None}, 2),
    ],
)
def test_the_surest_units_are_drawn_with_their_rates_by_time_spent(small, edges, periods, n_units):
    (one,), stimuli = drawn(small, edges, periods, n_units)
    assert one.title == f"Which units are tuned to {' × '.join(edges)}?"
    first = one.data[one.data["panel"] == 0]
    assert set(first["unit"]) == {"u0"}
    np.testing.assert_array_equal(first["stimulus"], stimuli["stimulus"])
    assert first["rate"].iloc[2] == pytest.approx((10 * 1 + 20 * 3) / 4)
    assert first["rate"].iloc[0] == pytest.approx(1)
    assert one.data["panel"].nunique() == min(MOST, n_units)
    assert one.finding == f"Tuned to {' × '.join(edges)} are 10 % of {n_units} units of MEC."
    assert faults(one.figure) == []


def test_three_variables_are_not_drawn(small):
    edges = {name: np.linspace(0, 1, 4) for name in "xyz"}
    assert drawn(small, edges, dict.fromkeys("xyz"))[0] == []


def texts(figure):
    return [text.get_text() for text in figure.findobj(match=lambda one: hasattr(one, "get_text"))]


def test_of_several_subjects_each_is_named_and_its_share_told(small):
    edges = {"heading": np.linspace(0, 2 * np.pi, 13)}
    (one,), _ = drawn(small, edges, {"heading": 2 * np.pi}, 4, ("s1", "s2"))
    share = "5 % of 8 units of MEC (from 0 % in s2 to 10 % in s1)"
    assert one.finding == f"Tuned to heading are {share}."
    assert share in one.caption
    said = texts(one.figure)
    assert all(each.startswith(("s1, ", "s2, ")) for each in said if "unit u" in each)
    assert any(each.startswith("s2, MEC, unit u0\n17.5 /s, 1.00 bits/spike") for each in said)
    assert {"π/2", "3π/2"} <= set(said)
    assert faults(one.figure) == []
