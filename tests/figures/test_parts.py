"""The parts that several figures share, and what a stage hands to them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from synthetic_study import write_study

from isomorph.artefacts import read_table
from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Family
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import MOST_THUMBNAILS, THUMBNAIL
from isomorph.figures.style import ON_DARK, ON_LIGHT, estimate, heat_map, painted, region_panels
from isomorph.figures.titles import measure_label
from isomorph.measures import MEASURES
from isomorph.stages.figures import read_tables, thumbnails


def test_values_are_written_so_that_they_can_be_read():
    ax = Figure().subplots()
    heat_map(ax, np.array([[0.0, 1.0], [-0.2, np.nan]]))
    written = {text.get_text(): to_rgb(text.get_color()) for text in ax.texts}
    assert set(written) == {".00", "1.00", "−.20", "–"}
    assert written[".00"] == written["−.20"] == to_rgb(ON_DARK)
    assert written["1.00"] == written["–"] == to_rgb(ON_LIGHT)  # the second on nothing
    heat_map(bare := Figure().subplots(), np.eye(2), write=None)
    assert not bare.texts


def test_every_region_has_a_panel_and_every_line_its_name_at_the_left():
    regions = ["V1", "V4", "IT", "PFC"]
    figure, axes = region_panels(regions, ["net", "pixels"], list("abcd"))
    assert [ax.get_title(loc="left") or ax.get_title() for ax in axes] == regions
    assert [ax.get_xlabel() for ax in axes] == list("abcd")
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["net", "pixels"]
    assert len(figure.axes) == 6  # two rows of three, of which two panels are off
    assert [ax.axison for ax in figure.axes] == [True] * 4 + [False] * 2


def test_a_long_name_of_a_measure_is_not_cut_off_beside_its_axis():
    rows = pd.DataFrame({
        "model": "net", "layer": ["one", "two"], "depth": [0, 1], "estimate": [0.2, 0.4],
        "interval_low": 0.1, "interval_high": 0.5, "p_corrected": 0.01, "ceiling_lower": 0.5,
        "ceiling_upper": 0.6, "ceiling_status": "ok", "ceiling_reason": "",
    })  # fmt: skip
    label = max((measure_label(name) for name in MEASURES), key=len)
    nets = [Family(name, name, "trained", (name,)) for name in ("net", "other")]
    both = pd.concat([rows, rows.assign(model="other")])
    figure = draw_profile(both, nets, label=label)
    figure.canvas.draw()
    for ax in figure.axes:
        box = ax.yaxis.label.get_window_extent()
        assert box.y0 >= 0
        assert box.y1 <= figure.bbox.height
        assert ax.yaxis.label.get_text().replace("\n", " ") == label


@pytest.mark.parametrize(("p", "filled"), [(0.01, True), (0.2, False), (np.nan, False)])
def test_an_estimate_is_filled_where_it_is_significant(p, filled):
    ax = Figure().subplots()
    row = {"gain": 0.1, "interval_low": 0.0, "interval_high": 0.3, "p_corrected": p}
    estimate(ax, row, 2, "#112233", value="gain")
    assert ax.lines[0].get_xdata().tolist() == [0.0, 0.3]
    assert (to_rgb(ax.collections[0].get_facecolor()[0]) == to_rgb("#112233")) == filled


def test_titles_are_shortened_where_one_model_alone_has_them():
    families = [
        main_rows.Family("a", "Net, trained", "trained", ("a",)),
        main_rows.Family("b", "Other, first", "trained", ("b",)),
        main_rows.Family("c", "Other, second", "trained", ("c",)),
        main_rows.Family("u", "Net, untrained", "untrained", ("u-0", "u-1"), "a"),
    ]
    paint, titles = painted(families)
    assert titles == {"a": "Net", "b": "Other, first", "c": "Other, second",
                      "u-0": "Net, untrained", "u-1": "Net, untrained"}  # fmt: skip
    assert paint["u-0"] == paint["u-1"] != paint["a"]


def test_the_leaders_of_a_region_are_the_best_network_and_the_best_of_all(small):
    results = DatasetResults(small.study, "real", read_tables(small, "real"))
    shown, families = results.shown[0], results.families
    (only,) = main_rows.leaders(shown, families)
    assert only["model"] == "net"
    rows = shown.rows.copy()
    rows.loc[rows["model"] == "pixels", "estimate"] = 0.9
    other = main_rows.MainRows(shown.region, shown.distance, shown.measure, rows)
    assert [row["model"] for row in main_rows.leaders(other, families)] == ["net", "pixels"]


def test_results_say_nothing_of_tables_that_were_not_written(small):
    results = DatasetResults(small.study, "real", read_tables(small, "real"))
    shown = results.shown[0]
    assert results.table("power").empty
    assert results.simulations("power", shown).empty
    rows = results.of("contrasts", shown)
    assert rows["region"].tolist() == ["alpha"]
    assert results.title("net-untrained-seed1") == "Net, untrained, seed 1"
    assert results.title("net-untrained") == "Net, untrained"
    assert results.title("unknown") == "unknown"


def test_thumbnails_are_of_all_stimuli_or_of_none(tmp_path):
    layout = write_study(tmp_path, datasets=())
    stimuli = read_table(layout.stimuli("real"), "stimuli")
    folder = layout.stimuli("real").parent
    images = thumbnails(stimuli, folder)
    assert [image.shape for image in images] == [(THUMBNAIL, THUMBNAIL, 3)] * len(stimuli)
    assert thumbnails(pd.concat([stimuli] * (1 + MOST_THUMBNAILS // 12)), folder) == []
    assert thumbnails(stimuli.assign(file=["", *stimuli["file"][1:]]), folder) == []
    (folder / stimuli["file"].iloc[3]).unlink()
    assert thumbnails(stimuli, folder) == []
