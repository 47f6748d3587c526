"""Rows of topology: gathered, corrected, and told where shuffles are too few."""

import numpy as np
import pandas as pd
import pytest

from isomorph.inference.families import LEVEL, corrected
from isomorph.stages.shape_populations import ordered_stimuli
from isomorph.stages.shape_tables import gathered, left_out, packed, too_few, unpacked
from isomorph.study import Inference
from isomorph.study.axes import StimulusAxis
from isomorph.study.topology import Topology

KEYS = {"region": "V1", "session": "", "layer": ""}


@pytest.mark.parametrize("correction", ["holm", "fdr_by", "bonferroni"])
@pytest.mark.parametrize("size", [1, 3, 12])
def test_as_many_shuffles_as_are_asked_for_are_enough_and_one_fewer_is_not(correction, size):
    said = too_few(10, size, correction, 1)
    needed = int(said.rpartition(" ")[2])
    p = np.ones(size)
    for shuffles, enough in ((needed, True), (needed - 1, False)):
        p[0] = 2 / (1 + shuffles)
        assert (corrected(p, correction)[0] < LEVEL - 1e-9) == enough
        assert (too_few(shuffles, size, correction, 1) == "") == enough


def test_nothing_but_what_was_left_out_makes_tables_too():
    parts = [left_out(KEYS, 5, "fewer than 20 units that vary", Topology())]
    of = {"dataset": "d", "simulated": False, "subject": "one", "model": ""}
    tables = gathered([(of, unpacked(packed(parts, ["V1"])))], Inference(), Topology())
    (row,) = tables["topology"].to_dict("records")
    assert (row["region"], row["n_units"], row["reason"]) == (
        "V1", 5, "fewer than 20 units that vary",
    )  # fmt: skip
    assert np.isnan(row["p_corrected"])
    assert tables["bars"].empty
    assert "birth" in tables["bars"]
    assert gathered([(of, unpacked(packed([], [])))], Inference(), Topology())["topology"].empty


def test_a_loop_that_is_not_clear_of_holes_in_a_plane_says_so():
    of = {"dataset": "d", "simulated": False, "subject": "one", "model": ""}
    parts = []
    for region, signature, length in (
        ("A", "ring", 4.0),
        ("B", "unclear", 1.4),
        ("C", "none", 1.4),
    ):
        keys = {**KEYS, "region": region}
        bar = {"birth": 0.0, "ratio": 3.0, "ratio_bound": 2.0, "bound": 1.0, **keys}
        shape = {"of": "time", "signature": signature, "p": 0.02, "n_units": 30,
                 "n_shuffles": 999, "status": "ok", "reason": ""}  # fmt: skip
        parts.append({
            "topology": pd.DataFrame([{**shape, **keys}]),
            "bars": pd.DataFrame([
                {"dimension": 1, "rank": rank, "death": long, "length": long, "p": p,
                 "p_corrected": p, **bar}
                for rank, long, p in ((1, length, 0.02), (2, 0.1, 0.9))
            ]),
        })  # fmt: skip
    tables = gathered([(of, unpacked(packed(parts, ["A", "B", "C"])))], Inference(), Topology())
    notes = tables["topology"].set_index("region")["p_note"]
    assert notes["A"] == notes["C"] == ""
    assert notes["B"].startswith("a loop is 1.4 times the longest of the shuffles")


def test_frames_are_shifted_along_their_film_and_other_stimuli_are_permuted():
    table = pd.DataFrame({
        "stimulus": ["b1", "a1", "a0", "b0"], "film": ["b", "a", "a", "b"],
        "time": [0.5, 0.5, 0.0, 0.0], "heading": [3.0, 1.0, 2.0, 0.0],
    })  # fmt: skip
    film = ordered_stimuli(table, [StimulusAxis("time", None, "film")])
    assert film.points["stimulus"].tolist() == ["a0", "a1", "b0", "b1"]
    assert film.segments.tolist() == [0, 0, 1, 1]
    assert film.variables == ("time",)
    means = np.arange(8.0).reshape(4, 2)
    population = film.population(KEYS, means)
    np.testing.assert_array_equal(population.rates, means[[2, 1, 3, 0]])
    assert not population.permuted
    ring = ordered_stimuli(table, [StimulusAxis("heading", 6.283185)])
    assert ring.points["heading"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert ring.population(KEYS, means).permuted
    pictures = ordered_stimuli(table, [])
    assert pictures.points["stimulus"].tolist() == table["stimulus"].tolist()
    assert pictures.population(KEYS, means).permuted
