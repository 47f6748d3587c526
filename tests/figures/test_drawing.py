import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from PIL import Image
from synthetic_study import LAYERS, write_study

import isomorph as iso
from isomorph.artefacts import read_table
from isomorph.errors import IsomorphError
from isomorph.figures import main_rows, style
from isomorph.figures.overview import draw_overview
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import (
    THUMBNAIL,
    category_runs,
    draw_rdm_pair,
    percentile_ranks,
    stagger,
    strip,
    title_lines,
)
from isomorph.figures.style import colours, slug, thinned
from isomorph.stages import figures


@pytest.fixture
def shown(small):
    table = read_table(small.comparisons("real"), "comparisons")
    return {
        region: main_rows.main(table, region, ["rho_a"], ["correlation"])
        for region in ("alpha", "beta")
    }


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_the_profile_holds_the_estimates_of_every_layer(small, shown):
    families = main_rows.families(small.study)
    figure = draw_profile(shown["alpha"].rows, families, label="rho-a")
    (ax,) = figure.axes
    lines = [line for line in ax.lines if len(line.get_xdata()) == len(LAYERS)]
    assert len(lines) == 1 + 3 + 1  # trained, three seeds, their mean
    trained = [line for line in lines if line.get_color() == colours(families)["net"]]
    rows = shown["alpha"].rows
    expected = rows[rows["model"] == "net"].sort_values("depth")["estimate"]
    np.testing.assert_allclose(trained[0].get_ydata(), expected)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == [*LAYERS, "Pixels"]


def test_the_mean_of_the_seeds_is_their_mean(small, shown):
    families = main_rows.families(small.study)
    rows = shown["alpha"].rows
    (ax,) = draw_profile(rows, families, label="rho-a").axes
    colour = colours(families)["net-untrained"]
    seeds = [line.get_ydata() for line in ax.lines if line.get_color() == colour]
    np.testing.assert_allclose(seeds[-1], np.mean(seeds[:-1], axis=0))


def test_filled_dots_are_the_significant_ones(small, shown):
    families = main_rows.families(small.study)
    (ax,) = draw_profile(shown["alpha"].rows, families, label="rho-a").axes
    dots = [c for c in ax.collections if isinstance(c, PathCollection)]
    trained = next(d for d in dots if len(d.get_offsets()) == len(LAYERS))
    white = (trained.get_facecolors()[:, :3] == 1).all(axis=1)
    rows = shown["alpha"].rows
    p = rows[rows["model"] == "net"].sort_values("depth")["p_corrected"]
    np.testing.assert_array_equal(~white, p < 0.05)


def test_the_ceiling_is_drawn_or_its_absence_explained(small, shown):
    families = main_rows.families(small.study)
    (defined,) = draw_profile(shown["alpha"].rows, families, label="").axes
    (undefined,) = draw_profile(shown["beta"].rows, families, label="").axes
    assert "noise ceiling" in texts(defined)
    assert "ceiling undefined: one subject" in texts(undefined)


def test_a_study_of_baselines_alone_still_has_a_profile(small, shown):
    families = [f for f in main_rows.families(small.study) if f.kind == "baseline"]
    (ax,) = draw_profile(shown["alpha"].rows, families, label="").axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Pixels"]


def test_another_architecture_gets_a_panel_of_its_own(small, shown):
    rows = shown["alpha"].rows
    other = rows[rows["model"] == "net"].assign(model="other")
    other["layer"] = "o." + other["layer"]
    families = [
        *main_rows.families(small.study),
        main_rows.Family("other", "Other", "trained", ("other",)),
    ]
    axes = draw_profile(pd.concat([rows, other]), families, label="").axes
    assert len(axes) == 2
    assert axes[1].get_xticklabels()[0].get_text() == "o.stem"


