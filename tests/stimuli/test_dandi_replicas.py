"""The dandisets whose images stand in the recordings, by their replicas, from file to RDM."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from spikes import planted_rates

from isomorph.artefacts import read_array, read_responses
from isomorph.layout import Layout
from isomorph.rdms import distances_of
from isomorph.stages import fetch, rdms, responses, stimuli
from isomorph.stages.datasets import images_of, read_stimuli
from isomorph.study import load_study
from pictures import read_images

ROOT = Path(__file__).parents[2]
NAMES = ("dandi000469", "dandi000004", "dandi000713", "dandi000248")
MODEL = {
    **{"name": "pixels", "title": "pixels", "source": "baseline/pixels"},
    "preprocessing": {"size": 8},
}
STUDY = {"name": "study", "title": "study", "datasets": [], "models": ["pixels.yaml"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return layout and replica of a dataset, its real settings run over files of its own."""
    done = {}

    def run(name):
        if name in done:
            return done[name]
        folder = tmp_path_factory.mktemp(name)
        replica = importlib.import_module(name)
        replica.write(folder / "archives")
        spec = yaml.safe_load((ROOT / "config" / "datasets" / f"{name}.yaml").read_text())
        pinned = spec["archive"]
        files = folder / "archives" / pinned["dandiset"] / pinned["version"]
        spec |= {"archive": {"kind": "local", "path": str(files)}}
        spec |= {"subjects": replica.SUBJECTS, "expected": replica.EXPECTED}
        (folder / "config").mkdir()
        study = {**STUDY, "datasets": [f"{name}.yaml"]}
        for file, content in ((name, spec), ("pixels", MODEL), ("study", study)):
            (folder / "config" / f"{file}.yaml").write_text(yaml.safe_dump(content))
        layout = Layout(load_study(folder / "config" / "study.yaml"), folder)
        fetch.run(layout, name)
        stimuli.run(layout, name)
        for subject in replica.SUBJECTS:
            responses.run(layout, name, subject)
        done[name] = layout, replica
        return done[name]

    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_include_of_the_real_settings_finds_files_of_the_replica(name, tmp_path):
    replica = importlib.import_module(name)
    replica.write(tmp_path)
    written = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.nwb")]
    spec = yaml.safe_load((ROOT / "config" / "datasets" / f"{name}.yaml").read_text())
    spec |= getattr(replica, "EDITS", {})
    top = f"{spec['archive']['dandiset']}/{spec['archive']['version']}"
    from isomorph.archives.patterns import matches

    found = set()
    for pattern in spec["archive"]["include"]:
        for subject in replica.SUBJECTS:
            here = matches(f"{top}/{pattern}".replace("{subject}", subject), written)
            assert here, pattern
            found |= set(here)
    assert found == set(written)
    assert set(replica.SUBJECTS) <= set(spec["subjects"])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_files_every_time_and_small(name, tmp_path):
    replica = importlib.import_module(name)
    for place in ("one", "two"):
        replica.write(tmp_path / place)
    first, second = (
        {p.name: p.read_bytes() for p in (tmp_path / place).rglob("*.nwb")}
        for place in ("one", "two")
    )
    assert first == second
    assert sum(map(len, first.values())) < 2e6


@pytest.mark.parametrize("name", NAMES)
def test_rdms_are_those_of_the_planted_responses(name, made):
    layout, replica = made(name)
    rdms.run_brain(layout, name)
    found = read_array(layout.brain_rdms(name), "rdms")
    assert set(found["region"].values) == set(replica.EXPECTED["units"])
    images = read_images(images_of(layout, name), 8).transpose(0, 2, 3, 1)
    drive = np.log(planted_rates(images, 200, seed=99))
    table = read_stimuli(layout, name)
    compared = found["stimulus"].values.tolist()
    column = layout.study.level(name) or "stimulus"
    drive = np.stack([drive[(table[column] == one).to_numpy()].mean(axis=0) for one in compared])
    upper = np.triu_indices(len(compared), 1)
    expected = (1 - np.corrcoef(drive))[upper]
    enough = found["n_units"].values >= 7
    assert enough.sum() >= 2
    for distance in distances_of(found):
        for row in found[distance].values[enough]:
            assert np.corrcoef(row, expected)[0, 1] > 0.3, name


def test_000469_names_mean_what_they_mean_in_each_patient(made):
    layout, _ = made("dandi000469")
    table = read_stimuli(layout, "dandi000469")
    names = table["stimulus"].tolist()
    assert "image_10" not in names
    assert not [name for name in names if name.startswith("image_5")]  # two patients, two images
    assert names.index("image_9") < names.index("image_11")  # by value, not by letter
    assert (table["width"] == 32).all()  # the rows and columns of the file exchanged
    assert (table["height"] == 24).all()
    sessions = list(read_responses(layout.responses("dandi000469", "population")).values())
    shown = [set(one["stimulus"].values.tolist()) for one in sessions]
    assert shown[0] == shown[1] == set(names)
    assert set(sessions[0]["region"].values) == {"hippocampus", "amygdala", "dACC", "preSMA"}


def test_000469_responses_follow_the_images_by_name(made):
    """Off by one in the names, or by position, and this correlation is gone."""
    layout, replica = made("dandi000469")
    sessions = read_responses(layout.responses("dandi000469", "population")).values()
    for patient, session in enumerate(sessions):
        rates = planted_rates(replica.shown(patient), replica.N_UNITS + 2, seed=10 + patient)
        mean = session["response"].groupby("stimulus").mean().to_pandas()
        places = [replica.NUMBERS.index(int(name.split("_")[1])) for name in mean.index]
        by_unit = [
            np.corrcoef(mean.iloc[:, unit], rates[places, unit])[0, 1]
            for unit in range(replica.N_UNITS)
        ]
        assert np.median(by_unit) > 0.8


def test_000004_frames_are_upright_red_and_named_by_time(made):
    layout, replica = made("dandi000004")
    table = read_stimuli(layout, "dandi000004")
    folder = layout.stimuli("dandi000004").parent
    from PIL import Image

    for name, file, category in zip(
        table["stimulus"], table["file"], table["category_name"], strict=True
    ):
        place = int(name[-4:]) - 1100
        assert np.array_equal(np.asarray(Image.open(folder / file)), replica.IMAGES[place])
        assert category == replica.CATEGORIES[place % 5]
        assert name == f"newolddelay-{category}-{1100 + place}"


def test_000713_omissions_and_the_passive_replay_do_not_count(made):
    layout, replica = made("dandi000713")
    (session,) = read_responses(layout.responses("dandi000713", "506940")).values()
    n = len(replica.NAMES) * replica.REPETITIONS * replica.PER_REPETITION
    assert session.sizes["presentation"] == n - replica.OMITTED
    image = read_images(images_of(layout, "dandi000713"), 38)
    assert image.shape[0] == len(replica.NAMES)


def test_000248_layers_are_areas_and_frames_are_names(made):
    layout, replica = made("dandi000248")
    for subject in replica.SUBJECTS:
        (session,) = read_responses(layout.responses("dandi000248", subject)).values()
        assert set(session["region"].values) == {"VISp", "VISl"}
        assert set(session["stimulus"].values) == {
            f"ICwcfg1_presentations{k}" for k in range(replica.N_IMAGES)
        }
