"""What a result shows of itself in a notebook: sentences, a table, and drawings of its numbers."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import isomorph as iso
from isomorph.inference import view
from isomorph.inference.drawings import intervals, profiles
from isomorph.numerals import number

RNG = np.random.default_rng(0)
DEEP, SHALLOW = RNG.standard_normal((2, 20, 30))
QUICK = {"resamples": 50, "permutations": 50}


@pytest.fixture(scope="module")
def found():
    brain = [
        iso.rdm(DEEP + RNG.standard_normal(DEEP.shape), region="I<T", subject=s) for s in "abc"
    ]
    models = {
        "net": iso.rdm({"shallow": SHALLOW, "deep": DEEP}),
        "noise": iso.rdm({"noise": RNG.standard_normal(DEEP.shape)}),
    }
    return iso.compare(brain, models, "pearson", **QUICK)


def table_of(page):
    """The rows of the table in a page, as text; the page must be well formed."""
    table = re.search(r"<table>.*</table>", page, re.S)[0]
    rows = ElementTree.fromstring(table).iter("tr")
    return [["".join(cell.itertext()) for cell in row] for row in rows]


def test_a_comparison_says_what_was_found_and_draws_it(found):
    page = found._repr_html_()
    row = found.table.query("layer == 'deep'").iloc[0]
    said = re.findall(r"<p><strong>(.*?)</strong></p>", page)
    low, high = number(row["interval_low"]), number(row["interval_high"])
    lower, upper = number(row["ceiling_lower"]), number(row["ceiling_upper"])
    assert said == [
        "I&lt;T: most similar is net at deep, chosen on the same stimuli, pearson "
        f"{number(row['estimate'])} "
        f"(95 % interval {low} to {high}, noise ceiling {lower} to {upper})."
    ]
    head, net, noise = table_of(page)
    assert f"{low} to {high}" in net[head.index("interval")]
    assert net[head.index("noise ceiling")] == f"{lower} to {upper}"
    assert "2 layers, the highest is deep" in net[head.index("its layers")]
    assert noise[head.index("its layers")] == ""
    assert page.count("<svg") == 3
    assert "#" not in page  # no colour of its own: as good on a dark page
    assert len(page) < 10_000


def test_a_layer_that_is_not_above_chance_and_a_set_of_several_are_said(found):
    table = found.table.assign(p_corrected=0.4)
    sets = found.tables["layers_in_set"].assign(n_in_set=2)
    (said,) = view.sentences("comparisons", table, {"layers_in_set": sets}, 0.9)
    assert "90 % interval" in said
    assert said.endswith(
        "; not significantly above chance (corrected p = .400); 2 of its 2 layers may be the best."
    )
    many = pd.concat([table.assign(region=f"r{k}") for k in range(6)], ignore_index=True)
    assert view.sentences("comparisons", many, {}, 0.95)[-1] == "2 more regions are in the table."
    none = table.assign(estimate=np.nan)
    assert view.sentences("comparisons", none, {}, 0.95) == []
    assert view.sentences("partial", table, {}, 0.95) == []


def test_places_in_a_drawing_are_those_of_the_numbers():
    rows = pd.DataFrame(
        {
            "measure": ["a", "a", "b", "a"],
            "estimate": [0.5, -0.5, 9.0, np.nan],
            "low": [0.0, np.nan, 8.0, np.nan],
            "high": [1.0, np.nan, 10.0, np.nan],
            "ceiling_lower": [np.nan, np.nan, 9.0, np.nan],
            "ceiling_upper": [np.nan, np.nan, 9.5, np.nan],
        }
    )
    one, other, alone, empty = intervals(rows, "estimate", "low", "high")
    at = [float(re.search(r'cx="([-.\d]+)"', drawn)[1]) for drawn in (one, other, alone)]
    left, right = 4, 146
    assert at[0] == pytest.approx(left + (right - left) * 2 / 3, abs=0.1)  # from -.5 to 1
    assert at[1] == pytest.approx(left)
    assert at[2] == pytest.approx(left + (right - left) * 0.9, abs=0.1)  # a scale of its own
    assert 'aria-label="9.00, noise ceiling 9.00 to 9.50, interval 8.00 to 10.00"' in alone
    assert other.count("<line") == 1  # 0 alone, no interval
    assert empty == ""


def test_layers_are_drawn_in_their_order(found):
    table = found.table
    drawn = list(profiles(table[table["layer"] == "deep"], table))
    points = re.search(r'points="([^"]+)"', drawn[0])[1].split()
    assert points[0].startswith("4.0,")
    assert points[1].startswith("146.0,")
    shallow, deep = (float(point.split(",")[1]) for point in points)
    assert deep < shallow  # higher is further up
    shuffled = table.sort_values("estimate")
    assert list(profiles(shuffled[shuffled["layer"] == "deep"], shuffled)) == drawn


@pytest.mark.parametrize("kind", ["selection", "ceiling"])
def test_other_results_show_themselves_in_the_same_way(found, kind):
    brain = [iso.rdm(DEEP + RNG.standard_normal(DEEP.shape), subject=s) for s in "ab"]
    models = {"net": iso.rdm({"shallow": SHALLOW, "deep": DEEP})}
    if kind == "selection":
        page = iso.select_layer(brain, models, "pearson", **QUICK)._repr_html_()
        assert page.count("<svg") == 1
    else:
        page = iso.noise_ceiling(brain, "pearson", resamples=20)._repr_html_()
        head, row = table_of(page)
        assert re.fullmatch(r"\.\d\d to \.\d\d", row[head.index("noise ceiling")])


def test_a_small_p_is_not_a_p_of_nothing():
    assert view._cells(pd.Series([1e-9, 0.02, np.nan], name="p_corrected")) == [
        "&lt; .001", ".020", "",
    ]  # fmt: skip
    assert view._cells(pd.Series([-1e-9], name="optimism")) == [".000"]
