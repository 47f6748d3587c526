"""The whole road for every dataset of the configuration: locks, bytes, responses, report."""

import json
import re

import pandas as pd
import pytest
import replica_study as replicas

from isomorph.archives.lock import read_lock
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.making import written_by
from isomorph.study import load_study

STUDY = {
    "name": "replicas",
    "title": "Every dataset, in miniature",
    "distances": ["crossvalidated_euclidean", "correlation"],
    "measures": ["pearson"],
    "inference": {
        "resamples": 20,
        "permutations": 20,
        "minimum_subjects": 2,
        "explain": {"resamples": 20, "splits": 2},
        "recovery": {"simulations": 0},
    },
}
BY_WORKFLOW = ("dandi000021", "dandi000628", "ds000105", "ds004496")
"""A bucket, files by request, derivatives of another repository, ready betas: the workflow brings
these from nothing to their responses. All else is made by the same commands typed one after
another, as a job's start costs more than its work on files as small as these."""
ARRIVAL = ("fetch", "stimuli", "responses")
"""The stages that differ with what a dataset is made of."""
WHOLE = "ds000105"
"""The workflow takes this one, which has no images, through the other stages too."""

PIXELS = {
    "name": "pixels", "title": "Pixels", "source": "baseline/pixels", "preprocessing": {"size": 8},
}  # fmt: skip
COARSE = {**PIXELS, "name": "coarse", "title": "Coarse", "control_of": "pixels",
          "preprocessing": {"size": 4}}  # fmt: skip
"""Stands in for an untrained control, which a dataset without images has as little as its model."""


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """One study of all replicas from nothing to its report; what each step said."""
    folder = tmp_path_factory.mktemp("replicas")
    known = replicas.replicas()
    models = {"pixels": PIXELS, "coarse": COARSE, **replicas.of_tables(known)}
    replicas.write_config(folder, STUDY, models, known)
    archives = replicas.write_files(folder, known)
    told = {"folder": folder}
    with replicas.servers(archives, folder / "objects") as servers:
        lock = ("isomorph", "lock", "--study", "config/study.yaml")
        told["locked"] = replicas.run(folder, servers.mirrors, *lock)
        asked = servers.asked
        told["planned"] = replicas.snakemake(folder, servers.mirrors, "--dry-run")
        told["asked while planning"] = servers.asked - asked
        study = load_study(folder / "config" / "study.yaml")
        arriving = [
            job for job in jobs(study) if job.stage in ARRIVAL and job.names[0] in BY_WORKFLOW
        ]
        files = [str(file) for job in arriving for file in written_by(Layout(study), job)]
        told["arrived"] = replicas.snakemake(folder, servers.mirrors, *files)
        assert told["arrived"].returncode == 0, told["arrived"].stdout[-6000:]
        typed = [
            job for job in jobs(study)
            if job.names and job not in arriving and job.names[0] != WHOLE
        ]  # fmt: skip
        told["typed"] = replicas.by_hand(folder, servers.mirrors, typed)
        assert told["typed"].returncode == 0, told["typed"].stdout[-6000:]
        told["done"] = replicas.snakemake(folder, servers.mirrors)
        told["asked"] = servers.asked
        told["checked"] = replicas.run(folder, servers.mirrors, *lock, "--check")
    # the archives are gone: what is there must be enough
    told["again"] = replicas.snakemake(folder, "https://=http://127.0.0.1:9")
    told["layout"] = Layout(load_study(folder / "config" / "study.yaml"), folder)
    return told


def test_locks_are_written_for_every_dataset(road):
    assert road["locked"].returncode == 0, road["locked"].stdout
    study = road["layout"].study
    for dataset in study.datasets:
        assert read_lock(study, dataset).files
    assert road["checked"].returncode == 0, road["checked"].stdout


def test_a_dry_run_lists_every_job_and_asks_no_archive(road):
    assert road["planned"].returncode == 0, road["planned"].stdout
    assert road["asked while planning"] == 0
    total = re.search(r"^total\s+(\d+)$", road["planned"].stdout, flags=re.MULTILINE)
    assert total is not None
    assert int(total[1]) == len(list(jobs(road["layout"].study))) + 1  # and the rule of all


def test_the_whole_study_ends_in_a_report(road):
    assert road["done"].returncode == 0, road["done"].stdout[-6000:]
    assert "Traceback" not in road["arrived"].stdout + road["done"].stdout
    page = road["layout"].report.read_text(encoding="utf-8")
    for dataset in road["layout"].study.datasets.values():
        assert dataset.title in page


@pytest.mark.parametrize("dataset", sorted(replicas.replicas()))
def test_every_file_is_the_one_that_was_locked(road, dataset):
    layout = road["layout"]
    manifest = json.loads(layout.manifest(dataset).read_text(encoding="utf-8"))
    pinned = {file.path: file for file in read_lock(layout.study, dataset).files}
    held = {record["path"]: record for record in manifest["files"]}
    requested = {
        f for f in held if any(f.startswith(one.into) for one in _requested(layout, dataset))
    }
    assert set(held) - requested == set(pinned)
    if getattr(layout.study.dataset(dataset).archive, "access", "download") == "download":
        assert all(held[path]["size"] == file.size for path, file in pinned.items())
        assert all(
            held[path]["sha256"] == file.hash
            for path, file in pinned.items()
            if file.algorithm == "sha256"
        )


def _requested(layout, dataset):
    return [one for one in layout.study.dataset(dataset).also if one.kind == "requested"]


@pytest.mark.parametrize("dataset", sorted(replicas.replicas()))
def test_every_dataset_is_compared_with_a_model(road, dataset):
    table = pd.read_csv(road["layout"].comparisons(dataset))
    assert len(table)
    assert (table["status"] == "ok").any(), table["status"].unique()


def test_a_model_has_its_control_beside_it_where_there_are_images(road):
    layout = road["layout"]
    assert (pd.read_csv(layout.contrasts("dandi000469"))["control"] == "coarse").all()
    assert pd.read_csv(layout.contrasts("ds000105")).empty


def test_a_second_run_does_nothing_and_asks_nobody(road):
    assert road["again"].returncode == 0, road["again"].stdout
    assert "Nothing to be done" in road["again"].stdout
