"""What jobs ask for: by files that are there, by settings, by guesses; more when tried again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import DECLARED
from isomorph.runs import resources
from isomorph.runs.known import GUESSES, TYPICAL
from isomorph.runs.sizes import Sizes, sizes_of
from isomorph.study import load_study

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def layout(tmp_path):
    return Layout(load_study(CONFIG / "demo.yaml"), tmp_path)


def write_netcdf(file, **dimensions):
    file.parent.mkdir(parents=True, exist_ok=True)
    coords = {name: np.arange(size) for name, size in dimensions.items()}
    xr.Dataset(coords=coords).to_netcdf(file, engine="h5netcdf")


def test_every_stage_is_predicted():
    assert set(resources.STAGES) == set(DECLARED)


@pytest.mark.parametrize("study", ["demo", "config", "more"])
def test_every_job_of_the_shipped_studies_asks_for_something_sensible(study, tmp_path):
    layout = Layout(load_study(CONFIG / f"{study}.yaml"), tmp_path)
    for job in jobs(layout.study):
        sizes = sizes_of(layout, job)
        assert resources.memory(job.stage, sizes) >= 500, job
        assert resources.minutes(job.stage, sizes) >= 10, job


def test_settings_tell_sizes_before_anything_is_there(layout):
    sizes = sizes_of(layout, Job("compare", ("planted",)))
    assert (sizes.stimuli, sizes.rows, sizes.units) == (92, 3 * 5, 120)
    assert sizes.presentations == 6 * 92
    assert (sizes.distances, sizes.measures, sizes.costly) == (2, 6, 1)


def test_what_nobody_knows_is_guessed_and_named(layout):
    job = Job("activations", ("kriegeskorte92", "efficientnet-lite0"))
    sizes = sizes_of(layout, job)
    assert sizes.layers == GUESSES["layers of a network"]
    assert sizes.guessed == ("layers of a network",)
    write_netcdf(layout.activations(*job.names), layer=20, stimulus=92)
    sizes = sizes_of(layout, job)
    assert (sizes.layers, sizes.guessed) == (20, ())


def test_blocks_are_guessed_to_be_fewer_than_layers(layout, tmp_path):
    spec, _ = layout.study.instance("efficientnet-lite0")
    spec = spec.model_copy(update={"layers": "blocks"})
    models = {**layout.study.models, "efficientnet-lite0": spec}
    layout = Layout(replace(layout.study, models=models), tmp_path)
    sizes = sizes_of(layout, Job("activations", ("kriegeskorte92", "efficientnet-lite0")))
    assert sizes.layers == GUESSES["blocks of a network"] < GUESSES["layers of a network"]


def test_files_that_are_there_tell_more_than_settings(layout):
    job = Job("compare", ("kriegeskorte92",))
    assert sizes_of(layout, job).stimuli == 92
    write_netcdf(layout.brain_rdms("kriegeskorte92"), stimulus=40, representation=7)
    sizes = sizes_of(layout, job)
    assert (sizes.stimuli, sizes.rows, sizes.pairs) == (40, 7, 780)


def test_stimuli_that_were_counted_are_no_guess(layout):
    job = Job("stimuli", ("haxby2001",))
    assert sizes_of(layout, job, {"haxby2001": 12}).stimuli == 12
    table = layout.stimuli("haxby2001")
    table.parent.mkdir(parents=True)
    table.write_text('stimulus,category\na,"two\nlines"\nb,x\n')
    assert sizes_of(layout, job).stimuli == 2


@pytest.mark.parametrize("content", [b"", b"no netCDF", b"\x89HDF\r\n\x1a\n cut off"])
def test_a_file_that_is_broken_leaves_the_guess(layout, content):
    job = Job("model_rdms", ("kriegeskorte92", "gabor"))
    file = layout.activations(*job.names)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert sizes_of(layout, job).layers == GUESSES["layers of a baseline"]


def test_memory_and_time_grow_with_what_there_is_to_do():
    small = Sizes(stimuli=100, rows=10, layers=50, resamples=1000, permutations=1000)
    for stage in ("compare", "explain", "recover", "figures"):
        more = [
            Sizes(**{**vars(small), "stimuli": 1000, "simulations": 50}),
            Sizes(**{**vars(small), "stimuli": 1000, "simulations": 50, "layers": 500}),
        ]
        asked = [resources.memory(stage, one) for one in (small, *more)]
        assert asked == sorted(asked), stage
        assert asked[0] < asked[-1], stage
        took = [resources.seconds(stage, one) for one in (small, *more)]
        assert took == sorted(took), stage


def test_a_thousand_stimuli_ask_for_what_they_were_measured_to_take():
    """20 regions with halves, 133 layers, 3 distances by 7 measures: MB of a job, seconds."""
    large = Sizes(
        stimuli=1000, rows=20, layers=133, distances=3, measures=7, resamples=2000,
        permutations=1000, simulations=50, tested=10,
    )  # fmt: skip
    for stage, megabytes, seconds in (("compare", 3400, 21 * 213), ("recover", 3500, 900)):
        assert megabytes <= resources.memory(stage, large) <= 2 * megabytes, stage
        assert seconds <= 60 * resources.minutes(stage, large) <= 8 * seconds, stage


def test_many_stimuli_begin_where_they_do_for_inference():
    from isomorph.inference.setting import ENOUGH

    assert resources.LINEAR_FROM == ENOUGH


def test_a_second_try_gets_twice_as_much():
    large = Sizes(stimuli=3000, rows=20, layers=100, resamples=1000)
    first = resources.memory("compare", large)
    assert first > resources.LEAST_MEGABYTES
    assert [resources.memory("compare", large, n) for n in (2, 3)] == [2 * first, 4 * first]
    minutes = resources.minutes("compare", large)
    assert resources.minutes("compare", large, 2) == 2 * minutes


def test_a_batch_takes_no_more_than_a_pass_allows_itself():
    from isomorph.models.room import BATCH_BYTES

    assert pytest.approx(BATCH_BYTES / 1e6) == resources.BATCH_MEGABYTES
    one = Sizes(stimuli=1000, side=1000, batch=512, network=True)
    assert resources.megabytes("activations", one) < 2 * BATCH_BYTES / 1e6


def test_what_is_guessed_from_above_has_a_usual_size_too():
    assert set(TYPICAL) == set(GUESSES)
    assert all(TYPICAL[what] <= size for what, size in GUESSES.items())


def test_a_variable_tells_how_many_presentations_there_are(tmp_path):
    layout = followed_study(tmp_path)
    sizes = sizes_of(layout, Job("tuning", ("ring",)))
    assert sizes.stimuli == 12
    assert sizes.presentations == 12 * 3
    assert sizes.seconds == GUESSES["seconds of a session"]
    assert sizes.moments == sizes.seconds / 0.5
    more = replace(sizes, permutations=10 * sizes.permutations)
    assert resources.seconds("tuning", more) > resources.seconds("tuning", sizes)
    assert resources.megabytes("population", sizes) > 1000  # of units and hours that are guessed


def test_small_files_hold_few_spikes_whatever_is_guessed(tmp_path):
    (tmp_path / "empty").mkdir()
    unknown = sizes_of(followed_study(tmp_path / "empty"), Job("tuning", ("ring",)))
    layout = followed_study(tmp_path)
    with open(tmp_path / "files" / "a.nwb", "wb") as file:
        file.truncate(3_000_000)
    known = sizes_of(layout, Job("tuning", ("ring",)))
    assert unknown.units == GUESSES["units"]
    assert "units" in known.guessed
    assert 3_000_000 / 2 <= known.units * known.seconds <= 3_000_000  # a spike every two seconds
    assert 2 * resources.megabytes("tuning", known) < resources.megabytes("tuning", unknown)


def followed_study(folder):
    """Return a study of rates over twelve bins in three repetitions, which asks for topology."""
    (folder / "files").mkdir()
    dataset = {
        "name": "ring", "subjects": ["a"], "archive": {"kind": "local", "path": "files"},
        "stimuli": {"kind": "variable", "files": "a.nwb", "name": "heading", "series": "heading",
                    "period": 360, "bins": 12, "repetitions": 3},
        "responses": {"kind": "rates", "files": "a.nwb"},
    }  # fmt: skip
    study = {"name": "toy", "datasets": ["ring.yaml"], "models": ["baseline/pixels"],
             "topology": {"bin": 0.5}}  # fmt: skip
    for name, content in {"ring.yaml": dataset, "study.yaml": study}.items():
        (folder / name).write_text(yaml.safe_dump(content))
    return Layout(load_study(folder / "study.yaml"), folder)
