"""Regions by models: what the cells hold, how they are drawn, and the same as plain text."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_study import scores_of, write_study

from isomorph.report.answers import sentences
from isomorph.report.bars import bar
from isomorph.report.dataset_section import n_bins
from isomorph.report.evidence import read_results
from isomorph.report.layer_sets import best_said, members
from isomorph.report.summary import matrix, rows_of
from isomorph.report.summary_text import WIDTH, told
from isomorph.report.summary_words import key, mark, spoken


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def real(layout):
    found = read_results(layout, "real")
    return replace(found, tables={**found.tables, **scores_of(layout, "real")})


def changed(results, kind, **columns):
    tables = {**results.tables, kind: results.tables[kind].assign(**columns)}
    return replace(results, tables=tables)


def test_cells_hold_scores_sets_and_tests_in_their_order_and_no_simulated_region(layout, real):
    whole = matrix([read_results(layout, "sim"), real])
    assert [(title, [one.name for one in models]) for title, models in whole.groups] == [
        ("Trained networks", ["net"]), ("Other models", ["pixels"]),
        ("Untrained controls", ["net-untrained"]),
    ]  # fmt: skip
    assert [(row.dataset, row.region) for row in whole.rows] == [
        ("real", "alpha"),
        ("real", "beta"),
    ]
    table = real.tables["selection"]
    own = table[(table["region"] == "alpha") & (table["measure"] == "rho_a")]
    cells = whole.rows[0].cells
    assert cells["net"].score == own[own["model"] == "net"]["score"].iloc[0]
    assert (cells["net"].layers, cells["net"].layer) == ("stem to blocks.0", "blocks.2")
    assert mark(cells["net"]) == ["above"]
    assert spoken(whole.rows[0], cells["net"]) == (
        "significantly above its untrained controls, below the noise ceiling"
    )
    seeds = own[own["model"].str.startswith("net-untrained")]["score"]
    assert cells["net-untrained"].score == pytest.approx(seeds.mean())
    assert cells["net-untrained"].ends.startswith("(")
    assert cells["net-untrained"].layers == "2 of 5, by seed"
    assert cells["pixels"].layers == ""
    assert mark(cells["pixels"]) == ["chance"]
    assert matrix([read_results(layout, "sim")]) is None


def test_the_scale_is_from_chance_to_the_ceiling_or_to_the_highest_of_all(real):
    whole = matrix([real])
    alpha, beta = whole.rows
    assert whole.limits(alpha) == (0.0, 0.6)
    highest = max(cell.high for row in whole.rows for cell in row.cells.values())
    assert whole.limits(beta) == (0.0, highest)
    drawn = bar(whole, alpha, alpha.cells["net"])
    assert 'class="ceiling"' in drawn
    assert 'class="ceiling"' not in bar(whole, beta, beta.cells["net"])
    (right,) = re.findall(r'class="score" x="10" y="4" width="([\d.]+)"', drawn)
    assert float(right) == pytest.approx(109 * alpha.cells["net"].score / 0.6, abs=0.1)


def test_a_cell_without_a_score_is_empty_and_says_why_below(real):
    table = real.tables["selection"]
    lost = table["model"] == "net-untrained-seed1"
    found = changed(
        real, "selection", status=table["status"].mask(lost, "undefined"),
        score=table["score"].mask(lost), reason=table["reason"].mask(lost, "one seed is lost"),
    )  # fmt: skip
    whole = matrix([found])
    cell = whole.rows[0].cells["net-untrained"]
    assert math.isnan(cell.score)  # not the mean of the other seeds
    assert bar(whole, whole.rows[0], cell) == ""
    assert "¹ One seed is lost." in key(whole)
    assert any("–¹" in line for line in told(whole))


def test_of_several_time_bins_the_best_is_shown_and_said_to_be_chosen(real):
    bins = {"selection": 0.3, "comparisons": 0.0, "contrasts": 0.0, "layers_in_set": 0.0}
    tables = dict(real.tables)
    for kind in bins:
        early, late = (real.tables[kind].assign(time_start=t, time_stop=t + 0.1) for t in (0, 0.1))
        if kind == "selection":
            early = early.assign(score=early["score"] - 0.2)
        tables[kind] = pd.concat([early, late], ignore_index=True)
    rows = rows_of(replace(real, tables=tables))
    assert [(row.region, row.time, row.n_bins) for row in rows] == [
        ("alpha", "100 to 200 ms", 2), ("beta", "100 to 200 ms", 2),
    ]  # fmt: skip
    found = replace(real, tables=tables)
    assert n_bins(tables["comparisons"]) == 2
    assert n_bins(real.tables["comparisons"]) == 0
    assert sentences([found])[0].startswith("alpha 100 to 200 ms, the best of 2 time bins: Net, ")
    said = key(matrix([found]))
    assert any(line.startswith("Of the 2 time bins of a region, the one") for line in said)


def test_plain_text_fits_its_width_with_many_models_and_long_names(real):
    study = real.study
    names = [f"net{n}" for n in range(20)]
    net = study.models["net"]
    models = {
        name: net.model_copy(update={"name": name, "title": f"A network of long name, number {n}"})
        for n, name in enumerate(names)
    }
    tables = {}
    for kind in ("comparisons", "selection", "layers_in_set"):
        table = real.tables[kind]
        own = table[table["model"] == "net"]
        regions = [f"area {n} of a long name" for n in range(12)]
        tables[kind] = pd.concat(
            [own[own["region"] == "alpha"].assign(model=name, region=region)
             for name in names for region in regions], ignore_index=True,
        )  # fmt: skip
    found = replace(real, study=replace(study, models=models), tables=tables)
    whole = matrix([found])
    lines = told(whole)
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.count("stem to blocks.0") for line in lines) == 20 * 12
    assert any("the highest of several models is somewhat favoured" in line for line in key(whole))


ORDER = ["stem", *(f"blocks.{n}" for n in range(6)), "head"]


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (["blocks.1"], "its best layer is blocks.1"),
        (["blocks.1", "blocks.2", "blocks.3"], "one of 3 of its 8 (blocks.1 to 3)"),
        (["stem", "blocks.3", "blocks.4", "head"], "(stem, blocks.3 to 4, head)"),
        (["stem", "blocks.1", "blocks.3", "head"], "(between stem and head)"),
        (["stem", "blocks.0", "elsewhere"], "(stem to elsewhere)"),
        (ORDER, "any of its 8 layers may be its best"),
    ],
)
def test_sets_of_layers_in_words_name_no_layer_that_is_not_in_them(inside, words):
    row = {"layers": "; ".join(inside), "n_in_set": len(inside), "n_layers": 8,
           "first_layer": inside[0], "last_layer": inside[-1]}  # fmt: skip
    assert words in best_said(row, ORDER)
    assert members(row, ORDER)


def test_the_highest_of_all_layers_is_not_set_against_scores_on_held_out_stimuli(real):
    row = rows_of(real)[0]
    chosen = replace(row.leader, score=row.leader.score + 0.1, held_out=False)
    assert replace(row, cells={"chosen": chosen, **row.cells}).leader is row.leader


def test_a_row_without_any_p_has_no_mark_but_its_score(real):
    found = changed(real, "comparisons", p_corrected=np.nan, status="untested")
    found = changed(found, "contrasts", p_corrected=np.nan, status="untested")
    whole = matrix([found])
    assert not [one for cell in whole.cells for one in mark(cell)]
    assert not [line for line in key(whole) if "significant" in line]
