"""A simulated recording: the schedule, the planted geometry, and the NWB it is written as."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from scipy.stats import poisson

from isomorph.archives import find_files, read_manifest
from isomorph.artefacts import provenance, read_responses, sha256, write_array, write_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.simulation.representations import draw_tuning, root_of_gram
from isomorph.simulation.spike_trains import (
    BREAKS,
    DRIVEN,
    GAP,
    LATENCY,
    SHOWN,
    draw_schedule,
    draw_spikes,
    driven_rates,
)
from isomorph.stages.fetch import run as fetch
from isomorph.stages.responses import run as respond
from isomorph.study import load_study

STIMULI = [f"image_{n:02d}" for n in range(30)]
N = len(STIMULI)


def rng():
    return np.random.default_rng(11)


def layer(seed: int, dimensions: int = 8) -> np.ndarray:
    """Return centred features of a made-up layer `(stimulus, dimension)`, unevenly spread."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(N, dimensions)) * np.geomspace(1, 0.2, dimensions)
    return features - features.mean(axis=0)


LAYERS = {"early": layer(1), "middle": layer(2), "late": layer(3)}


@pytest.fixture
def make_layout(tmp_path):
    """Return a maker of a study whose dataset "planted" is simulated from a model "net"."""

    def make(layers=LAYERS, **archive) -> Layout:
        regions = {
            "V1-like": {"model": "net", "layer": "early", "units": 40},
            "IT-like": {"model": "net", "layer": "late", "units": 40},
        }
        common = {"citation": "none", "licence": "none", "species": "none"}
        planted = {
            "name": "planted",
            "title": "Planted",
            **common,
            "subjects": ["sim1", "sim2"],
            "archive": {
                "kind": "simulated", "regions": regions, "repetitions": 6, "seed": 3, **archive
            },
            "stimuli": {"kind": "like", "dataset": "owner"},
            "responses": {
                "kind": "nwb",
                "files": "{subject}.nwb",
                "presentations": {"onset": "stimulus_onset", "stimulus": "stimulus_name"},
                "window": [0.05, 0.30],
                "quality": {"snr": {"min": 2.0}},
            },
        }  # fmt: skip
        owner = {
            **{**planted, "name": "owner", "subjects": ["one"]},
            "archive": {"kind": "local", "path": "."},
            "stimuli": {"kind": "folder", "files": "*.png"},
        }
        model = {"name": "net", "title": "net", "source": "baseline/pixels"}
        study = {
            "name": "study",
            "title": "study",
            "datasets": ["owner.yaml", "planted.yaml"],
            "models": ["net.yaml"],
        }
        for name, content in {
            "owner": owner, "planted": planted, "net": model, "study": study
        }.items():  # fmt: skip
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
        layout = Layout(load_study(tmp_path / "study.yaml"), tmp_path)
        write_activations(layout, layers)
        table = pd.DataFrame({"stimulus": STIMULI, "file": "", "sha256": ""})
        write_table(layout.stimuli("planted"), table, "stimuli", provenance("stimuli"))
        return layout

    return make


def write_activations(layout, layers):
    grams = np.stack([features @ features.T for features in layers.values()])
    flat = np.zeros((len(layers), N))
    data = xr.Dataset(
        {
            "gram": (("layer", "stimulus", "stimulus_b"), grams),
            "mean_projection": (("layer", "stimulus"), flat),
            "mean_norm": ("layer", np.zeros(len(layers))),
            "stimulus_mean": (("layer", "stimulus"), flat),
            "n_features": ("layer", [features.shape[1] for features in layers.values()]),
        },
        coords={
            "layer": list(layers),
            "depth": ("layer", range(len(layers))),
            "stimulus": STIMULI,
            "stimulus_b": STIMULI,
        },
        attrs={"model": "net", "left_out": "{}"},
    )
    write_array(layout.activations("planted", "net"), data, "activations", provenance("test"))


# ------------------------------------------------------------------ the arrays


def test_schedule():
    plan = draw_schedule(N, 6, rng())
    shown = plan.stimulus[plan.stimulus >= 0]
    assert len(plan.stimulus) == 6 * N + BREAKS
    for block in shown.reshape(6, N):
        assert sorted(block) == list(range(N))
    assert len({tuple(block) for block in shown.reshape(6, N)}) == 6  # an order of its own
    gaps = plan.onset[1:] - plan.stop[:-1]
    assert gaps.min() >= GAP[0] - 1e-9
    assert gaps.max() <= GAP[1] + 1e-9
    assert gaps.std() > 0.03  # jittered
    np.testing.assert_allclose(plan.stop - plan.onset, SHOWN)
    assert np.all(plan.start < plan.onset)
    assert np.all(plan.start[1:] > plan.stop[:-1])
    assert np.all(plan.onset[1:] > plan.onset[:-1] + LATENCY + DRIVEN)  # responses never overlap


