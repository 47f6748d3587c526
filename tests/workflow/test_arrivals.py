"""Datasets in miniature that need no page: locks, bytes, stimuli, responses, and comparisons.

All in one process, as the commands a person would type. Figures and pages are tested on the
datasets of `test_replicas`, which take most of the time of their study.
"""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import replica_study as replicas

from isomorph.archives.lock import read_lock
from isomorph.artefacts import read_array, read_responses
from isomorph.cli import main
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.stages import rdms
from isomorph.study import load_study
from isomorph.study.axes import axes_of

STUDY = {"name": "arriving", "title": "Files of many kinds", "distances": ["crossnobis"]}
COMPARING = {
    "name": "compared",
    "distances": ["crossvalidated_euclidean", "correlation"],
    "measures": ["pearson"],
    "inference": {"resamples": 20, "permutations": 20, "minimum_subjects": 2},
}
PIXELS = {
    "name": "pixels", "title": "Pixels", "source": "baseline/pixels", "preprocessing": {"size": 8},
}  # fmt: skip
ARRIVAL = ("fetch", "stimuli", "responses")
COMPARISON = (*ARRIVAL, "reliability", "activations", "brain_rdms", "model_rdms", "compare")
KNOWN = replicas.replicas("arriving")
COMPARED = replicas.replicas("compared")


