"""Time courses: what is drawn of synthetic tables, and when nothing is."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgba
from synthetic_study import write_study

from isomorph.artefacts import read_array, read_table
from isomorph.figures import main_rows
from isomorph.figures.captioned import Drawable, drawings
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.drawn_layers import time_maps
from isomorph.figures.style import CEILING, colours
from isomorph.figures.time_map import map_cells, outline
from isomorph.figures.timecourse import course_of, courses, draw_timecourse
from isomorph.rdms import indexed

STARTS = np.array([0.0, 0.05, 0.1, 0.15])
COURSE = np.array([0.05, 0.4, 0.3, 0.1])


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("course"))


@pytest.fixture
def table(layout):
    """The comparisons of one region, once in each of four windows."""
    whole = read_table(layout.comparisons("real"), "comparisons")
    one = main_rows.usable(whole[whole["region"] == "alpha"])
    parts = []
    for place, (start, value) in enumerate(zip(STARTS, COURSE, strict=True)):
        part = one.copy()
        shift = value - part["estimate"].max()
        for name in ("estimate", "interval_low", "interval_high"):
            part[name] += shift
        part["region"] = "V1"
        part["time_start"], part["time_stop"] = start, start + 0.05
        part["p_cluster_corrected"] = 0.01 if place in (1, 2) else 0.6
        parts.append(part)
    return pd.concat(parts[::-1], ignore_index=True)


def panels(table):
    found = (
        main_rows.main(table, region, ["rho_a"], ["correlation"])
        for region in main_rows.regions(table)
    )
    return [one for one in found if one]


def test_the_course_is_that_of_one_layer_in_the_order_of_time(layout, table):
    (shown,) = courses(table, panels(table))
    assert (shown.region, len(shown.rows)) == ("V1", 4 * len(shown.rows) // 4)
    family = main_rows.families(layout.study)[0]
    course = course_of(shown.rows, family)
    np.testing.assert_allclose(course["time"], STARTS + 0.025)
    assert course["layer"].nunique() == 1
    own = shown.rows[(shown.rows["model"] == "net") & (shown.rows["layer"] == course["layer"][0])]
    np.testing.assert_allclose(course["estimate"], own.sort_values("time_start")["estimate"])


def test_seeds_are_their_mean_without_an_interval(layout, table):
    (shown,) = courses(table, panels(table))
    controls = main_rows.families(layout.study)[1]
    course = course_of(shown.rows, controls)
    each = [
        course_of(shown.rows, main_rows.Family(n, n, "untrained", (n,)))["estimate"]
        for n in controls.instances
    ]
    np.testing.assert_allclose(course["estimate"], np.mean(each, axis=0))
    assert course["interval_low"].isna().all()


def test_lines_ceilings_and_clusters_are_drawn(layout, table):
    (shown,) = courses(table, panels(table))
    groups = main_rows.families(layout.study)
    (ax,) = draw_timecourse(shown.rows, groups, label="rho-a").axes
    colour = colours(groups)["net"]
    (line,) = [one for one in ax.lines if one.get_color() == colour]
    np.testing.assert_allclose(line.get_ydata(), course_of(shown.rows, groups[0])["estimate"])
    filled = [one for one in ax.collections if isinstance(one, PolyCollection)]

    def spans(wanted):
        return [
            (path.get_extents().intervalx, path.get_extents().y1)
            for one in filled
            if one.get_facecolor()[0] == pytest.approx(to_rgba(wanted))
            for path in one.get_paths()
        ]

    grey = sorted(tuple(span) for span, _ in spans(CEILING))
    np.testing.assert_allclose(grey, np.stack([STARTS, STARTS + 0.05], axis=1))
    clusters = spans(colour)  # the band of the interval is paler
    assert sorted(span[0] for span, _ in clusters) == pytest.approx([0.05, 0.1])
    assert all(top < line.get_ydata().min() for _, top in clusters)


def drawn(layout, table):
    """Drawings of time courses of comparisons."""
    brain = indexed(read_array(layout.brain_rdms("real"), "rdms"))
    stimuli = read_table(layout.stimuli("real"), "stimuli")
    results = DatasetResults(layout.study, "real", {"comparisons": table})
    found = drawings(Drawable(results, brain, stimuli=stimuli))
    return [one for one in found if one.kind == "timecourse"]


def test_nothing_is_drawn_without_windows_or_with_too_few(layout, table):
    assert drawn(layout, read_table(layout.comparisons("real"), "comparisons")) == []
    two = table[table["time_start"] < 0.1]
    assert not courses(two, panels(two))


def test_the_entry_says_what_is_shown(layout, table):
    (drawing,) = drawn(layout, table)
    assert drawing.stem == "timecourse_v1"
    assert "clusters of windows" in drawing.caption
    (plain,) = drawn(layout, table.drop(columns="p_cluster_corrected"))
    assert "clusters" not in plain.caption


def test_places_name_the_bin_of_each_row_whatever_its_index():
    rows = pd.DataFrame(
        {"region": ["V1", "V1", "IT", "V1"], "time_start": [0.05, np.nan, -0.15, 0.05],
         "time_stop": [0.06, np.nan, 0.0, 0.06]}, index=[7, 7, 0, 1]
    )  # fmt: skip
    found = main_rows.places(rows)
    assert found.tolist() == ["V1 50 to 60 ms", "V1", "IT −150 to 0 ms", "V1 50 to 60 ms"]
    assert found.index.tolist() == rows.index.tolist()
    assert main_rows.places(rows.iloc[:0]).empty
    assert len(main_rows.rows_of(rows, "V1 50 to 60 ms")) == 2


@pytest.fixture
def mapped(table):
    """The same, of which the second layer of the network is above chance in two windows."""
    second = table["layer"] == table["layer"].unique()[1]
    return table.assign(p_map=np.where(second & table["time_start"].isin([0.05, 0.1]), 0.01, 0.6))


def test_a_map_has_a_cell_for_every_window_and_layer_of_models_with_several(layout, mapped):
    families = main_rows.families(layout.study)
    (shown,) = courses(mapped, panels(mapped))
    cells = map_cells(shown.rows, families)
    net = shown.rows[shown.rows["model"] == "net"]
    assert set(cells["family"]) == {"net"}  # controls have seeds, the baseline one layer
    assert len(cells) == len(net) == 4 * net["layer"].nunique()
    peaks = cells.drop_duplicates("layer")["peak_time"]
    assert peaks.notna().tolist() == [False, True] + [False] * (len(peaks) - 2)
    assert peaks.iloc[1] == pytest.approx(0.075)  # of COURSE, its second window
    overlapping = shown.rows.assign(time_stop=shown.rows["time_start"] + 0.06)
    assert map_cells(overlapping, families).empty


def test_lines_enclose_the_cells_above_chance_and_no_two_of_them_apart():
    marked = {(0.0, 0.1): np.array([False, True]), (0.1, 0.2): np.array([True, True]),
              (0.5, 0.6): np.array([True, False])}  # fmt: skip
    lines = outline(marked)
    assert len(lines) == len(set(lines)) == 8 + 4  # an L of three cells, and one cell apart
    assert ((0.1, 0.5), (0.1, 1.5)) not in lines  # between neighbours
    assert ((0.1, -0.5), (0.1, 0.5)) in lines


def test_the_map_is_drawn_and_its_finding_says_where_and_when(layout, mapped):
    brain = indexed(read_array(layout.brain_rdms("real"), "rdms"))
    stimuli = read_table(layout.stimuli("real"), "stimuli")
    results = DatasetResults(layout.study, "real", {"comparisons": mapped})
    (drawing,) = time_maps(Drawable(results, brain, stimuli=stimuli))
    assert drawing.stem == "time_map_v1"
    assert "is highest in V1 at 50 to 100 ms after onset in" in drawing.finding
    assert "2 of 20 cells above chance, within 50 to 150 ms" in drawing.finding
    assert "corrected by the largest value anywhere in the map" in drawing.caption
    ax = drawing.figure.axes[0]
    meshes = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert len(meshes) == len(STARTS)
    (enclosing,) = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert len(enclosing.get_segments()) == 6  # two neighbouring windows, one layer
