"""What else explains a similarity, from the stage to its figures and its part of the page."""

import pandas as pd
import pytest

from isomorph.artefacts import read_array, read_provenance, read_table
from isomorph.cli.show import describe, draw
from isomorph.figures.captioned import Drawable, drawings
from isomorph.figures.drawable import CAPTIONS
from isomorph.figures.drawn_layers import similarities
from isomorph.rdms import indexed
from isomorph.report.contests import models_against_models
from isomorph.report.evidence import read_results
from isomorph.report.explained import explained
from isomorph.report.missing import judge
from isomorph.report.page import render


@pytest.fixture(scope="module")
def told(whole):
    """A study of which the stage has run and the figures are drawn."""
    return whole


def test_the_stage_writes_every_table(told):
    layout, _ = told
    partial = read_table(layout.partial("real"), "partial")
    assert set(partial["measure"]) == {"spearman", "pearson"}  # rho-a has no residuals
    assert set(partial["region"]) == {"alpha", "beta"}
    best = partial[(partial["model"] == "net") & (partial["statistic"] == "partial")]
    assert best["estimate"].gt(0.3).all()
    tested = partial[partial["p"].notna()]
    assert tested["p_corrected"].ge(tested["p"] - 1e-12).all()
    assert tested["p"].lt(0.05).any()
    weighted = read_table(layout.weighted("real"), "weighted")
    assert set(weighted["kind"]) == {"layers", "models", "features"}
    assert set(weighted["measure"]) == {"rho_a"}
    shares = read_table(layout.partition("real"), "partition")
    for _, group in shares.groupby(["region", "measure"]):
        parts = group[group["kind"] != "total"]["variance"].sum()
        assert parts == pytest.approx(group[group["kind"] == "total"]["variance"].item())
    assert len(read_table(layout.models("real"), "models")) == 3
    data = read_array(layout.representations("real"), "representations")
    assert data.sizes["representation"] == 2 + 5 + 3 * 5 + 1
    stamp = read_provenance(layout.partial("real"))
    assert stamp.noted["controls"] == ["pixels"]
    assert stamp.seed == 0


def test_figures_come_with_the_stage_and_the_map_reads_its_matrix(told):
    _, drawn = told
    captions = {entry["kind"]: entry["caption"] for entry in drawn}
    of_units = {"voxels", "sensors", "units", "tuning"}
    of_shapes = {"barcodes", "coordinates", "torus", "dynamics", "dynamics_matrix"}
    assert {*captions, *of_units, *of_shapes, "timecourse", "time_map", "prediction"} == set(
        CAPTIONS
    )  # a caption of each kind, and no other
    assert "diamonds are regions (pooled over subjects)" in captions["map"]
    assert "with Pixels taken out of both" in captions["partial"]


def test_the_page_tells_them_in_tables(told):
    layout, _ = told
    results = read_results(layout, "real")
    found = explained(results)
    assert [figure.kind for figure in found["figures"]] == ["partial", "partition", "weighted"]
    names = [name for name, _ in found["partial"]]
    assert names == ["Spearman rank correlation", "Pearson correlation"]
    table = found["partition"][0][1]
    assert ("Net, trained ∩ Pixels", "shared") in [row[1:3] for row in table.rows]
    assert len(models_against_models(results).rows) == 3
    page = render(judge(layout))
    for words in ("What else explains it", "Models against models", "With controls taken out"):
        assert page.count(words) >= 1


def test_a_row_without_a_number_says_why(told):
    layout, _ = told
    results = read_results(layout, "real")
    for kind in ("partial", "partition", "weighted", "models"):
        table = results.tables[kind]
        numbers = [name for name in table.columns if pd.api.types.is_float_dtype(table[name])]
        table.loc[table.index[:3], numbers] = float("nan")
        said = ["undefined", "too few stimuli to choose"]
        table.loc[table.index[:3], ["status", "reason"]] = said
    found = explained(results)
    for kind in ("partial", "partition", "weighted"):
        assert any("too few stimuli to choose" in row for row in found[kind][0][1].rows)
    assert "too few stimuli to choose" in models_against_models(results).rows[0]


def test_show_prints_and_draws_the_matrix(told, tmp_path):
    layout, _ = told
    text = describe(layout.representations("real"))
    assert "23 regions and layers of real against each other" in text
    assert "net | blocks.2" in text
    draw(layout.representations("real"), tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").stat().st_size > 1000


def test_nothing_is_told_before_the_stage_ran(fresh):
    results = read_results(fresh, "real")
    assert explained(results) is None
    assert models_against_models(results) is None
    data = Drawable(results, indexed(read_array(fresh.brain_rdms("real"), "rdms")),
                    stimuli=read_table(fresh.stimuli("real"), "stimuli"))  # fmt: skip
    assert similarities(data, "correlation") is None
    kinds = {drawing.kind for drawing in drawings(data)}
    assert kinds == {"profile", "overview", "reliability"}  # no models: no pairs, no map
    assert "What else explains it" not in render(judge(fresh))
