import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from looking import faults
from matplotlib.collections import PathCollection
from synthetic_study import BEST, LAYERS, scores_of, write_study

import isomorph as iso
from isomorph.artefacts import read_array, read_table
from isomorph.errors import IsomorphError
from isomorph.figures import main_rows, style
from isomorph.figures.captioned import Drawable, drawings
from isomorph.figures.categories import category_column, category_order
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.geometry import square
from isomorph.figures.overview import draw_overview, overview_points
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import (
    THUMBNAIL,
    draw_rdm_pair,
    percentile_ranks,
    stagger,
    strip,
    title_lines,
)
from isomorph.figures.stimulus_map import draw_stimulus_map, stimulus_map_rows
from isomorph.figures.style import colours, slug, thinned
from isomorph.rdms import indexed
from isomorph.stages import figures
from isomorph.stages.figures import free_name


@pytest.fixture
def shown(small):
    table = read_table(small.comparisons("real"), "comparisons")
    return {
        region: main_rows.main(table, region, ["rho_a"], ["correlation"])
        for region in ("alpha", "beta")
    }


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.fixture
def held_out(small):
    """Scores of the region alpha at layers chosen on other stimuli."""
    selection = scores_of(small, "real")["selection"]
    return selection[(selection["region"] == "alpha") & (selection["measure"] == "rho_a")]


def dots(ax, n):
    """Return the faces of the first so many dots of a panel, True where filled."""
    own = [c for c in ax.collections if isinstance(c, PathCollection) and len(c.get_offsets()) == n]
    return ~(own[0].get_facecolors()[:, :3] == 1).all(axis=1)


def test_the_profile_holds_the_estimates_of_every_layer(small, shown, held_out):
    families, rows = main_rows.families(small.study), shown["alpha"].rows
    left, right = draw_profile(rows, families, label="rho-a", scores=held_out).axes
    lines = [line for line in left.lines if len(line.get_xdata()) == len(LAYERS)]
    assert len(lines) == 1 + 3 + 1  # trained, three seeds, their mean
    trained = [line for line in lines if line.get_color() == colours(families)["net"]]
    expected = rows[rows["model"] == "net"].sort_values("depth")["estimate"]
    np.testing.assert_allclose(trained[0].get_ydata(), expected)
    assert [label.get_text() for label in left.get_xticklabels()] == list(LAYERS)
    names = [label.get_text() for label in right.get_xticklabels()]
    assert names == ["Net", "untrained", "Pixels"]
    shown_scores = [c.get_offsets()[0, 1] for c in right.collections if len(c.get_offsets()) == 1]
    for model in ("net", "pixels"):
        assert held_out.set_index("model").loc[model, "score"] in shown_scores


def test_trained_networks_controls_and_baselines_differ_by_form_as_well(small):
    known = style.looks(main_rows.families(small.study))
    assert {one.line for one in known.values()} == {"-", style.DASHES}
    assert [one.hollow for one in known.values()] == [False, True, False]
    assert len({one.form for one in known.values()}) == 2
    several = [main_rows.Family(f"b{n}", f"B{n}", "baseline", (f"b{n}",)) for n in range(5)]
    assert len({(one.colour, one.form) for one in style.looks(several).values()}) == 5


def test_colours_are_told_apart_and_what_is_text_can_be_read():
    assert len(set(style.STRONG)) == 12
    for colour in (*style.STRONG, *style.MUTED, *style.BASELINES):
        assert style.contrast(colour) >= 3
        assert style.contrast(style.text_colour(colour)) >= 4.5
    assert style.contrast(style.INK) > style.contrast(style.SOFT) >= 4.5


def test_the_mean_of_the_seeds_is_their_mean(small, shown):
    families = main_rows.families(small.study)
    rows = shown["alpha"].rows
    ax = draw_profile(rows, families, label="rho-a").axes[0]
    colour = colours(families)["net-untrained"]
    seeds = [line.get_ydata() for line in ax.lines if line.get_color() == colour]
    np.testing.assert_allclose(seeds[-1], np.mean(seeds[:-1], axis=0))


