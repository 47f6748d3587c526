"""Stimuli that are bins of continuous variables of recordings."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.behavior import CompassDirection, Position, SpatialSeries
from pynwb.epoch import TimeIntervals

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import column, open_nwb
from isomorph.stages import stimuli as stage
from isomorph.stages.datasets import names_of, read_stimuli
from isomorph.stimuli.dataset_files import files_in
from isomorph.stimuli.variable import bins_of, dwell, repetitions_of, track_of
from isomorph.stimuli.variable.listing import list_stimuli
from isomorph.study._base import StudyError, spec_from
from isomorph.study.axes import StimulusAxis, axes_of
from isomorph.study.variable import VariableStimuli

RATE, LENGTH = 20.0, 240.0
TIMES = np.arange(0, LENGTH, 1 / RATE)
HEADING = (47 * TIMES) % 360
PLACE = np.column_stack([50 + 40 * np.sin(TIMES / 3), 30 + 20 * np.cos(TIMES / 4.7)])

PATH = "processing/behavior"
COMPASS = f"{PATH}/CompassDirection/heading"
LEDS = [f"{PATH}/Position/led1", f"{PATH}/Position/led2"]


def write(file, *, unit="degrees", heading=HEADING, times=None):
    """Write a recording of an animal that turns round and walks about."""
    nwb = NWBFile("walk", file.stem, datetime(2024, 1, 1, tzinfo=UTC))
    module = nwb.create_processing_module("behavior", "where the animal is")
    angle = np.radians(heading)
    clock = {"starting_time": 0.0, "rate": RATE} if times is None else {"timestamps": times}
    module.add(
        CompassDirection(
            spatial_series=SpatialSeries(
                name="heading", data=heading * 100, conversion=0.01, unit=unit,
                reference_frame="north", **clock,
            )
        )
    )  # fmt: skip
    front = PLACE + 3 * np.column_stack([np.cos(angle), np.sin(angle)])
    module.add(
        Position(
            spatial_series=[
                SpatialSeries(name=f"led{one}", data=data, unit="cm", reference_frame="0", **clock)
                for one, data in enumerate((PLACE, front), 1)
            ]
        )
    )
    nwb.add_trial_column("orientation", "of the grating, degrees")
    nwb.add_trial_column("word", "what it is called")
    for trial in range(48):
        nwb.add_trial(5.0 * trial, 5.0 * trial + 2, orientation=30.0 * (trial % 6), word="left")
    epochs = TimeIntervals(name="states", description="sleep and wake")
    epochs.add_column(name="label", description="state")
    for number, name in enumerate(("wake", "sleep")):
        epochs.add_interval(LENGTH / 2 * number, LENGTH / 2 * (number + 1), label=name)
    nwb.add_time_intervals(epochs)
    with NWBHDF5IO(file, "w") as io:
        io.write(nwb)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two recordings of one animal."""
    made = tmp_path_factory.mktemp("walks")
    write(made / "a.nwb")
    write(made / "b.nwb", heading=(HEADING + 90) % 360)
    for name in "ab":
        with open_nwb(made / f"{name}.nwb") as nwb:
            heading = nwb.dataset(f"{COMPASS}/data")[:] / 100
        pd.DataFrame({"s": TIMES, "deg": heading}).to_csv(made / f"{name}_tracked.csv", index=False)
    return made


def spec(**settings):
    return spec_from({"kind": "variable", "files": "a.nwb", **settings}, VariableStimuli, "d.yaml")


def listed(folder, **settings):
    """Return the stimulus table of a folder, by stimulus."""
    found = list_stimuli(files_in(folder, where="d.yaml"), spec(**settings))
    return pd.DataFrame([one.described for one in found], index=[one.name for one in found])


ANGLE = {"name": "heading", "series": COMPASS, "bins": 36, "period": 360}


def test_the_table_of_a_heading(folder, capsys):
    table = listed(folder, **ANGLE, files="*.nwb")
    assert table.index.tolist() == [f"heading_{place:03d}" for place in range(36)]
    assert table["heading"].tolist() == [5 + 10 * place for place in range(36)]
    assert (table["heading_start"] == table["heading"] - 5).all()
    assert (table["heading_stop"] == table["heading"] + 5).all()
    assert (table["heading_period"] == 360).all()
    assert table["dwell"].sum() == pytest.approx(2 * LENGTH)
    said = capsys.readouterr().err
    assert "36 bins of heading, visited for 13" in said
    assert "left out" not in said
    assert (table["dwell"] - 2 * LENGTH / 36).abs().max() < 1