@contextmanager
def made(folder, study, models, known, stages):
    """Give the study of some replicas, once these stages have run for it."""
    replicas.write_config(folder, study, models, known)
    archives = replicas.write_files(folder, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable, own in (("TVSD", "tvsd"), ("TRIPLEN", "triple-n")):
            patch.setenv(variable, str(archives / "local" / own))
        with replicas.servers(archives, folder / "objects") as servers:
            patch.setenv("ISOMORPH_MIRRORS", servers.mirrors)
            assert main(["lock", "--study", "config/study.yaml"]) == 0
            study = load_study(folder / "config" / "study.yaml")
            chosen = [job for job in jobs(study) if job.stage in stages]
            for command in replicas.commands(chosen):
                assert main(command) == 0, command
        yield Layout(load_study(folder / "config" / "study.yaml"), folder)


@pytest.fixture(scope="module")
def arrived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrivals")
    with made(folder, STUDY, {"pixels": PIXELS}, KNOWN, ARRIVAL) as layout:
        yield layout


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    models = {"pixels": PIXELS, **replicas.of_tables(COMPARED)}
    with made(folder, COMPARING, models, COMPARED, COMPARISON) as layout:
        yield layout


@pytest.mark.parametrize("dataset", sorted(COMPARED))
def test_what_is_locked_is_compared_with_a_model(compared, dataset):
    files = {file.path for file in read_lock(compared.study, dataset).files}
    folder = compared.archive(dataset)
    assert files <= {str(file.relative_to(folder)) for file in folder.rglob("*")}
    table = pd.read_csv(compared.comparisons(dataset))
    # the bins of a variable make too few blocks for intervals
    known = {"ok", "unsure"} if axes_of(compared.study.dataset(dataset).stimuli) else {"ok"}
    assert table["status"].isin(known).any(), table["status"].unique()
    assert np.isfinite(table["estimate"]).any()


@pytest.mark.parametrize("dataset", sorted(KNOWN))
def test_what_is_locked_arrives_and_is_read(arrived, dataset):
    if arrived.study.dataset(dataset).archive.kind != "local":
        files = {file.path for file in read_lock(arrived.study, dataset).files}
        folder = arrived.archive(dataset)
        assert files <= {str(file.relative_to(folder)) for file in folder.rglob("*")}
    stimuli = set(pd.read_csv(arrived.stimuli(dataset), dtype=str)["stimulus"])
    for subject in KNOWN[dataset].SUBJECTS:
        for data in read_responses(arrived.responses(dataset, subject)).values():
            assert set(data["stimulus"].values) <= stimuli
            assert np.isfinite(data["response"].values).all()
            assert data.sizes["unit"]


def responses(layout, dataset, subject):
    (data,) = read_responses(layout.responses(dataset, subject)).values()
    return data


def test_units_of_each_hemisphere_make_one_region_on_the_grid_of_the_volumes(arrived):
    data = responses(arrived, "ds001499", "CSI1")
    regions, counts = np.unique(data["region"].values, return_counts=True)
    assert dict(zip(regions, counts, strict=True)) == {"EarlyVis": 96, "LOC": 96, "PPA": 96}


def test_sessions_of_the_shared_photographs_are_each_standardised_by_all_of_their_trials(arrived):
    data = responses(arrived, "nsd-shared", "subj01")
    assert np.unique(data["session"].values).tolist() == ["01", "02", "03"]
    assert set(zip(data["run"].values, data["session"].values, strict=True)) <= {
        (str(run), f"0{(run + 1) // 2}") for run in range(1, 7)
    }
    # 20 and 40 were added to whole sessions, of which a part is left
    assert abs(data["response"].groupby("session").mean().values).max() < 3
    assert np.unique(data["region"].values).tolist() == ["V1", "V2", "V3", "hV4", "ventral"]


def test_the_shared_photographs_are_compared_across_runs(arrived):
    rdms.run_brain(arrived, "nsd-shared")
    found = read_array(arrived.brain_rdms("nsd-shared"), "rdms")
    assert np.isfinite(found["crossnobis"]).all()
    assert found.sizes["representation"] == 10  # five regions of two people
    assert (found["fold"] == "run").all()


def test_vertices_without_a_value_are_left_out(arrived):
    data = responses(arrived, "mosaic-god", "sub-01")
    regions, counts = np.unique(data["region"].values, return_counts=True)
    assert dict(zip(regions, counts, strict=True)) == {
        "FFC": 12, "PIT": 12, "V1": 9, "V2": 12, "V4": 12
    }  # fmt: skip


def test_files_of_regions_stand_side_by_side(arrived):
    data = responses(arrived, "ds004212", "sub-01")
    assert data["region"].values.tolist() == ["ffa"] * 5 + ["v1"] * 7


def test_electrodes_of_each_monkey_are_of_its_own_regions(arrived):
    for subject, place in (("monkeyF", 512), ("monkeyN", 768)):
        data = responses(arrived, "tvsd", subject)
        it = data["response"].values[:, data["region"].values == "IT"]
        assert abs(it[:, 0] - place).max() < 6  # its activity is the number of the electrode


def test_spikes_of_the_window_in_trials_of_the_shared_photographs(arrived):
    data = responses(arrived, "triple-n", "M1")
    kept = [0, 1, 3, 4, 5, 7]
    assert data["stimulus"].values[3] == "shared0004_nsd03078"
    expected = [[10 * (2 * unit + trial + 1) for unit in range(3)] for trial in kept]
    np.testing.assert_allclose(data["response"].values, expected, rtol=1e-5)


def of_main_distance(layout, dataset):
    """Return the estimates under the first distance, by model and layer."""
    table = pd.read_csv(layout.comparisons(dataset))
    own = table[table["distance"] == COMPARING["distances"][0]]
    return own.set_index(["model", "layer"])["estimate"]


def test_headings_of_two_lights_are_compared_with_a_ring(compared):
    data = responses(compared, "dandi000056", "Mouse28")
    assert dict(data.sizes) == {"presentation": 72, "unit": 20}
    table = pd.read_csv(compared.stimuli("dandi000056"))
    np.testing.assert_allclose(table["heading_period"], 2 * np.pi)
    # A tenth of the time is asleep, and there each cell follows another heading.
    assert table["dwell"].sum() == pytest.approx(0.9 * 24_000 / (1250 / 32), rel=0.1)
    estimates = of_main_distance(compared, "dandi000056")
    assert estimates["heading-ring", "ring"] > 0.85
    assert (estimates.drop(("heading-ring", "ring")) < 0.5).all()


def test_places_are_compared_with_modules_of_several_spacings(compared):
    sessions = [
        data
        for subject in COMPARED["dandi000582"].SUBJECTS
        for data in read_responses(compared.responses("dandi000582", subject)).values()
    ]
    assert [data.sizes["unit"] for data in sessions] == [8] * 5
    table = pd.read_csv(compared.stimuli("dandi000582"))
    assert len(table) == 25
    ends = [table["x_start"].min(), table["y_stop"].max()]
    np.testing.assert_allclose(ends, [-0.5, 0.5], atol=1e-3)
    estimates = of_main_distance(compared, "dandi000582")
    for model in ("plane-torus", "plane-grid"):
        assert estimates[model].idxmax().endswith(" 0.6"), "the spacing that was simulated"
    assert estimates["plane-torus"].max() > estimates["place-fields"].max() + 0.3
