"""Real settings of three dandisets over small files of their layout, from file to RDM."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from images import categories

from isomorph.archives.patterns import matches
from isomorph.artefacts import read_array, read_responses, read_table
from isomorph.layout import Layout
from isomorph.rdms.collection import distances_of, each_rdm
from isomorph.stages import fetch, rdms, reliability, responses, stimuli
from isomorph.study import load_study

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "datasets"
NAMES = ("dandi000021", "dandi000728", "dandi000628")
MODEL = {"name": "pixels", "title": "pixels", "source": "baseline/pixels"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a maker of RDMs from a replica: its layout and the replica; each is made once."""
    done = {}

    def make(name):
        if name not in done:
            done[name] = prepared(name, tmp_path_factory.mktemp(name))
        return done[name]

    return make


def prepared(name, folder):
    """Run a dataset's own settings over what its archive would bring."""
    replica = importlib.import_module(name)
    replica.write(folder / "archives")
    spec = yaml.safe_load((CONFIG / f"{name}.yaml").read_text())
    pinned, files = spec["archive"], folder / "files"
    top = folder / "archives" / pinned["dandiset"] / pinned["version"]
    written = [path.relative_to(top).as_posix() for path in top.rglob("*.nwb")]
    chosen = {
        path
        for pattern in pinned["include"]
        for subject in replica.SUBJECTS
        for path in matches(pattern.replace("{subject}", subject), written)
    }
    for pattern in pinned.get("exclude", ()):
        chosen -= set(matches(pattern, written))
    assert chosen < set(written)  # the replica holds files nobody asks for
    for path in chosen:
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(top / path, files / path)
    for also in spec.pop("also", ()):
        elsewhere = folder / "archives" / also["kind"]
        place = f"{also['bucket']}/{also['prefix']}" if also["kind"] == "bucket" else name
        shutil.copytree(elsewhere / place, files / also["into"])
    spec |= {"archive": {"kind": "local", "path": str(files)}}
    spec |= {"subjects": replica.SUBJECTS, "expected": replica.EXPECTED}
    (folder / "config").mkdir()
    for table in CONFIG.glob(f"{name}.*.csv"):
        shutil.copy(table, folder / "config")
    study = {"name": "study", "title": "study", "datasets": [f"{name}.yaml"],
             "models": ["pixels.yaml"], "distances": ["correlation"]}  # fmt: skip
    for file, content in ((name, spec), ("pixels", MODEL), ("study", study)):
        (folder / "config" / f"{file}.yaml").write_text(yaml.safe_dump(content))
    layout = Layout(load_study(folder / "config" / "study.yaml"), folder)
    fetch.run(layout, name)
    stimuli.run(layout, name)
    for subject in replica.SUBJECTS:
        responses.run(layout, name, subject)
    reliability.run(layout, name)
    rdms.run_brain(layout, name)
    return layout, replica


def dropped(layout, name, subject):
    """Return what was left out of the first session of a subject, by reason, without zeros."""
    data = next(iter(read_responses(layout.responses(name, subject)).values()))
    counted = json.loads(data.attrs["dropped"])
    return {reason: count for reason, count in counted.items() if count}


@pytest.mark.parametrize("name", NAMES)
def test_categories_planted_in_the_tuning_come_out(made, name):
    """Stimuli of one category are nearer to each other in every region of every subject."""
    layout, replica = made(name)
    ids = read_table(layout.stimuli(name), "stimuli")["stimulus"].tolist()
    kinds = dict(zip(order(ids, replica), categories(replica.N_STIMULI), strict=True))
    data = read_array(layout.brain_rdms(name), "rdms")
    same = np.array(
        [
            kinds[a] == kinds[b]
            for a, b in zip(data["stimulus_a"].values, data["stimulus_b"].values, strict=True)
        ]
    )
    assert set(data["region"].values) == set(replica.EXPECTED["units"])
    assert set(data["subject"].values) == set(replica.SUBJECTS)
    for rdm in [rdm for one in distances_of(data) for _, rdm in each_rdm(data, one)]:
        assert rdm[same].mean() < 0.8 * rdm[~same].mean()


def order(ids, replica):
    """Return stimulus ids in the order the replica planted them."""
    if hasattr(replica, "SESSION"):  # named by the md5 of their bytes
        return [Path(name).stem for name in written_names(replica)]
    prefix = ids[0].rstrip("0123456789")
    return [f"{prefix}{number}" for number in range(replica.N_STIMULI)]


def written_names(replica):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return replica._images(Path(folder) / "images")


@pytest.mark.parametrize("name", NAMES)
def test_units_are_reliable(made, name):
    layout, _ = made(name)
    table = read_table(layout.reliability(name), "reliability")
    regions = table[table["unit"] == ""]
    assert (regions["status"] == "ok").all()
    assert (regions["split_half"] > 0.5).all()


def test_neuropixels_units_are_left_out_for_each_reason(made):
    layout, _ = made("dandi000021")
    assert dropped(layout, "dandi000021", "699733573") == {
        "blank presentations": 8,
        "units without a region": 4,
        "units of other regions (APN)": 2,
        "units failing quality": 1,
        "units failing amplitude_cutoff": 2,  # one above the bound, one NaN
        "units failing presence_ratio": 1,
        "units failing isi_violations": 1,
        "units failing valid_data": 1,
    }


def test_scene_0_holds_the_blanks_and_is_no_stimulus(made):
    layout, replica = made("dandi000728")
    reason = "presentations of 0, shown 12 times where others are shown 6 times, so blanks are"
    assert dropped(layout, "dandi000728", "491604967") == {f"{reason} among them": 12}
    ids = read_table(layout.stimuli("dandi000728"), "stimuli")["stimulus"].tolist()
    assert ids == [f"NaturalScene{k}" for k in range(1, replica.N_STIMULI)]


def test_rasters_are_joined_with_the_images_of_another_file(made):
    layout, replica = made("dandi000628")
    assert dropped(layout, "dandi000628", "Bf") == {}
    data = next(iter(read_responses(layout.responses("dandi000628", "Bf")).values()))
    by_unit = dict(zip(data["unit"].values, data["region"].values, strict=True))
    assert (by_unit["7a"], by_unit["55"], by_unit["70"]) == ("CIT", "CIT", "AIT")
    assert set(data["stimulus"].values) == {Path(name).stem for name in written_names(replica)}
