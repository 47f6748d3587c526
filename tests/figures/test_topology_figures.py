"""Figures of topology, drawn from tables of a ring, of a torus and of nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from looking import faults

from isomorph.figures.circles import BINS, phase_map
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.drawable import Drawable
from isomorph.figures.drawn_topology import barcodes, coordinates, tori
from isomorph.report.evidence import Illustrated
from isomorph.report.page import templates
from isomorph.report.shapes import headlines, shapes
from isomorph.study.topology import Topology

KEYS = {"region": "MEC", "subject": "r1", "session": "", "model": "", "layer": ""}


def shape(region, signature, loops, voids, p):
    return {
        **KEYS, "region": region, "of": "time", "signature": signature, "n_loops": loops,
        "n_voids": voids, "n_units": 120.0, "n_shuffles": 100.0, "p": p, "p_corrected": p,
        "status": "ok", "reason": "", "n_samples": 9000.0, "n_points": 300.0, "variance": 0.4,
        "loop_bound": 0.17, "void_bound": 0.21,
    }  # fmt: skip


def bars_of(region, lengths):
    rows = []
    for dimension, (long, bound) in lengths.items():
        every = [*long, *np.linspace(0.8 * bound, 0.05 * bound, 12)]
        rows += [
            {**KEYS, "region": region, "dimension": dimension, "rank": rank, "birth": rank / 100,
             "death": rank / 100 + length, "length": length, "bound": bound,
             "p_corrected": 0.03 if length > bound else 0.9}
            for rank, length in enumerate(every, 1)
        ]  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    time = np.arange(800.0)
    x, y = (np.abs(((time * step) % 2) - 1) for step in (0.021, 0.0137))
    turns = 2 * np.pi * np.stack([2 * x + y, x - 1.5 * y], axis=1)
    phases = (turns + 0.2 * rng.standard_normal(turns.shape)) % (2 * np.pi)
    torus = pd.DataFrame({**KEYS, "time": time, "stimulus": "", "circle_1": phases[:, 0],
                          "circle_2": phases[:, 1], "x": x, "y": y})  # fmt: skip
    heading = rng.uniform(0, 2 * np.pi, 800)
    ring = pd.DataFrame({**KEYS, "region": "ADN", "time": time, "stimulus": "",
                         "circle_1": heading, "heading": (1 - heading) % (2 * np.pi)})  # fmt: skip
    decoded = [
        {**KEYS, "circle": circle, "variable": "x × y", "correlation": r, "median_error": 21.0,
         "chance_error": 90.0, "p": 0.01, "n_samples": 800}
        for circle, r in ((1, 0.8), (2, 0.7))
    ]  # fmt: skip
    decoded.append({**decoded[0], "region": "ADN", "variable": "heading", "correlation": 0.97})
    return {
        "topology": pd.DataFrame([
            shape("MEC", "torus", 2.0, 1.0, 0.03), shape("ADN", "ring", 1.0, np.nan, 0.03),
            shape("V1", "none", 0.0, 0.0, 0.6),
            {**shape("CA1", "", np.nan, np.nan, np.nan), "status": "undefined",
             "reason": "fewer than 20 units that vary", "n_units": 5.0},
        ]),
        "bars": pd.DataFrame([
            *bars_of("MEC", {1: ([0.66, 0.59], 0.17), 2: ([0.64], 0.21)}),
            *bars_of("ADN", {1: ([0.9], 0.2)}), *bars_of("V1", {1: ([], 0.2), 2: ([], 0.2)}),
        ]),
        "coordinates": pd.concat([torus, ring], ignore_index=True),
        "decoded": pd.DataFrame(decoded),
    }  # fmt: skip


@pytest.fixture
def data(small, tables):
    return Drawable(DatasetResults(small.study, "real", tables), None)


def test_barcodes_say_what_outlasts_the_shuffles(data):
    drawn = {one.part: one for one in barcodes(data)}
    assert list(drawn) == ["MEC", "ADN", "V1"]
    assert drawn["MEC"].finding == (
        "MEC, 120 units: a torus (corrected p = .030): two loops and one void outlast all of 100 "
        "shuffles."
    )
    assert drawn["ADN"].finding.endswith("a ring (corrected p = .030): one loop outlasts all of "
                                         "100 shuffles.")  # fmt: skip
    assert "no ring, torus or sphere" in drawn["V1"].finding
    assert "no loop and no void is longer than in 100 shuffles" in drawn["V1"].finding
    for one in drawn.values():
        assert faults(one.figure) == []
        assert one.caption
    assert "MEC" in drawn["MEC"].title


def test_circles_are_drawn_over_the_variables_they_follow(data):
    drawn = {one.part: one for one in coordinates(data)}
    assert list(drawn) == ["MEC", "ADN"]
    assert "circle 1 follows heading (circular correlation .97, median error 21°" in (
        drawn["ADN"].finding
    )
    assert {"circle_1", "heading"} <= set(drawn["ADN"].data)
    for one in drawn.values():
        assert faults(one.figure) == []
        assert one.caption


def test_a_torus_is_cut_open(data):
    (one,) = tori(data)
    assert one.part == "MEC"
    assert "a torus" in one.finding
    assert set(one.data) == {"circle_1", "circle_2", "x", "y"}
    assert faults(one.figure) == []
    assert one.caption


def test_a_phase_map_holds_the_mean_phase_of_each_place():
    x, y = np.meshgrid(np.linspace(0, 1, 2 * BINS), np.linspace(0, 1, 2 * BINS))
    table = pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "circle_1": 6.2 * x.ravel()})
    found = phase_map(table, "circle_1", "x", "y")
    assert found.shape == (BINS, BINS)
    np.testing.assert_allclose(found[3], found[-1])
    assert (np.diff(found[0]) > 0).all()
    table.loc[table["x"] > 0.5, "circle_1"] = np.nan
    assert np.isnan(phase_map(table, "circle_1", "x", "y")).sum() == 0  # of what is left


@pytest.fixture
def asking(small, tables):
    spec = small.study.spec.model_copy(update={"topology": Topology(shuffles=100)})
    return Illustrated(replace(small.study, spec=spec), "real", tables)


def test_the_answer_has_a_line_for_each_significant_shape(asking):
    assert [one.split(",")[0] for one in headlines(asking)] == ["MEC", "ADN"]


def test_the_page_tells_every_region_what_was_left_out_and_how_it_was_done(asking):
    told = shapes(asking)
    assert [one.split(",")[0] for one in told["sentences"]] == ["MEC", "ADN", "V1"]
    assert "circle 1 follows x × y (circular correlation .80" in told["sentences"][0]
    assert told["left_out"] == ["1 population (fewer than 20 units that vary)"]
    assert told["table"].strong == [True, True, False, False]
    assert "persistent cohomology of their cosine distances" in told["method"]
    page = templates().get_template("topology.html.j2")
    text = page.render(key="real", d={"results": {"topology": told}})
    assert 'id="real-topology"' in text
    assert "Left out: 1 population (fewer than 20 units that vary)." in text
    assert "What this cannot say: that a shape is absent." in text
    assert "fewer than 20 units that vary</td>" in text


def test_there_is_no_section_where_nothing_was_asked(small):
    assert shapes(Illustrated(small.study, "real", {})) is None