def test_filled_dots_are_the_confidence_set_or_where_there_is_none_what_differs_from_chance(
    small, shown
):
    families, rows = main_rows.families(small.study), shown["alpha"].rows
    own = rows[rows["model"] == "net"].sort_values("depth")
    filled = dots(draw_profile(rows, families, label="").axes[0], len(LAYERS))
    np.testing.assert_array_equal(filled, own["layer"] == BEST["alpha"])
    without = rows.assign(in_set="", p_corrected=np.where(rows["depth"] > 2, 0.01, 0.4))
    filled = dots(draw_profile(without, families, label="").axes[0], len(LAYERS))
    np.testing.assert_array_equal(filled, own["depth"] > 2)


def test_the_ceiling_is_drawn_or_its_absence_explained(small, shown):
    families = main_rows.families(small.study)
    defined = draw_profile(shown["alpha"].rows, families, label="").axes[0]
    undefined = draw_profile(shown["beta"].rows, families, label="").axes[0]
    assert "noise ceiling" in texts(defined)
    assert "ceiling undefined: one subject" in texts(undefined)


def test_a_study_of_baselines_alone_still_has_a_profile(small, shown):
    families = [f for f in main_rows.families(small.study) if f.kind == "baseline"]
    (ax,) = draw_profile(shown["alpha"].rows, families, label="").axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Pixels"]


def test_several_networks_share_a_panel_along_relative_depth(small, shown):
    rows = shown["alpha"].rows
    other = rows[(rows["model"] == "net") & (rows["depth"] != 2)].assign(model="other")
    families = [
        *main_rows.families(small.study),
        main_rows.Family("other", "Other", "trained", ("other",)),
    ]
    left, _ = draw_profile(pd.concat([rows, other]), families, label="").axes
    places = {line.get_color(): line.get_xdata() for line in left.lines}
    np.testing.assert_allclose(places[colours(families)["net"]], np.linspace(0, 1, 5))
    np.testing.assert_allclose(places[colours(families)["other"]], np.linspace(0, 1, 4))


def test_twelve_networks_of_182_layers_are_readable_in_one_panel():
    rng = np.random.default_rng(0)
    families = [main_rows.Family(f"n{n}", f"Network number {n}, trained", "trained", (f"n{n}",))
                for n in range(12)]  # fmt: skip
    families += [main_rows.Family(name, name, "baseline", (name,)) for name in ("Gabor", "Pixels")]
    layers = np.repeat(range(12), [15] * 11 + [17])
    rows = pd.DataFrame({"model": [f"n{n}" for n in layers], "layer": [f"l{i}" for i in range(182)],
                         "depth": range(182), "estimate": rng.random(182) / 3})  # fmt: skip
    extra = pd.DataFrame({"model": ["Gabor", "Pixels"], "layer": "only", "depth": 0,
                          "estimate": [0.1, 0.05]})  # fmt: skip
    rows = pd.concat([rows, extra]).assign(
        interval_low=lambda t: t["estimate"] - 0.05, interval_high=lambda t: t["estimate"] + 0.05,
        p_corrected=0.001, in_set="yes", ceiling_status="ok", ceiling_lower=0.4, ceiling_upper=0.5,
        ceiling_reason="",
    )  # fmt: skip
    best = rows.loc[rows.groupby("model", sort=False)["estimate"].idxmax().unique()]
    scores = best.assign(score=best["estimate"], chosen_layer=best["layer"],
                         maximum=best["estimate"]).drop_duplicates("model")  # fmt: skip
    figure = draw_profile(rows, families, label="rho-a", scores=scores)
    assert tuple(figure.get_size_inches()) == (8, 5)
    assert faults(figure) == []
    forms = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len({line.get_color() for line in forms}) == 12


def test_the_overview_has_a_panel_per_region(small, shown):
    families = main_rows.families(small.study)
    figure = draw_overview(list(shown.values()), families, labels=["rho-a"] * 2)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["alpha", "beta"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        "Net, trained", "Net, untrained", "Pixels",
    ]  # fmt: skip


def test_the_overview_shows_held_out_scores_and_else_the_best_layers(small, shown, held_out):
    panels, families = list(shown.values()), main_rows.families(small.study)
    points = overview_points(panels, families, {"alpha": held_out})
    told = points.groupby("region")["shown"].unique()
    assert told["alpha"].tolist() == ["held-out score"]
    assert told["beta"].tolist() == ["highest estimate"]
    own = points[(points["region"] == "alpha") & (points["family"] == "net")]
    assert own["estimate"].tolist() == held_out.loc[held_out["model"] == "net", "score"].tolist()
    assert (points["family"] == "net-untrained").sum() == 2 * 3


