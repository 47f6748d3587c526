"""The figure of reliability: what it says of units, and what of numbers of repetitions."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isomorph.artefacts import read_array, read_table
from isomorph.figures.captioned import Drawable, drawings
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.distributions import MOST_DOTS
from isomorph.figures.reliability_curves import apart, draw_reliability, regions_told
from isomorph.rdms import indexed
from isomorph.responses.reliability import REPETITIONS, rdm_rows, unit_rows


def session(rng, snr, repetitions=6, n_stimuli=40):
    """Responses of regions with so many units of a signal-to-noise ratio each."""
    region = np.repeat(list(snr), [n for n, _ in snr.values()])
    gain = np.concatenate([np.full(n, ratio) for n, ratio in snr.values()])
    signal = gain * rng.standard_normal((n_stimuli, len(region)))
    response = np.tile(signal, (repetitions, 1))
    stimulus = np.tile(np.arange(n_stimuli).astype(str), repetitions)
    return xr.Dataset(
        {"response": (("presentation", "unit"), response + rng.standard_normal(response.shape))},
        coords={
            "stimulus": ("presentation", stimulus),
            "unit": ("unit", np.arange(len(region)).astype(str)),
            "region": ("unit", region),
        },
    )


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    data = session(rng, {"IT": (30, 0.8), "V1": (MOST_DOTS + 5, 0.6), "noise": (8, 0.0)})
    return pd.DataFrame(unit_rows(data, "s1", "1", rng))


def rows_of(table, region):
    inside = table[table["region"] == region]
    return inside[inside["unit"] != ""], inside[inside["unit"] == ""].iloc[0]


def test_the_curve_passes_through_the_numbers_of_the_table(table):
    for told in regions_told(table):
        units, region = rows_of(table, told.region)
        np.testing.assert_allclose(
            told.at(np.array(REPETITIONS)), [region[f"reliability_at_{n}"] for n in REPETITIONS]
        )
        np.testing.assert_allclose(told.needed, region["repetitions_for_0.8"])
        np.testing.assert_allclose(told.units, units["spearman_brown"].dropna())
        assert told.recorded == 6


def test_sessions_are_pooled_by_their_units():
    rng = np.random.default_rng(1)
    rows, singles, weights = [], [], []
    for name, (n, ratio) in {"1": (10, 1.0), "2": (30, 0.4)}.items():
        own = unit_rows(session(rng, {"IT": (n, ratio)}), "s1", name, rng)
        rows += own
        singles.append(own[-1]["reliability_at_1"])
        weights.append(n)
    (told,) = regions_told(pd.DataFrame(rows))
    assert len(told.units) == 40
    assert told.single == pytest.approx((10 * singles[0] + 30 * singles[1]) / 40)


def test_a_row_holds_its_units_one_by_one_or_as_a_density(table):
    told = regions_told(table)
    left, right = draw_reliability(told).axes
    dots = [c.get_offsets() for c in left.collections if c.get_offsets().shape[0] == 30]
    np.testing.assert_allclose(np.sort(dots[0][:, 0]), np.sort(told[0].units))
    assert np.abs(dots[0][:, 1]).max() < 0.5  # none stands in another row
    assert MOST_DOTS + 5 not in [len(c.get_offsets()) for c in left.collections]
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == ["IT\N{EM SPACE}30 units", f"V1\N{EM SPACE}{MOST_DOTS + 5} units",
                      "noise\N{EM SPACE}8 units"]  # fmt: skip
    assert right.get_xlim()[1] >= 16


def test_repetitions_needed_are_rounded_up_beside_those_recorded(table):
    told = {one.region: one for one in regions_told(table)}
    said = [text.get_text() for text in draw_reliability(list(told.values())).axes[0].texts]
    assert said[0] == f"{np.ceil(told['IT'].needed):.0f} (6)"


def test_units_without_any_reliability_would_never_reach_it(table):
    rows = table.copy()
    mean = (rows["region"] == "noise") & (rows["unit"] == "")
    rows.loc[mean, "reliability_at_1"] = -0.02
    left, right = draw_reliability(regions_told(rows)).axes
    assert [text.get_text() for text in left.texts][2] == "never (6)"
    assert "noise" not in [text.get_text() for text in right.texts]


def test_ready_rdms_and_single_repetitions_have_no_figure(small):
    rdms = xr.Dataset(
        {"correlation": (("representation", "pair"), np.random.default_rng(0).random((2, 6)))},
        coords={
            "region": ("representation", ["IT", "IT"]),
            "stimulus": list("abcd"),
        },
    )
    assert regions_told(pd.DataFrame(rdm_rows(rdms, "s1"))) == []
    rows = read_table(small.reliability("real"), "reliability")
    brain = indexed(read_array(small.brain_rdms("real"), "rdms"))
    stimuli = read_table(small.stimuli("real"), "stimuli")
    none = read_table(small.comparisons("real"), "comparisons").head(0)
    for table, kinds in ((rows[rows["unit"] == ""], []), (rows, ["reliability"])):
        results = DatasetResults(small.study, "real", {"comparisons": none, "reliability": table})
        data = Drawable(results, brain, stimuli=stimuli)
        assert [drawing.kind for drawing in drawings(data)] == kinds


def test_names_are_pushed_apart_and_stay_below_the_top():
    assert apart([0.1, 0.5], 0.1, 1.0) == [0.1, 0.5]
    found = apart([0.2, 0.21, 0.98, 0.99, 0.995], 0.1, 1.0)
    np.testing.assert_allclose(found, [0.2, 0.3, 0.8, 0.9, 1.0])
    assert apart([], 0.1, 1.0) == []