def test_the_overview_has_a_panel_per_region(small, shown):
    figure = draw_overview(
        list(shown.values()), main_rows.families(small.study), labels=["rho-a"] * 2
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["alpha", "beta"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        "Net, trained", "Net, untrained", "Pixels",
    ]  # fmt: skip


def test_every_panel_of_the_overview_has_its_numbers(small, shown):
    panels = [shown["alpha"]] * 4  # two rows, of which the second has one panel
    figure = draw_overview(panels, main_rows.families(small.study), labels=["rho-a"] * 4)
    figure.canvas.draw()
    for ax in figure.axes[:4]:
        assert any(label.get_text() for label in ax.get_xticklabels() if label.get_visible())


def test_a_title_that_is_a_list_stays_whole_beside_its_layer(small, shown):
    rows = shown["alpha"].rows
    rows = rows[rows["model"] == "net"].assign(model="kinds")
    families = [main_rows.Family("kinds", "face, house", "baseline", ("kinds",))]
    (ax,) = draw_profile(rows, families, label="").axes
    assert ax.get_xticklabels()[0].get_text() == "face, house: stem"


def test_long_titles_of_two_rdms_do_not_overlap():
    table = pd.DataFrame({"stimulus": list("abcdef"), "file": "", "sha256": ""})
    pairs = np.random.default_rng(0).random(15)
    long = ("A region of a very long name, " * 3, "MMMM: features.7.a.layer.of.a.deep.network" * 3)
    figure = draw_rdm_pair(pairs, pairs, long, table)
    left, right = (text.get_window_extent() for text in figure.texts)
    assert left.x1 < right.x0
    assert right.x1 < figure.bbox.x1
    top = max(label.get_window_extent().y1 for label in figure.axes[0].get_xticklabels())
    assert min(left.y0, right.y0) > top
    assert title_lines("short", 4.0) == ["short"]


def test_percentile_ranks_see_only_the_order():
    pairs = np.random.default_rng(2).standard_normal(45)
    ranks = percentile_ranks(pairs)
    np.testing.assert_array_equal(ranks, percentile_ranks(np.exp(3 * pairs)))
    assert (ranks.min(), ranks.max()) == (0, 1)
    np.testing.assert_array_equal(percentile_ranks(np.zeros(3)), [0.5, 0.5, 0.5])


@pytest.mark.parametrize("vertical", [True, False])
@pytest.mark.parametrize("nearest_first", [True, False])
@pytest.mark.parametrize("n", [8, 30, 60])
def test_each_thumbnail_stands_on_its_cell_upright_and_whole(vertical, nearest_first, n):
    images = []
    for i in range(n):
        image = np.full((THUMBNAIL, THUMBNAIL, 3), 10 + i, np.uint8)
        image[:5, :9] = 130 + i  # a mark that is top left, wider than high, of image i
        images.append(image)
    picture = strip(images, vertical=vertical, nearest_first=nearest_first)
    along_axis = 0 if vertical else 1
    cells = picture.shape[along_axis] / (n + stagger(n) - 1)
    for i in range(n):
        mark = np.argwhere(picture[..., 0] == 130 + i)
        whole = np.argwhere((picture[..., 0] == 10 + i) | (picture[..., 0] == 130 + i))
        assert len(mark) == 5 * 9
        assert len(whole) == THUMBNAIL**2
        np.testing.assert_array_equal(mark.min(axis=0), whole.min(axis=0))
        centre = whole[:, along_axis].mean() / cells - (stagger(n) - 1) / 2
        assert centre == pytest.approx(i + 0.5, abs=0.2)
        row = int(whole[:, 1 - along_axis].mean() // (picture.shape[1 - along_axis] / stagger(n)))
        assert row == (i % stagger(n) if nearest_first else stagger(n) - 1 - i % stagger(n))


def test_without_images_the_axes_carry_categories_or_names():
    table = pd.DataFrame({"stimulus": list("abcdef"), "file": "", "sha256": "",
                          "kind": ["x"] * 3 + ["y"] * 3})  # fmt: skip
    pairs = np.random.default_rng(0).random(15)
    titles = ("left", "right")
    ax = draw_rdm_pair(pairs, pairs, titles, table).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "y"]
    plain = table.drop(columns="kind")
    ax = draw_rdm_pair(pairs, pairs, titles, plain).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == list("abcdef")


def test_a_category_that_does_not_sort_the_stimuli_is_no_category():
    table = pd.DataFrame({"stimulus": list("abcd"), "kind": ["x", "y", "x", "y"]})
    assert category_runs(table) == []
    table["kind"] = ["x", "x", "x", "y"]
    assert category_runs(table) == [("x", 0, 2), ("y", 3, 3)]


def test_slugs_and_thinning():
    assert slug("Human IT (left)") == "human-it-left"
    assert slug("***") == "unnamed"
    assert slug("IT −50 to 0 ms") == "it-minus-50-to-0-ms"
    assert thinned(30) == list(range(30))
    assert thinned(0) == []
    assert len(thinned(101)) <= 30
    assert thinned(101)[0] == 0


def test_run_draws_lists_and_repeats_itself_to_the_byte(small, tmp_path):
    entries = figures.run(small, "sim")
    folder = small.figures("sim")
    assert json.loads((folder / "figures.json").read_text()) == entries
    names = {entry["file"] for entry in entries}
    assert names == {
        "profile_alpha.svg", "profile_beta.svg", "rdms_alpha.png", "rdms_beta.png",
        "overview.svg", "map.svg", "reliability.svg",
    }  # fmt: skip
    assert all("Simulated" in entry["caption"] for entry in entries)
    assert any(e["title"] == "alpha beside the best layer of a trained network" for e in entries)
    shutil.copytree(folder, tmp_path / "first")
    figures.run(small, "sim")
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "first" / name).read_bytes(), name