@pytest.mark.parametrize(
    ("other", "within"),
    [
        ({"series": f"{PATH}/CompassDirection"}, 1e-9),  # a container of no other series
        ({"file": "{stem}_tracked.csv", "time": "s", "value": "deg"}, 0.1),
        ({"heading_of": LEDS}, 0.1),
    ],
)
def test_a_heading_is_the_same_wherever_it_is_found(folder, other, within):
    table = listed(folder, name="heading", bins=36, period=360, **other)
    assert (table - listed(folder, **ANGLE)).abs().max(axis=None) <= within


def test_the_heading_of_two_lights_is_an_angle_unless_said_otherwise(folder):
    one = spec(variables={"h": {"heading_of": LEDS}, "x": {"series": LEDS[0], "component": 0}})
    assert axes_of(one) == (StimulusAxis("h", 2 * np.pi), StimulusAxis("x"))
    table = listed(folder, name="h", heading_of=LEDS, bins=8)
    assert table["h_stop"].iloc[-1] == pytest.approx(2 * np.pi)


def test_bins_of_several_variables_are_their_product(folder, capsys):
    both = {
        "x": {"series": LEDS[0], "component": 0, "range": [0, 100], "bins": 10},
        "y": {"series": LEDS[0], "component": 1, "bins": 4},
    }
    table = listed(folder, variables=both)
    assert set(table.index) < {f"x_{x:02d}_y_{y:02d}" for x in range(10) for y in range(4)}
    assert table["x_period"].isna().all()
    assert table["dwell"].min() >= 4 * 0.5
    said = capsys.readouterr().err
    assert "bins of y lie between 10" in said
    assert "bins of x lie" not in said
    assert f"{40 - len(table)} of 40 bins left out, " in said
    assert "that nobody visited" in said


def test_intervals_have_a_value_from_start_to_stop(folder):
    gratings = {"table": "trials", "column": "orientation", "bins": 6, "period": 180}
    table = listed(folder, name="orientation", **gratings, range=[-15, 165])
    assert table["orientation"].tolist() == [0, 30, 60, 90, 120, 150]
    assert table["dwell"].tolist() == pytest.approx([16] * 6)
    some = listed(
        folder, name="orientation", **gratings, range=[-15, 165],
        where={"orientation": ["0", "30", "60", "90"]},
    )  # fmt: skip
    assert some.index.tolist() == table.index.tolist()[:4]
    where = {"of": LEDS[0], "min": 0}
    both = {"o": gratings, "x": {"series": LEDS[0], "component": 0, "bins": 3}}
    pooled = listed(folder, variables=both, speed=where, minimum=0.1)
    assert pooled["dwell"].sum() == pytest.approx(96, abs=0.5)


def test_only_epochs_and_speeds_that_count(folder, capsys):
    awake = listed(folder, **ANGLE, epochs={"table": "states", "where": {"label": ["wake"]}})
    assert awake["dwell"].sum() == pytest.approx(LENGTH / 2)
    speed = np.hypot(*np.gradient(PLACE, 1 / RATE, axis=0).T)
    least = float(np.median(speed))
    for of in (LEDS[0], ["x", "y"]):
        both = {
            "heading": {key: one for key, one in ANGLE.items() if key != "name"} | {"bins": 4},
            "x": {"series": LEDS[0], "component": 0, "bins": 2},
            "y": {"series": LEDS[0], "component": 1, "bins": 2},
        }
        fast = listed(folder, variables=both, speed={"of": of, "min": least}, minimum=0.1)
        assert fast["dwell"].sum() == pytest.approx(LENGTH / 2, rel=0.02)
    assert "of 240 s in which heading or x or y is known count" in capsys.readouterr().err


def test_speed_is_a_variable_too(folder):
    table = listed(folder, name="speed", speed_of=LEDS[0], bins=5)
    assert table["speed_start"].iloc[0] >= 0
    assert 13 < table["speed_stop"].iloc[-1] < 14  # 40 / 3 cm/s at most along the first axis


def test_variables_on_clocks_of_their_own_come_onto_the_finest(folder, tmp_path):
    (tmp_path / "a.nwb").symlink_to(folder / "a.nwb")
    slow = slice(None, None, 10)  # between two samples the heading turns by 23 degrees
    pd.DataFrame({"s": TIMES[slow], "deg": HEADING[slow]}).to_csv(tmp_path / "a.csv", index=False)
    found = {"file": "{stem}.csv", "time": "s", "value": "deg", "bins": 36, "period": 360}
    place = {"series": LEDS[0], "component": 0, "bins": 2}
    both = listed(tmp_path, variables={"heading": found, "x": place}, minimum=0.1)
    summed = both.groupby("heading")["dwell"].sum()
    assert summed.to_numpy() == pytest.approx(listed(folder, **ANGLE)["dwell"].to_numpy(), abs=0.3)