def test_root_has_the_gram_matrix():
    features = LAYERS["late"]
    gram = features @ features.T
    np.testing.assert_allclose(root_of_gram(gram) @ root_of_gram(gram).T, gram, atol=1e-10)


def test_tuning_has_the_geometry_it_follows():
    """Over many units the Gram matrix of the tuning is that of the features, rescaled."""
    features = LAYERS["late"]
    tuning = draw_tuning(features, 200_000, 1.0, rng())
    expected = features @ features.T / (np.square(features).sum() / N)
    np.testing.assert_allclose(tuning @ tuning.T / tuning.shape[1], expected, atol=0.08)


def test_shared_share_of_the_variance():
    features = LAYERS["late"]
    for shared in (0.0, 0.3, 1.0):
        tuning = draw_tuning(features, 50_000, shared, rng())
        assert tuning.var(axis=0).mean() == pytest.approx(1, abs=0.02)
        basis = np.linalg.svd(features, full_matrices=False)[0]
        inside = np.square(basis.T @ tuning).sum() / np.square(tuning).sum()
        # What is the subject's own falls into the features' 8 of 29 dimensions by chance.
        assert inside == pytest.approx(shared + (1 - shared) * 8 / (N - 1), abs=0.02)


def test_rates_have_the_mean_and_the_shared_gain_they_should():
    tuning = draw_tuning(LAYERS["late"], 4000, 0.5, rng())
    stimulus = np.append(np.tile(np.arange(N), 60), -1)
    driven, spontaneous = driven_rates(
        tuning,
        stimulus,
        mean_rate=8.0,
        maximum_rate=np.inf,
        depth=0.3,
        gain_variability=0.2,
        rng=rng(),
    )
    assert driven[:-1].mean() == pytest.approx(8.0, rel=0.05)
    np.testing.assert_array_equal(driven[-1], spontaneous)
    log = np.log(driven[:-1]).reshape(60, N, -1)
    deviation = log - log.mean(axis=0)  # between presentations only the gain changes
    np.testing.assert_allclose(deviation, np.broadcast_to(deviation[..., :1], log.shape), atol=1e-9)
    assert deviation[..., 0].std() == pytest.approx(0.2, rel=0.1)


def test_no_unit_fires_faster_than_its_maximum():
    tuning = 10 * draw_tuning(LAYERS["late"], 50, 0.5, rng())
    driven, _ = driven_rates(
        tuning, np.arange(N), mean_rate=8.0, maximum_rate=100.0, depth=0.6, gain_variability=0.1,
        rng=rng(),
    )  # fmt: skip
    assert 90 < driven.max() < 100


def test_spikes_are_poisson_at_the_rates():
    plan = draw_schedule(N, 20, rng())
    driven = np.tile([20.0, 4.0, 0.0], (len(plan.onset), 1))
    spontaneous = np.array([2.0, 4.0, 0.0])
    times, ends = draw_spikes(driven, spontaneous, plan, rng())
    one, two, three = np.split(times, ends[:-1])
    assert len(three) == 0
    assert np.all(np.diff(one) >= 0)
    assert np.all(np.diff(two) >= 0)
    lower, upper = poisson.interval(0.9999, 4.0 * plan.end)
    assert lower <= len(two) <= upper
    since = one - plan.onset[np.clip(np.searchsorted(plan.onset, one, side="right") - 1, 0, None)]
    inside = (since >= LATENCY) & (since < LATENCY + DRIVEN)
    time_inside = DRIVEN * len(plan.onset)
    for count, expected in (
        (inside.sum(), 20.0 * time_inside),
        ((~inside).sum(), 2.0 * (plan.end - time_inside)),
    ):
        lower, upper = poisson.interval(0.9999, expected)
        assert lower <= count <= upper


# ------------------------------------------------------------------ the files


def test_a_recording_is_nwb_and_says_it_is_simulated(make_layout):
    from pynwb import NWBHDF5IO

    layout = make_layout(bad_units=3)
    fetch(layout, "planted")
    manifest = read_manifest(layout, "planted")
    assert [record.path for record in manifest.files] == ["sim1.nwb", "sim2.nwb"]
    assert manifest.archive["kind"] == "simulated"
    assert "SIMULATED" in manifest.provenance.source
    assert manifest.provenance.seed == 3
    (file,) = find_files(layout, "planted", "sim1.nwb")
    with NWBHDF5IO(str(file), mode="r") as io:
        nwb = io.read()
        for said in (
            *(nwb.session_description, nwb.experiment_description, nwb.lab, nwb.institution),
            *(nwb.subject.description, nwb.units.description, nwb.trials.description),
            *(nwb.identifier, nwb.devices["probe"].description),
        ):
            assert "SIMULATED" in said
        units, trials = nwb.units.to_dataframe(), nwb.trials.to_dataframe()
        groups = {name: group.location for name, group in nwb.electrode_groups.items()}
    assert groups["IT-like"] == "IT-like"
    assert len(units) == 40 + 40 + 3 + 1 + 1
    good = units[(units.snr >= 2) & (units.location != "") & (units.spike_times.map(len) > 0)]
    assert good.location.value_counts().to_dict() == {"V1-like": 40, "IT-like": 40}
    assert (units.snr < 2).sum() == 3
    assert (units.quality == "noise").sum() == 3
    assert (units.location == "").sum() == 1
    assert (units.spike_times.map(len) == 0).sum() == 1
    assert units.unit_name.is_unique
    assert (trials.stimulus_name == "").sum() == BREAKS
    shown = trials.stimulus_name[trials.stimulus_name != ""].value_counts()
    assert shown.to_dict() == dict.fromkeys(STIMULI, 6)


