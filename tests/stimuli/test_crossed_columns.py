"""Conditions that several columns make together, and the responses to them."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, table

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import open_nwb
from isomorph.layout import Layout
from isomorph.responses.bids.events import read_events
from isomorph.responses.epochs.stimulus_events import read_events as read_epoch_events
from isomorph.responses.nwb.shown_stimuli import read_shown
from isomorph.stages import fetch, responses, stimuli
from isomorph.stages.datasets import read_stimuli
from isomorph.stimuli.crossed import condition_names, plain
from isomorph.stimuli.names import names_from
from isomorph.study import load_study
from isomorph.study.bids import BidsEvents
from isomorph.study.epochs import EventColumns
from isomorph.study.responses import Presentations

ROOT = Path(__file__).parents[2]
CROSSED = {"kind": "conditions", "files": "*.nwb", "column": ["contrast", "side"]}


def write(file, **columns):
    size = len(next(iter(columns.values())))
    own = {"start_time": np.arange(size) + 1.0, "stop_time": np.arange(size) + 1.5, **columns}
    with create(file, file.stem, "test") as nwb:
        table(nwb, "intervals/trials", np.arange(size), own, "TimeIntervals")


def shown(file, stimuli, **settings):
    with open_nwb(file) as nwb:
        return read_shown(nwb, Presentations(**settings), names_from(stimuli, "stimuli.csv"))


def test_columns_make_a_condition_together_and_are_kept(data, make):
    write(data / "1.nwb", contrast=[0.25, 1.0, 0.25], side=["right", "left", "right"])
    write(data / "2.nwb", contrast=[".250", "1e0", "0"], side=["left", "left", ""])
    found = read_stimuli(make(stimuli=CROSSED), "objects")
    assert found["stimulus"].tolist() == ["0.25_left", "0.25_right", "1_left"]
    assert found["contrast"].tolist() == [0.25, 0.25, 1.0]
    assert found["side"].tolist() == ["left", "right", "left"]


@pytest.mark.parametrize("reader", ["nwb", "bids", "epochs"])
def test_stimuli_and_responses_of_every_reader_lead_to_the_same_names(data, make, tmp_path, reader):
    contrast, side = ["0.25", ".250", "1", "0"], ["left", "right", "left", "left"]
    ids = ["c0.25-left", "c0.25-right", "c1-left"]
    columns = {"column": ["contrast", "side"], "name": "c{}-{}", "without": ["c0-left"]}
    asked = {"stimulus": columns["column"], "name": columns["name"]}
    if reader == "nwb":
        write(data / "1.nwb", contrast=[float(one) for one in contrast], side=side)
        layout = make(stimuli={**CROSSED, **columns})
        found = shown(data / "1.nwb", ids, blank=["c0-left"], **asked)
        assert found.stimulus.tolist() == ["c0.25-left", "c0.25-right", "c1-left"]
        assert found.dropped["blank presentations"] == 1
    else:
        rows = zip(range(4), contrast, side, strict=True)
        events = data / "sub-1_events.tsv"
        events.write_text(
            "onset\tduration\tcontrast\tside\n"
            + "".join(f"{at}\t1\t{one}\t{other}\n" for at, one, other in rows)
        )
        layout = make(stimuli={**CROSSED, **columns, "files": "*_events.tsv"})
        if reader == "bids":
            trials, dropped = read_events(
                events, BidsEvents(files="*", without=["c0-left"], **asked)
            )
            assert trials["name"].tolist() == ids
            assert dropped["events without a stimulus"] == 1
        else:
            spec = EventColumns(blank=["c0-left"], **asked)
            known = names_from(ids, "stimuli.csv")
            assert read_epoch_events(events, spec, known, 100.0).stimulus.tolist() == ids
    assert read_stimuli(layout, "objects")["stimulus"].tolist() == ids


def test_of_two_columns_of_which_each_row_fills_one_the_other_has_a_word(data, make):
    write(data / "1.nwb", left=[0.25, np.nan, 0.0, np.nan], right=[np.nan, 1.0, np.nan, np.nan])
    spec = {**CROSSED, "column": ["left", "right"], "name": "L{}_R{}"}
    layout = make(stimuli={**spec, "empty": "none"})
    found = read_stimuli(layout, "objects")
    assert found["stimulus"].tolist() == ["L0_Rnone", "L0.25_Rnone", "Lnone_R1"]
    assert found["left"].isna().tolist() == [False, False, True]
    said = shown(
        data / "1.nwb", found["stimulus"], stimulus=["left", "right"], name="L{}_R{}", empty="none"
    )
    assert said.stimulus.tolist() == ["L0.25_Rnone", "Lnone_R1", "L0_Rnone"]
    assert said.dropped["presentations without a stimulus"] == 1


def test_without_a_word_rows_that_lack_a_value_are_counted_and_left_out(data, make, capsys):
    write(data / "1.nwb", contrast=[0.25, np.nan, 1.0], side=["left", "left", ""])
    layout = make(stimuli=CROSSED)
    assert read_stimuli(layout, "objects")["stimulus"].tolist() == ["0.25_left"]
    assert "2 of 3 rows of trials name no contrast and side" in capsys.readouterr().err


def test_a_column_is_cut_into_bins_whose_middle_and_edges_are_kept(data, make):
    write(data / "1.nwb", rt=[0.0, 0.29, 0.3, 0.6, np.nan, -1.0], side=["a"] * 6)
    binned = [{"column": "rt", "edges": [0, 0.3, 0.6]}, "side"]
    found = read_stimuli(make(stimuli={**CROSSED, "column": binned}), "objects")
    assert found["stimulus"].tolist() == ["0_to_0.3_a", "0.3_to_0.6_a"]
    assert found["rt"].tolist() == [0.15, 0.45]
    assert found["rt_start"].tolist() == [0.0, 0.3]
    assert found["rt_stop"].tolist() == [0.3, 0.6]
    said = shown(data / "1.nwb", found["stimulus"], stimulus=binned)
    assert said.stimulus.tolist() == ["0_to_0.3_a", "0_to_0.3_a", "0.3_to_0.6_a"]


def test_two_pairs_of_values_that_make_one_name_are_refused(data, make):
    write(data / "1.nwb", contrast=["1_2", "1"], side=["3", "2_3"])
    with pytest.raises(IsomorphError, match='"1_2, 3" and "1, 2_3" both become "1_2_3"'):
        make(stimuli=CROSSED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "c{}"}, 'must hold "{}" or "{stem}" once for each of the 2 of column, where'),
        ({"name": "c"}, 'must hold "{}" or "{stem}"'),
        ({"column": ["side", "side"]}, '"side"'),
        ({"column": ["side", {"column": "side", "edges": [0, 1]}]}, 'names "side" twice'),
        ({"column": ["side", {"column": "rt", "edges": [1, 0]}]}, "must ascend"),
        ({"column": "side", "empty": "none"}, "empty: goes with a list of columns"),
        ({"column": ["contrast", "sid"]}, 'no column "sid", did you mean "side"?'),
        (
            {"column": ["contrast", {"column": "side", "edges": [0, 1]}]},
            'column "side" holds "left", and is to be cut into bins; expected numbers',
        ),
    ],
)
def test_mistakes_with_columns_are_one_sentence(data, make, changes, message):
    write(data / "1.nwb", contrast=[0.5, 1.0], side=["left", "right"])
    with pytest.raises(IsomorphError) as caught:
        make(stimuli={**CROSSED, **changes})
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["series", "names", "offset", "suspect"])
def test_what_goes_with_one_column_is_refused_beside_several(key):
    given = {"series": "stimulus/presentation/x", "names": "y", "offset": 1, "suspect": "0"}[key]
    with pytest.raises(ValueError, match=f"{key}: goes with a single column"):
        Presentations(table="trials", stimulus=["contrast", "side"], **{key: given})


def test_numbers_are_one_however_they_are_written_and_ids_are_not_rounded():
    assert {plain(one) for one in ("0.25", ".250", "2.5e-1", "+0.25", " 0.25")} == {"0.25"}
    assert plain("9007199254740993") == "9007199254740993"
    assert plain("1_000") == "1_000"
    rows = pd.DataFrame({"a": ["007", "7.0"], "b": ["x", "x"]})
    assert condition_names(rows, "a", "{}", where="t").tolist() == ["007", "7.0"]
    assert condition_names(rows, ("a", "b"), "{}", where="t").tolist() == ["7_x", "7_x"]


# ---------------------------------------------------------------- the brain-wide map of the IBL


@pytest.fixture(scope="module")
def ibl(tmp_path_factory):
    """Return the responses to the replica of the IBL's sessions by the real settings."""
    folder = tmp_path_factory.mktemp("ibl")
    replica = importlib.import_module("dandi000409")
    replica.write(folder / "archives")
    spec = yaml.safe_load((ROOT / "config" / "datasets" / "dandi000409.yaml").read_text())
    files = folder / "archives" / spec["archive"]["dandiset"] / spec["archive"]["version"]
    for raw in files.rglob("*_desc-raw_*.nwb"):
        raw.unlink()
    spec |= {"archive": {"kind": "local", "path": str(files)}}
    spec |= {"subjects": replica.SUBJECTS, "expected": replica.EXPECTED}
    model = {"name": "task", "title": "Task", "source": "baseline/columns", "options": {
        "columns": ["gabor_stimulus_contrast", "probability_left"]}}  # fmt: skip
    study = {"name": "study", "title": "study", "datasets": ["d.yaml"], "models": ["m.yaml"]}
    (folder / "config").mkdir()
    for file, content in (("d", spec), ("m", model), ("study", study)):
        (folder / "config" / f"{file}.yaml").write_text(yaml.safe_dump(content))
    layout = Layout(load_study(folder / "config" / "study.yaml"), folder)
    fetch.run(layout, "dandi000409")
    stimuli.run(layout, "dandi000409")
    responses.run(layout, "dandi000409", replica.SUBJECTS[0])
    return layout, replica


def test_conditions_of_the_task_are_contrast_side_and_prior(ibl):
    layout, replica = ibl
    found = read_stimuli(layout, "dandi000409")
    assert len(found) == replica.N_STIMULI
    assert "contrast_6.25_left_prior_0.8" in set(found["stimulus"])
    kept = found[["gabor_stimulus_contrast", "gabor_stimulus_side", "probability_left"]]
    assert list(kept.itertuples(index=False, name=None)) == replica.CONDITIONS  # in their order


def test_trials_without_choice_or_prior_are_left_out_and_regions_found(ibl):
    layout, replica = ibl
    (data,) = read_responses(layout.responses("dandi000409", replica.SUBJECTS[0])).values()
    regions, counts = np.unique(data["region"].values, return_counts=True)
    assert dict(zip(regions.tolist(), counts.tolist(), strict=True)) == {"SC": 8, "VISp": 8}
    dropped = json.loads(data.attrs["dropped"])
    assert dropped["presentations left out by mouse_wheel_choice"] == replica.UNDECIDED
    assert dropped["presentations left out by probability_left"] == replica.UNBIASED
    assert dropped["units failing ibl_quality_score"] == len(replica.FAILING)