def test_every_panel_of_the_overview_has_its_numbers(small, shown):
    panels = [shown["alpha"]] * 4  # two rows, of which the second has one panel
    figure = draw_overview(panels, main_rows.families(small.study), labels=["rho-a"] * 4)
    figure.canvas.draw()
    for ax in figure.axes[:4]:
        assert any(label.get_text() for label in ax.get_xticklabels() if label.get_visible())


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


def test_without_images_the_axes_carry_names_or_categories_that_stand_together():
    n = 44
    table = pd.DataFrame({"stimulus": [f"s{i:02d}" for i in range(n)], "file": "", "width": 9,
                          "kind": ["plant", "animal"] * (n // 2)})  # fmt: skip
    pairs = np.random.default_rng(0).random(n * (n - 1) // 2)
    titles = ("left", "right")
    left, right, _ = draw_rdm_pair(pairs, pairs, titles, table).axes
    for ax in (left, right):
        assert texts(ax) == ["plant", "plant", "animal", "animal"]  # above and on the flank
    matrix = left.images[0].get_array()
    order = [*range(0, n, 2), *range(1, n, 2)]
    expected = square(percentile_ranks(pairs))[np.ix_(order, order)]
    off = ~np.eye(n, dtype=bool)
    np.testing.assert_allclose(np.asarray(matrix)[off], expected[off])
    few = pairs[:15]
    ax = draw_rdm_pair(few, few, titles, table.iloc[:6]).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "s00",
        "s02",
        "s04",
        "s01",
        "s03",
        "s05",
    ]
    assert texts(ax) == []


def test_categories_are_a_column_in_which_most_values_repeat():
    table = pd.DataFrame({"stimulus": list("abcd"), "sha256": "0", "place": list("wxyz"),
                          "size": [1, 1, 2, 2]})  # fmt: skip
    assert category_column(table[["stimulus", "sha256", "place"]]) is None
    assert category_column(table) == "size"
    assert category_column(table.assign(living=["yes", "no", "yes", "yes"])) == "size"
    assert category_column(table.assign(living=["yes", "no", "yes", "no"])) == "living"
    order, runs = category_order(table.assign(living=["yes", "no", "yes", "no"]))
    assert order.tolist() == [0, 2, 1, 3]
    assert runs == [("living", 0, 1), ("not living", 2, 3)]
    preferred = table.assign(living=["yes", "no", "yes", "no"], category=["x", "x", "y", "y"])
    assert category_column(preferred) == "category"
    assert category_order(table[["stimulus"]])[0].tolist() == [0, 1, 2, 3]


def test_a_map_of_stimuli_turns_the_layer_to_lie_as_the_region_does():
    rng = np.random.default_rng(3)
    points = rng.standard_normal((20, 2)) * (3, 1)
    turn = np.array([(0, 1), (-1, 0)])
    squared = [((one[:, None] - one) ** 2).sum(axis=-1)[np.triu_indices(20, 1)]
               for one in (points, 0.5 * points @ turn)]  # fmt: skip
    table = pd.DataFrame({"stimulus": [f"s{i}" for i in range(20)],
                          "category": ["a", "b"] * 10})  # fmt: skip
    rows = stimulus_map_rows(*squared, table)
    region, layer = (rows[[f"{of}_1", f"{of}_2"]].to_numpy() for of in ("region", "layer"))
    np.testing.assert_allclose(layer, 0.5 * region, atol=1e-9)
    assert rows["category"].tolist() == table["category"].tolist()
    figure = draw_stimulus_map(*squared, ("a region", "a layer"), table)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert faults(figure) == []


def test_figures_of_regions_that_differ_in_case_alone_have_files_of_their_own():
    taken: set[str] = set()
    names = [free_name(one, taken) for one in ("rdms_v1", "rdms_v1", "rdms_it", "rdms_v1")]
    assert names == ["rdms_v1", "rdms_v1-2", "rdms_it", "rdms_v1-3"]


def test_slugs_and_thinning():
    assert slug("Human IT (left)") == "human-it-left"
    assert slug("***") == "unnamed"
    assert slug("β (left)") == "β-left" != slug("α (left)")
    assert slug("IT −50 to 0 ms") == "it-minus-50-to-0-ms"
    assert thinned(30) == list(range(30))
    assert thinned(0) == []
    assert len(thinned(101)) <= 30
    assert thinned(101)[0] == 0


def test_run_draws_lists_and_repeats_itself_to_the_byte(small, tmp_path):
    entries = figures.run(small, "sim")
    folder = small.figures("sim")
    assert json.loads((folder / "figures.json").read_text()) == entries
    assert {entry["svg"] for entry in entries} == {
        "profile_alpha.svg", "profile_beta.svg", "rdms_alpha.svg", "rdms_beta.svg",
        "stimuli_alpha.svg", "stimuli_beta.svg", "overview.svg", "map.svg", "reliability.svg",
    }  # fmt: skip
    for entry in entries:
        assert entry["caption"].startswith("Simulated data. ")
        assert re.match(r"Simulated data\. .+\.$", entry["alt"])
        svg = (folder / entry["svg"]).read_text(encoding="utf-8")
        assert "simulated data</text>" in svg
        assert len(pd.read_csv(folder / entry["csv"]))
    titles = [entry["title"] for entry in entries]
    assert "alpha beside the best layer of a trained network" in titles
    profile = pd.read_csv(folder / "profile_alpha.csv")
    assert (profile["shown"] == "layer").sum() == 4 * len(LAYERS)  # the baseline has no depth
    names = [entry[kind] for entry in entries for kind in figures.FORMATS]
    shutil.copytree(folder, tmp_path / "first")
    figures.run(small, "sim")
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "first" / name).read_bytes(), name


def test_no_figure_of_a_study_is_clipped_overprinted_or_too_small(small):
    tables = figures.read_tables(small, "real")
    results = DatasetResults(small.study, "real", {**tables, **scores_of(small, "real")})
    brain = indexed(read_array(small.brain_rdms("real"), "rdms"))
    models = {
        name: indexed(read_array(small.model_rdms("real", name), "rdms"))
        for name, _, _ in small.study.instances()
    }
    stimuli = read_table(small.stimuli("real"), "stimuli")
    images = figures.thumbnails(stimuli, small.stimuli("real").parent)
    made = list(drawings(Drawable(results, brain, models, stimuli, images)))
    assert len({one.stem for one in made}) == len(made) >= 10
    for one in made:
        assert faults(one.figure) == [], one.stem
        assert one.finding.endswith(".")
        assert len(one.data), one.stem


def test_one_model_alone_has_no_overview_and_one_planted_layer_no_confusion(small):
    tables = figures.read_tables(small, "real")
    alone = {name: table[table["model"] == "net"] for name, table in tables.items()
             if "model" in table}  # fmt: skip
    confusion = pd.DataFrame({
        "planted_model": ["net", ""], "planted_layer": ["stem", ""], "found_model": "net",
        "found_layer": "stem", "count": 9, "n_simulations": 9, "region": "alpha",
        "distance": "correlation", "measure": "rho_a",
    })  # fmt: skip
    results = DatasetResults(small.study, "real", {**alone, "confusion": confusion})
    brain = indexed(read_array(small.brain_rdms("real"), "rdms"))
    stimuli = read_table(small.stimuli("real"), "stimuli")
    kinds = {one.kind for one in drawings(Drawable(results, brain, stimuli=stimuli))}
    assert "profile" in kinds
    assert not kinds & {"overview", "confusion", "multiverse"}


def test_without_comparisons_nothing_is_drawn(tmp_path):
    layout = write_study(tmp_path, datasets=("sim",))
    with pytest.raises(IsomorphError, match="no such file"):
        figures.run(layout, "real")
    assert not layout.figures("real").exists()


def test_a_plot_without_a_number_says_why():
    rdm = np.arange(10.0)
    found = iso.compare(rdm, {"net": rdm[None]}, resamples=20, permutations=20)
    none = found.tables["comparisons"].assign(status="undefined", reason="too few stimuli")
    with pytest.raises(IsomorphError, match="no comparison has a number: too few stimuli"):
        iso.plot(replace(found, tables={**found.tables, "comparisons": none}))