def test_missing_samples_and_gaps_count_for_no_bin(tmp_path, capsys):
    heading = HEADING.copy()
    heading[400:800] = -1
    times = TIMES.copy()
    times[2400:] += 1000
    write(tmp_path / "a.nwb", heading=heading, times=times)
    table = listed(tmp_path, **ANGLE, missing=[-1])
    assert table["dwell"].sum() == pytest.approx(LENGTH - 400 / RATE)
    assert "nothing is known of heading for 1020 of 1240 s between" in capsys.readouterr().err
    with pytest.raises(IsomorphError, match=r"400 samples are exactly -1 .*missing: \[-1\], or"):
        listed(tmp_path, **ANGLE)


def test_the_stage_writes_them_and_responses_find_them_again(folder, make, data):
    for name in "ab":
        (data / f"{name}.nwb").write_bytes((folder / f"{name}.nwb").read_bytes())
    settings = {"kind": "variable", "files": "*.nwb", **ANGLE, "bins": 7}
    layout = make(stimuli=settings)
    table = read_stimuli(layout, "objects")
    assert (table["file"] == "").all()
    names = names_of(layout, "objects")
    one = spec(**{**ANGLE, "bins": 7})
    with open_nwb(data / "a.nwb") as nwb:
        track = track_of(nwb, files_in(data, where="d.yaml"), one)
    visited = dwell(bins_of(track, names.rows), repetitions_of(track, 10, 2), track.lasts, 7, 2)
    assert visited.sum() == pytest.approx(LENGTH)
    assert visited.sum(axis=1) * 2 == pytest.approx(table["dwell"], abs=2)
    looked = stage.look(layout, "objects")
    assert (bins_of(track, looked.rows) == bins_of(track, names.rows)).all()
    n_stimuli, columns = stage.described(layout, "objects")
    assert n_stimuli == 7
    assert {"heading", "dwell"} <= columns


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({**ANGLE, "series": f"{PATH}/CompassDirection/headin"}, 'did you mean "heading"'),
        ({**ANGLE, "series": f"{PATH}/Position"}, "holds 2 series, led1, led2; name one"),
        ({**ANGLE, "series": LEDS[0]}, "has 2 components for each time; say which"),
        ({**ANGLE, "series": LEDS[0], "component": 2}, "component 2 is not there, it has 2"),
        ({**ANGLE, "period": 6.283185}, "is in degrees, of which a full turn has 360"),
        ({**ANGLE, "series": LEDS[0], "component": 0, "period": 30}, "further apart than period"),
        ({**ANGLE, "series": LEDS[0], "component": 0}, r"reach over 80 of period: 360"),
        ({**ANGLE, "minimum": 100}, r"0 of 36 bins are visited for 100 s .*visits 0: give fewer"),
        ({**ANGLE, "block": 120, "repetitions": 4}, r"visits 36 over all its time, so a shorter"),
        ({**ANGLE, "gap": 0.01}, "nothing would be known between any two; expected stimuli.gap"),
        ({**ANGLE, "block": 0.2}, "has a sample every 0.05 s, so that blocks of 0.2 s would"),
        ({**ANGLE, "epochs": {"table": "state"}}, 'table "state", did you mean "states"'),
        (
            {**ANGLE, "epochs": {"table": "states", "where": {"label": ["wakes"]}}},
            'states: no interval has label "wakes", did you mean "wake"',
        ),
        ({**ANGLE, "epochs": {"table": "states", "where": {"lab": ["wake"]}}}, 'no column "lab"'),
        ({**ANGLE, "speed": {"of": LEDS[0], "min": 1e6}}, "no time counts: of 240 s in which"),
        ({**ANGLE, "speed": {"of": "headin", "min": 1}}, 'no variable "headin", did you mean'),
        ({**ANGLE, "speed": {"of": "heading", "min": 1}}, "heading has a period of 360"),
        ({**ANGLE, "speed": {"series": LEDS[0], "min": 1}}, "has 2 components, and a speed is one"),
        ({"name": "h", "heading_of": [COMPASS, LEDS[0]]}, "has one coordinate, and the direction"),
        ({"name": "h", "heading_of": [LEDS[0]] * 2}, "are never both known and apart"),
        ({"name": "o", "table": "trials", "column": "orientatoin"}, 'did you mean "orientation"'),
        ({"name": "o", "table": "trials", "column": "word"}, 'holds "left", expected numbers'),
        ({"name": "o", "file": "a_*.csv", "time": "s", "value": "deg", "files": "*.nwb"},
         "one table for 2 record"),
        ({"name": "o", "file": "{stem}_*.csv", "time": "t", "value": "deg"}, 'no column "t"'),
        ({"name": "o", "file": "{stem}.csv", "time": "t", "value": "deg"}, "no file matches"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(folder, settings, said):
    with pytest.raises(IsomorphError, match=said) as refused:
        listed(folder, **settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"unit": "meters"}, r'b\.nwb: heading is in "meters", and in "degrees" in .*a\.nwb'),
        ({"heading": HEADING / 57.3}, None),
        ({"heading": HEADING * 0 + 4}, r"visited .*b\.nwb visits 1: give fewer"),
        ({"times": TIMES[::-1]}, r"expected times that ascend"),
        ({"times": 1000 * TIMES}, r"has a sample every 50 s, .*, and times to be in seconds"),
        ({"times": np.full(len(TIMES), np.nan)}, "has 0 samples"),
        ({"times": np.floor(TIMES)}, "are both at 0 s and differ"),
    ],
)
def test_recordings_that_differ(folder, tmp_path, other, said):
    (tmp_path / "a.nwb").symlink_to(folder / "a.nwb")
    write(tmp_path / "b.nwb", **other)
    with pytest.raises(IsomorphError, match=said or "36 bins are visited"):
        listed(tmp_path, **ANGLE, files="*.nwb")


