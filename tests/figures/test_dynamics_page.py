"""The dynamics of regions in figures and on the page, from tables of known distances."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from looking import faults

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.drawable import Drawable
from isomorph.figures.drawn_dynamics import MOST_PAIRS, dynamics
from isomorph.figures.law_words import named, seen, sentences
from isomorph.report.evidence import Illustrated
from isomorph.report.laws import laws
from isomorph.report.page import templates
from isomorph.study.dynamics import Dynamics


def row(a, b, estimate, *, first="anna", second=None, p=0.02, shuffled=1.0, **more):
    return {
        "region_a": a, "subject_a": first, "session_a": "", "region_b": b,
        "model_b": "", "layer_b": "", "n_steps": np.nan,
        "subject_b": second or first, "session_b": "", "field_distance": "angular", "delays": 2,
        "rank": 4.0, "estimate": estimate, "standard_error": 0.03, "shuffled": shuffled, "p": p,
        "p_corrected": p, "fit_a": 0.9, "fit_b": 0.8, "n_shuffles": 99, "n_bins": 12,
        "n_stimuli": 8, "n_units_a": 20, "n_units_b": 30, "family_size": 7, "status": "ok",
        "reason": "", **more,
    }  # fmt: skip


UNDEFINED = {
    **dict.fromkeys(("rank", "standard_error", "shuffled", "p_corrected"), np.nan),
    "status": "undefined", "reason": "the recordings have no stimulus in common",
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    rows = [
        row("MT", "V1", 1.1, p=1.0), row("MT", "V2", 1.0, p=0.9), row("V1", "V2", 0.2),
        row("MT", "V1", 1.3, first="ben", p=1.0), row("V1", "V2", 0.3, first="ben", p=0.2),
        row("V1", "V1", 0.1, second="ben"), row("MT", "MT", 0.15, second="ben"),
        row("V2", "V2", np.nan, second="ben", p=np.nan, **UNDEFINED),
    ]  # fmt: skip
    return pd.DataFrame(rows)


def drawn(small, table):
    return list(dynamics(Drawable(DatasetResults(small.study, "real", {"dynamics": table}), None)))


def test_a_sentence_says_which_law_is_nearest_to_that_of_a_region(table):
    said = list(sentences(seen(named(table))))
    assert [one.split(":")[0] for one in said] == ["MT", "V1", "V2"]
    assert said[1] == (
        "V1: of the laws of 2 other regions, that of V2 is nearest to its own, on average .25 rad, "
        ".20 to .30 over 2 recordings (with time shuffled 1.00, corrected p < .05 in 1 of 2), and "
        "that of MT is farthest, on average 1.20 rad, 1.10 to 1.30 over 2 recordings (with time "
        "shuffled 1.00, corrected p < .05 in 0 of 2); its own in other recordings, .10 ± .03 rad "
        "(with time shuffled 1.00, corrected p = .020)."
    )
    assert "itself" not in said[2]
    assert "its own in other recordings" not in said[2]  # there is no number


def test_two_regions_of_one_recording_are_compared_plainly_and_an_untested_one_says_so():
    one = row("V1", "V2", 0.2, standard_error=np.nan, field_distance="wasserstein")
    (first, _) = sentences(named(pd.DataFrame([one])))
    assert first == (
        "V1: its law is compared with that of V2, .20 (with time shuffled 1.00, corrected p = "
        ".020)."
    )
    untested = {**one, "status": "untested", "p_corrected": np.nan, "shuffled": np.nan}
    (first, _) = sentences(named(pd.DataFrame([untested])))
    assert first == "V1: its law is compared with that of V2, .20 (not tested)."
    assert named(pd.DataFrame([one]))["recording"].tolist() == [""]


def test_every_pair_has_its_dots_the_nearest_first(small, table):
    (one,) = drawn(small, table)
    assert one.stem == "dynamics"
    labels = [text.get_text() for text in one.figure.axes[0].get_yticklabels()]
    assert labels == ["V1, itself", "MT, itself", "V1 – V2", "MT – V2", "MT – V1"]
    assert len(one.data) == 7  # those that have a distance
    assert one.finding == (
        "Of 5 pairs nearest: V1, itself, .10 rad; farthest: MT – V1, 1.20 rad; 3 of 7 distances "
        "are smaller than with time shuffled (corrected p < .05)."
    )
    assert faults(one.figure) == []
    assert "median of 99 shuffles" in one.caption


@pytest.mark.parametrize("n_regions", [9, 24])
def test_many_pairs_are_a_matrix(small, n_regions):
    regions = [f"region {at} of the cortex" for at in range(n_regions)]
    rows = [row(a, b, 0.1 + 0.01 * at) for at, (a, b) in enumerate(combinations(regions, 2))]
    assert len(rows) > MOST_PAIRS
    (one,) = drawn(small, pd.DataFrame(rows))
    assert one.stem == "dynamics_matrix"
    image = np.ma.filled(one.figure.axes[0].images[0].get_array(), np.nan)
    assert image[1, 0] == image[0, 1] == 0.1
    assert np.isnan(np.diag(image)).all()
    assert faults(one.figure) == []
    assert one.caption


def test_long_names_and_many_recordings_can_be_read(small):
    rows = [
        row("anterior inferotemporal cortex", "lateral intraparietal area of the left hemisphere",
            0.1 * at, first=f"monkey {at}", shuffled=1.2)
        for at in range(8)
    ]  # fmt: skip
    (one,) = drawn(small, pd.DataFrame(rows))
    assert faults(one.figure) == []


@pytest.fixture
def asking(small, table):
    spec = small.study.spec.model_copy(update={"dynamics": Dynamics(delays=2, rank=4)})
    return Illustrated(replace(small.study, spec=spec), "real", {"dynamics": table})


def test_the_page_tells_regions_what_was_left_out_and_how_it_was_done(asking):
    told = laws(asking)
    assert len(told["sentences"]) == 3
    assert told["left_out"] == ["1 pair (the recordings have no stimulus in common)"]
    assert told["table"].strong == [False, False, True, False, False, True, True, False]
    assert "dynamical similarity analysis, Ostrow et al. 2023" in told["method"]
    assert "99 times" in told["method"]
    text = templates().get_template("dynamics.html.j2").render(
        key="real", d={"results": {"dynamics": told}}
    )  # fmt: skip
    assert 'id="real-dynamics"' in text
    assert 'href="https://arxiv.org/abs/2306.10168"' in text
    assert "Left out: 1 pair (the recordings have no stimulus in common)." in text
    assert "it does not say that the laws are the same" in text
    assert "the recordings have no stimulus in common</td>" in text


def test_so_few_shuffles_that_no_pair_can_be_significant_are_said_to_be_few(asking, table):
    assert (
        "So few shuffles give no corrected p below .070, however near two laws are; below .05 "
        "there must be at least 140 (dynamics.shuffles)."
    ) in laws(asking)["method"]
    enough = asking.study.spec.model_copy(update={"dynamics": Dynamics(shuffles=140)})
    study = replace(asking.study, spec=enough)
    assert "So few" not in laws(Illustrated(study, "real", {"dynamics": table}))["method"]


def test_there_is_no_section_and_no_figure_where_nothing_was_asked(small):
    assert laws(Illustrated(small.study, "real", {})) is None
    assert drawn(small, pd.DataFrame()) == []


def test_where_no_pair_has_a_distance_the_page_says_why_and_draws_nothing(asking, table):
    none = table[table["status"] == "undefined"]
    told = laws(replace(asking, tables={"dynamics": none}))
    assert told["sentences"] == []
    assert told["left_out"] == ["1 pair (the recordings have no stimulus in common)"]
    assert drawn(asking, none) == []


def with_model(layer, estimate, region="V1", **more):
    return row(region, "", estimate, **more) | {"model_b": "rnn", "layer_b": layer, "subject_b": ""}


def test_layers_with_time_stand_beside_the_regions(asking, table):
    more = [with_model("slow", 0.2), with_model("fast", 1.4, p=0.8), with_model("slow", 0.9, "MT")]
    both = pd.concat([table, pd.DataFrame(more)], ignore_index=True)
    told = laws(replace(asking, tables={"dynamics": both}))
    assert [one.split(":")[0] for one in told["sentences"]] == ["MT", "V1", "V2"]
    assert (
        "; of the laws of 2 layers, that of rnn slow is nearest to its own, .20 ± .03 rad (with "
        "time shuffled 1.00, corrected p = .020), and that of rnn fast is farthest, 1.40"
    ) in told["sentences"][1]
    assert "its law is compared with that of rnn slow, .90" in told["sentences"][0]
    assert "a step was taken to be one time bin of the responses" in told["method"]
    assert told["table"].rows[-1][:2] == ("MT – rnn slow", "anna")
    (one,) = drawn(asking, both)
    labels = [text.get_text() for text in one.figure.axes[0].get_yticklabels()]
    assert {"V1 – rnn slow", "V1 – rnn fast", "MT – rnn slow"} < set(labels)
    assert faults(one.figure) == []


def test_a_matrix_has_a_column_for_each_layer(small):
    rows = [with_model(f"layer{at:02}", 0.1 * at, f"R{region}") for at in range(1, 17)
            for region in range(2)]  # fmt: skip
    (one,) = drawn(small, pd.DataFrame([*rows, row("R0", "R1", 0.3)]))
    assert one.stem == "dynamics_matrix"
    image = np.ma.filled(one.figure.axes[0].images[0].get_array(), np.nan)
    assert image.shape == (2, 2 + 16)
    np.testing.assert_allclose(image[1], [0.3, np.nan, *(0.1 * np.arange(1, 17))])
    assert faults(one.figure) == []
