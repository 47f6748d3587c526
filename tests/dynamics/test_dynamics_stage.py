"""The stage `dynamics`: from responses in time bins to its table."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from test_dsa import trajectories as simulated
from test_dsa import turning

from isomorph.artefacts import read_array, read_responses, read_table
from isomorph.dynamics.pairs import Asked, System, dynamics_rows, pairs_of
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import written_by
from isomorph.making.declared import DECLARED
from isomorph.models.kept import kept_trajectories
from isomorph.responses.trajectories import trajectories
from isomorph.stages import activations, dynamics, fetch, responses, stimuli
from isomorph.study import load_study

NAMES = [f"s{number}" for number in range(8)]
BINS, REPETITIONS = 12, 2
SLOW, FAST = (0.4, 1.1), (1.7, 2.6)
REGIONS = {"V1": (SLOW, 8), "V2": (SLOW, 6), "IT": (FAST, 7), "few": (SLOW, 2)}
ASKED = {"delays": 2, "rank": 4, "shuffles": 19, "resamples": 5, "distance": "wasserstein"}


def write(folder):
    """Write two subjects' arrays in time bins; V1 and V2 follow one law, IT another."""
    files = folder / "files"
    files.mkdir(parents=True)
    for number, subject in enumerate(("a", "b")):
        means = np.concatenate(
            [
                simulated(turning(*speeds, decay=0.97), 10 * number + at, n_times=BINS, n_units=8,
                          n_conditions=len(NAMES), noise=0.01)[:, :, :count]
                for at, (speeds, count) in enumerate(REGIONS.values())
            ], axis=2,
        )  # fmt: skip
        rng = np.random.default_rng(number)
        each = np.concatenate([means] * REPETITIONS)
        each = each + 0.01 * rng.standard_normal(each.shape)
        np.save(files / f"{subject}.npy", each.transpose(0, 2, 1))
    shown = pd.DataFrame({"stimulus": NAMES * REPETITIONS})
    shown.to_csv(files / "shown.csv", index=False)
    shown.to_csv(files / "one_events.tsv", index=False, sep="\t")
    region = [name for name, (_, count) in REGIONS.items() for _ in range(count)]
    pd.DataFrame({"region": region}).to_csv(files / "units.csv", index=False)


def study_of(folder, asked=ASKED, models=(), **changes):
    """Return a study of them, its responses made."""
    spec = {
        "name": "d", "title": "d", "citation": "c", "licence": "CC0-1.0", "species": "s",
        "subjects": ["a", "b"], "archive": {"kind": "local", "path": str(folder / "files")},
        "stimuli": {"kind": "conditions", "files": "*_events.tsv", "column": "stimulus"},
        "responses": {
            "kind": "arrays", "responses": "{subject}.npy", "presentations": "shown.csv",
            "units": "units.csv", "times": {"start": 0.0, "width": 0.02}, **changes,
        },
    }  # fmt: skip
    study = {
        "name": "study",
        "datasets": ["d.yaml"],
        "models": ["m.yaml", *(f"{one['name']}.yaml" for one in models)],
    }
    study |= {} if asked is None else {"dynamics": asked}
    model = {"name": "m", "source": "baseline/category", "options": {"columns": ["stimulus"]}}
    place = folder / "config"
    place.mkdir(exist_ok=True)
    written = [("d", spec), ("m", model), ("study", study)]
    for name, content in [*written, *((one["name"], one) for one in models)]:
        (place / f"{name}.yaml").write_text(yaml.safe_dump(content))
    layout = Layout(load_study(place / "study.yaml"), folder)
    fetch.run(layout, "d")
    stimuli.run(layout, "d")
    for subject in ("a", "b"):
        responses.run(layout, "d", subject)
    return layout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dynamics")
    write(folder)
    layout = study_of(folder)
    dynamics.run(layout, "d")
    return layout, read_table(layout.path("dynamics", "d"), "dynamics")


def test_regions_of_one_law_are_near_and_of_another_far(made):
    _, table = made
    # three regions in each of two subjects: pairs within a subject, and a region with itself
    assert len(table) == 2 * 3 + 3
    assert "few" not in set(table["region_a"]) | set(table["region_b"])
    far = (table[["region_a", "region_b"]] == "IT").sum(axis=1) == 1
    assert table.loc[~far, "estimate"].max() < 0.5 * table.loc[far, "estimate"].min()
    assert (table.loc[~far, "p"] == 1 / 20).all()
    assert (table.loc[far, "p"] > 0.5).all()  # no nearer than without an order
    assert (table["p_corrected"] >= table["p"]).all()
    assert (table["shuffled"] > table["estimate"])[~far].all()
    assert (table["standard_error"] > 0).all()
    assert set(table["status"]) == {"ok"}
    assert (table[["rank", "delays", "n_bins", "n_stimuli"]] == [4, 2, BINS, 8]).all(axis=None)