def test_columns_are_those_of_tables(folder):
    said = "here: is of type SpatialSeries, expected a table"
    with open_nwb(folder / "a.nwb") as nwb, pytest.raises(IsomorphError, match=said):
        column(nwb.container(COMPASS), "start_time", "here")


def test_radians_told_to_be_degrees_are_refused(tmp_path):
    write(tmp_path / "a.nwb", heading=np.radians(HEADING), unit="n.a.")
    said = r"reach over 6\.5 of period: 360; .*, or are they in radians \(period: 6\.283185\)\?"
    with pytest.raises(IsomorphError, match=said):
        listed(tmp_path, **ANGLE)


def test_a_constant_is_refused(tmp_path):
    write(tmp_path / "a.nwb", heading=HEADING * 0 + 4)
    with pytest.raises(IsomorphError, match="heading: is 4 at all times that count"):
        listed(tmp_path, **ANGLE)


def test_intervals_that_overlap_or_end_before_they_start(tmp_path):
    def trials(*rows):
        nwb = NWBFile("x", "x", datetime(2024, 1, 1, tzinfo=UTC))
        nwb.add_trial_column("level", "a level")
        for start, stop, level in rows:
            nwb.add_trial(start, stop, level=level)
        (tmp_path / "a.nwb").unlink(missing_ok=True)
        with NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
            io.write(nwb)

    of = {"name": "level", "table": "trials", "column": "level"}
    trials((0.0, 2.0, 1.0), (1.0, 3.0, 2.0))
    with pytest.raises(IsomorphError, match="overlap, one lasts until 2 s and the next starts at"):
        listed(tmp_path, **of)
    trials((0.0, 2.0, 1.0), (5.0, 3.0, 2.0))
    with pytest.raises(IsomorphError, match="starts at 5 s and ends before, at 3 s"):
        listed(tmp_path, **of)
    trials((0.0, 2e9, 1.0), (2e9, 3e9, 2.0))
    with pytest.raises(IsomorphError, match=r"last 3e.09 s together, .* expected times in seconds"):
        listed(tmp_path, **of)
    trials((0.0, 2.0, np.nan), (2.0, 3.0, np.nan))
    with pytest.raises(IsomorphError, match="no interval has a value"):
        listed(tmp_path, **of)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "variables: is required"),
        ({"series": COMPASS}, "name: is required of a single variable"),
        ({"name": "x"}, "give one of series, table, file, heading_of, speed_of, not none"),
        ({"name": "x", "series": "a", "table": "b"}, "not series and table"),
        ({"name": "x", "series": "a", "column": "b"}, "column: goes with table, not with series"),
        ({"name": "x", "table": "a"}, "column: is required with table"),
        ({"name": "x", "series": "a", "variables": {"y": {"series": "b"}}}, "series: goes with a"),
        ({"variables": {"y": {"serie": "b"}}}, 'unknown key, did you mean "series"'),
        ({"variables": {"dwell": {"series": "b"}}}, '"dwell" would be two columns'),
        ({"variables": {"x": {"series": "a"}, "x_stop": {"series": "b"}}}, '"x_stop" would be'),
        ({"variables": {key: {"series": "a", "bins": 100} for key in "xyz"}}, "make 1,000,0"),
        ({**ANGLE, "range": [0, 180]}, "is 180 long and period 360"),
        ({**ANGLE, "range": [1, 1]}, "must begin below where it ends"),
        ({"name": "v", "speed_of": "a", "period": 3}, "period: a speed has none"),
        ({"name": "v", "series": "a", "unwrapped": True}, "unwrapped: goes with a period"),
        ({**ANGLE, "speed": {"of": "x"}}, "give at least one of min, max"),
        ({**ANGLE, "speed": {"min": 1}}, "give of, a position, or series"),
        ({**ANGLE, "speed": {"of": "x", "min": 2, "max": 1}}, "must be below max"),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other(settings, said):
    with pytest.raises(StudyError, match=said):
        spec(**settings)