def test_same_seed_same_bytes(make_layout):
    layout = make_layout()
    fetch(layout, "planted")
    first = read_manifest(layout, "planted").files
    written = layout.manifest("planted").stat().st_mtime_ns
    fetch(layout, "planted")
    assert read_manifest(layout, "planted").files == first
    assert layout.manifest("planted").stat().st_mtime_ns == written
    assert len({record.sha256 for record in first}) == 2  # subjects differ
    fetch(other := make_layout(seed=4), "planted")
    assert read_manifest(other, "planted").files != first
    file = layout.archive("planted") / "sim1.nwb"
    assert sha256(file) == read_manifest(other, "planted").files[0].sha256


def test_it_is_read_back_as_any_recording_is(make_layout):
    layout = make_layout(bad_units=2)
    fetch(layout, "planted")
    respond(layout, "planted", "sim2")
    (data,) = read_responses(layout.responses("planted", "sim2")).values()
    assert data.sizes == {"presentation": 6 * N, "unit": 80}
    dropped = {reason: n for reason, n in json.loads(data.attrs["dropped"]).items() if n}
    assert dropped == {
        "presentations without a stimulus": BREAKS,
        "units without a region": 1,
        "units failing snr": 2,
        "units without a spike": 1,
    }
    assert sorted(np.unique(data["repetition"])) == list(range(6))
    assert float(data["response"].mean()) / DRIVEN == pytest.approx(8.0, rel=0.35)


def correlation_rdm(features: np.ndarray) -> np.ndarray:
    return 1 - np.corrcoef(features)[np.triu_indices(len(features), k=1)]


def test_planted_geometry_is_found_again(make_layout):
    """The RDM of each region is like its own layer's, and clearly less like the others'."""
    layout = make_layout()
    fetch(layout, "planted")
    respond(layout, "planted", "sim1")
    (data,) = read_responses(layout.responses("planted", "sim1")).values()
    means = data["response"].groupby("stimulus").mean()
    assert means["stimulus"].values.tolist() == STIMULI
    for region, own in {"V1-like": "early", "IT-like": "late"}.items():
        responses = means.sel(unit=data["region"].values == region).values
        responses = responses - responses.mean(axis=0)  # each unit has a rate of its own
        found = correlation_rdm(responses)
        match = {
            name: np.corrcoef(found, correlation_rdm(features))[0, 1]
            for name, features in LAYERS.items()
        }
        others = max(r for name, r in match.items() if name != own)
        assert match[own] > 0.5
        assert match[own] > others + 0.25


# ------------------------------------------------------------------ bad input


def test_a_limit_of_the_system_is_one_sentence_and_leaves_nothing(make_layout):
    layout = make_layout()
    code = (
        "import resource, sys\n"
        "from isomorph.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    given = ["--study", layout.study.path, "--root", layout.root, "--dataset", "planted"]
    ran = subprocess.run(
        [sys.executable, "-c", code, "fetch", *map(str, given)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    (line,) = ran.stderr.splitlines()
    assert "sim1.nwb: cannot be written, it grows larger than the disk" in line
    assert list(layout.archive("planted").iterdir()) == []


def test_unknown_layer(make_layout):
    layers = {"erly": LAYERS["early"], "late": LAYERS["late"]}
    layout = make_layout(layers=layers)
    message = 'regions.V1-like.layer: "early" is not a layer of net in '
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        fetch(layout, "planted")
    assert 'did you mean "erly"?' in str(caught.value)
    assert not layout.archive("planted").exists()


def test_layer_without_geometry(make_layout):
    with pytest.raises(IsomorphError, match="is the same for every stimulus"):
        fetch(make_layout(layers={**LAYERS, "late": np.zeros((N, 4))}), "planted")


def test_no_activations_yet(make_layout):
    layout = make_layout()
    layout.activations("planted", "net").unlink()
    with pytest.raises(IsomorphError, match=r"net/\w+/activations\.nc: no such file"):
        fetch(layout, "planted")