def test_the_stage_is_there_where_it_is_asked_for_and_only_there(made):
    layout, _ = made
    assert Job("dynamics", ("d",)) in set(jobs(layout.study))
    assert written_by(layout, Job("dynamics", ("d",)))[0].name == "dynamics.csv"
    other = Layout(layout.study.__class__(
        layout.study.spec.model_copy(update={"dynamics": None}), layout.study.path,
        layout.study.datasets, layout.study.models, layout.study.dataset_files,
        layout.study.model_files,
    ), layout.root)  # fmt: skip
    assert not any(job.stage == "dynamics" for job in jobs(other.study))
    with pytest.raises(IsomorphError, match="dynamics: is not asked for; add"):
        dynamics.run(other, "d")


RNN = {"name": "rnn", "source": "features/rnn.npz", "layers": "all", "features": "all",
       "options": {"time": 2}}  # fmt: skip


def states(speeds, seed):
    """Return states `(stimulus, feature, time)` of a network that turns at two speeds."""
    found = simulated(turning(*speeds, decay=0.97), seed, n_times=20, n_units=9,
                      n_conditions=len(NAMES), noise=0.001)  # fmt: skip
    return found.transpose(0, 2, 1)


def test_layers_with_time_are_compared_with_every_region(tmp_path):
    write(tmp_path)
    (tmp_path / "config").mkdir()
    np.savez(tmp_path / "config" / "rnn.npz", stimulus=NAMES[::-1], slow=states(SLOW, 50)[::-1],
             fast=states(FAST, 51)[::-1], still=np.eye(len(NAMES)))  # fmt: skip
    layout = study_of(tmp_path, {**ASKED, "regions": ["V1", "IT"]}, models=[RNN])
    reads = {part.job for part in DECLARED["dynamics"].inputs(layout.study, "d")}
    assert Job("activations", ("d", "rnn")) in reads
    assert Job("activations", ("d", "m")) not in reads
    activations.run(layout, "d", "rnn")
    kept = kept_trajectories(read_array(layout.activations("d", "rnn"), "activations"))
    assert set(kept) == {"slow", "fast"}
    np.testing.assert_allclose(kept["slow"], states(SLOW, 50).transpose(0, 2, 1), rtol=1e-5)
    dynamics.run(layout, "d")
    table = read_table(layout.path("dynamics", "d"), "dynamics")
    assert len(table) == 2 + 2 + 2 * 2 * 2  # in each subject, of each region, with each layer
    rows = table[table["model_b"] == "rnn"]
    assert (rows[["n_steps", "n_units_b", "n_bins"]] == [20, 9, BINS]).all(axis=None)
    assert (rows["region_b"] == "").all()
    assert table.loc[table["model_b"] == "", "n_steps"].isna().all()
    same = (rows["region_a"] == "V1") == (rows["layer_b"] == "slow")
    assert rows.loc[same, "estimate"].max() < 0.5 * rows.loc[~same, "estimate"].min()
    assert (rows.loc[same, "p"] == 1 / 20).all()
    assert (table["family_size"] == len(table)).all()


@pytest.mark.parametrize(
    ("asked", "changes", "message"),
    [
        ({"delays": 12}, {}, "12 delays need at least 13 time bins, and the responses have 12"),
        ({"minimum_units": 50}, {}, "no two regions have 50 units"),
        ({}, {"window": [0.0, 0.24]}, "its responses have no time bins; set responses.bins"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, asked, changes, message):
    write(tmp_path)
    layout = study_of(tmp_path, asked, **changes)
    with pytest.raises(IsomorphError, match=message):
        dynamics.run(layout, "d")


def test_trajectories_are_means_over_presentations_in_the_order_asked_for(made):
    layout, _ = made
    (data,) = read_responses(layout.responses("d", "a")).values()
    found = trajectories(data, "V2", ["s3", "s0"])
    assert found.shape == (2, BINS, 6)
    inside = data.isel(unit=data["region"].values == "V2")
    mean = (
        inside["response"].isel(presentation=inside["stimulus"].values == "s3").mean("presentation")
    )
    np.testing.assert_allclose(found[0], mean.transpose("time", "unit").values, rtol=1e-6)
    for ask, message in (
        ({"region": "V9"}, 'no unit is in "V9"'),
        ({"stimuli": ["s9"]}, '"s9" was not shown'),
    ):
        with pytest.raises(IsomorphError, match=message):
            trajectories(data, **ask)
    flat = xr.Dataset({"response": (("presentation", "unit"), np.zeros((2, 2)))})
    with pytest.raises(IsomorphError, match="have no time bins"):
        trajectories(flat)


def test_recordings_without_common_stimuli_and_laws_that_are_not_determined_say_why():
    rng = np.random.default_rng(0)

    def system(region, subject, names, n_units=4):
        shape = (len(names), 6, n_units)
        return System(region, subject, "", tuple(names), rng.standard_normal(shape))

    systems = [
        system("V1", "a", "xy"), system("V1", "b", "zw"), system("IT", "a", "xy", n_units=1),
    ]  # fmt: skip
    assert [(one.region, other.region) for one, other in pairs_of(systems)] == [
        ("V1", "V1"), ("V1", "IT"),
    ]  # fmt: skip
    table = dynamics_rows(systems, Asked(delays=1, rank=6, shuffles=3))
    assert table["status"].tolist() == ["undefined", "undefined"]
    assert table["reason"][0] == "the recordings have no stimulus in common"
    assert "a rank of 1 has no angle but 0 or pi" in table["reason"][1]