def test_without_comparisons_nothing_is_drawn(tmp_path):
    layout = write_study(tmp_path, datasets=("sim",))
    with pytest.raises(IsomorphError, match="no such file"):
        figures.run(layout, "real")
    assert not layout.figures("real").exists()


def test_a_smaller_svg_rounds_places_and_leaves_scales_alone(tmp_path):
    figure = Figure(figsize=(2, 2))
    ax = figure.subplots()
    ax.plot([0, 1, 2], [0.123456789, 0.2, 0.7], linewidth=1.2345)
    ax.set_title("A title", fontsize=6.5)
    full = io.StringIO()
    with style.styled():
        figure.savefig(full, format="svg", metadata={"Date": None})
    figures.save(figure, tmp_path / "a.svg")
    before, after = full.getvalue(), (tmp_path / "a.svg").read_text(encoding="utf-8")
    for kept in (r'transform="[^"]*"', r'style="[^"]*"', r'viewBox="[^"]*"'):
        assert re.findall(kept, after) == re.findall(kept, before)
    places = [
        [float(one) for path in re.findall(r' d="([^"]*)"', text)
         for one in re.findall(r"-?\d+(?:\.\d+)?", path)]
        for text in (before, after)
    ]  # fmt: skip
    np.testing.assert_allclose(places[1], places[0], atol=0.0051)
    assert len(after) < len(before)


def test_a_picture_of_256_colours_shows_the_same_map_of_colours(tmp_path):
    figure = Figure(figsize=(3, 3))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.imshow(np.random.default_rng(0).random((30, 30)), cmap=style.COLOUR_MAP)
    ax.axis("off")
    full = io.BytesIO()
    with style.styled():
        figure.savefig(full, format="png")
    figures.save(figure, tmp_path / "a.png")
    with Image.open(full) as before, Image.open(tmp_path / "a.png") as after:
        first, second = (np.asarray(one.convert("RGB"), float) for one in (before, after))
    assert np.abs(first - second).mean() < 2  # of 255


def test_a_plot_without_a_number_says_why():
    rdm = np.arange(10.0)
    found = iso.compare(rdm, {"net": rdm[None]}, resamples=20, permutations=20)
    none = found.tables["comparisons"].assign(status="undefined", reason="too few stimuli")
    with pytest.raises(IsomorphError, match="no comparison has a number: too few stimuli"):
        iso.plot(replace(found, tables={**found.tables, "comparisons": none}))
