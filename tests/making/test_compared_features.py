"""A study whose measures compare features, from its files to its report."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study as tiny

from isomorph.artefacts import read_array, read_provenance, read_responses, read_table
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import inputs_of, words_of
from isomorph.measures import MEASURES, Stack
from isomorph.models.kept import kept_features
from isomorph.slices import activations
from isomorph.stages.common import analysis_of
from isomorph.stages.features import read_features
from isomorph.stages.needs import refuse_unserved
from isomorph.study import load_study

MEASURE = "cka_feature_corrected"
DIGIT = r"image_\d(?P<digit>\d)"


def written(folder, measures=("pearson", MEASURE), features=30):
    """Write the study, the layers of its model keeping some features."""
    tiny.write(folder)
    rng = np.random.default_rng(4)  # units, and pixels, that share what they tell apart
    slopes = rng.uniform(-1, 1, (tiny.N_STIMULI, 2))
    tuning = slopes @ rng.standard_normal((2, tiny.N_UNITS))
    across = np.linspace(-1, 1, 16)
    for number, (one, other) in enumerate(slopes):
        shade = 128 + 60 * (one * across[:, None] + other * across)
        image = Image.fromarray(np.repeat(shade[:, :, None], 3, axis=2).astype(np.uint8))
        image.save(folder / "files" / "small" / "images" / f"image_{number:02}.png")
    for subject in tiny.SUBJECTS:
        noise = rng.standard_normal((tiny.N_REPETITIONS, *tuning.shape))
        responses = (tuning + 0.3 * noise).reshape(-1, tiny.N_UNITS)
        np.save(folder / "files" / "small" / f"{subject}.npy", responses)
    tiny.write_rdms(folder, tiny.N_STIMULI)
    study = {**tiny.STUDY, "measures": list(measures)}
    tiny.write_yaml(folder / "config" / "study.yaml", study)
    small = {**tiny.SMALL, "stimuli": {**tiny.SMALL["stimuli"], "fields_from": DIGIT}}
    tiny.write_yaml(folder / "config" / "datasets" / "small.yaml", small)
    file = folder / "config" / "models" / "pixels.yaml"
    model = yaml.safe_load(file.read_text())
    tiny.write_yaml(file, {**model, **({"features": features} if features else {})})
    return Layout(load_study(folder / "config" / "study.yaml"), folder)


def run_all(layout):
    """Run every job, each after what it reads."""
    waiting = list(jobs(layout.study))
    while waiting:
        job = next(one for one in waiting if not set(inputs_of(layout, one).values()) & {*waiting})
        waiting.remove(job)
        said = StringIO()
        with redirect_stderr(said), redirect_stdout(said):
            words = words_of(job, "--study", str(layout.study.path), "--root", str(layout.root))
            status = main(words)
        assert status == 0, said.getvalue()


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    layout = written(tmp_path_factory.mktemp("features"))
    run_all(layout)
    return layout


def test_the_stage_gives_what_the_measure_says_of_responses_and_layers(computed):
    rows = read_table(computed.comparisons("small"), "comparisons")
    own = rows[rows["measure"] == MEASURE].set_index("region")
    assert set(own["distance"]) == {"features"}
    assert sorted(own.index) == ["IT", "V1"]
    layer = kept_features(read_array(computed.activations("small", "pixels"), "activations"))
    (pixels,) = (x.astype(float) for x in layer.values())
    assert pixels.shape == (tiny.N_STIMULI, 30)
    stimuli = read_table(computed.stimuli("small"), "stimuli")["stimulus"].tolist()
    for region in ("IT", "V1"):
        each = []
        for subject in tiny.SUBJECTS:
            (session,) = read_responses(computed.responses("small", subject)).values()
            units = session["response"].values[:, (session["region"] == region).values]
            shown = session["stimulus"].values
            means = np.stack([units[shown == one].mean(axis=0) for one in stimuli])
            two = [Stack(np.zeros((1, 66)), facts={"features": [x]}) for x in (means, pixels)]
            each.append(MEASURES[MEASURE].pair(*two))
        assert own.loc[region, "estimate"] == pytest.approx(np.mean(each))
        assert np.isfinite(each).all()
    assert (own["estimate"] > 0.8).all()
    assert (own["n_units"] == tiny.N_UNITS).all()
    assert set(rows[rows["measure"] == "pearson"]["distance"]) == {"correlation"}


def test_only_measures_that_ask_for_features_have_them_read(computed):
    asking = inputs_of(computed, Job("compare", ("small",)))
    study = computed.study
    spec = study.spec.model_copy(update={"measures": ("pearson",)})
    plain = Layout(replace(study, spec=spec), computed.root)
    without = inputs_of(plain, Job("compare", ("small",)))
    extra = {str(job) for file, job in asking.items() if file not in without}
    assert extra == {"responses small one", "responses small two", "activations small pixels"}
    assert set(without) < set(asking)
    assert read_features(plain, "small") is None
    for stage in ("explain", "brain_rdms", "recover"):
        job = Job(stage, ("small",))
        assert inputs_of(plain, job) == inputs_of(computed, job)


def test_a_dataset_of_rdms_does_without_and_says_so(computed):
    inputs = {str(job) for job in inputs_of(computed, Job("compare", ("broken",))).values()}
    assert not {name for name in inputs if name.startswith(("responses", "activations"))}
    noted = read_provenance(computed.comparisons("broken")).noted
    assert noted["not_applicable"] == [f"{MEASURE} of features: there are no features of regions"]
    rows = read_table(computed.comparisons("broken"), "comparisons")
    assert set(rows["measure"]) == {"pearson"}
    # another dataset has features; where none has, the measure is refused
    analysis = analysis_of(computed, "broken", "compare")
    refuse_unserved(computed.study, "broken", analysis)
    datasets = {"broken": computed.study.dataset("broken")}
    alone = replace(computed.study, datasets=datasets)
    with pytest.raises(IsomorphError, match=f"{MEASURE} needs features, and of broken there are"):
        refuse_unserved(alone, "broken", analysis)


def test_at_a_level_stimuli_of_a_group_are_one_in_brain_and_model(computed):
    spec = computed.study.dataset("small").model_copy(update={"level": "digit"})
    datasets = {**computed.study.datasets, "small": spec}
    coarse = Layout(replace(computed.study, datasets=datasets), computed.root)
    found, fine = read_features(coarse, "small"), read_features(computed, "small")
    groups = [[digit] + ([digit + 10] if digit < 2 else []) for digit in range(10)]
    for region, own in found.brain.items():
        for subject, means in own.items():
            each = [fine.brain[region][subject][group].mean(axis=0) for group in groups]
            np.testing.assert_allclose(means, each, atol=1e-12)
    for layer, values in found.models["pixels"].items():
        each = [fine.models["pixels"][layer][group].mean(axis=0) for group in groups]
        np.testing.assert_allclose(values, each, atol=1e-6)
    assert found.layers[0]["stimulus"].values.tolist() == [str(digit) for digit in range(10)]


def test_a_model_file_without_the_key_decides_what_it_did(tmp_path):
    layout = written(tmp_path, features=None)
    assert "features" not in activations(layout.study, "small", "pixels")
    assert activations(written(tmp_path / "more").study, "small", "pixels")["features"] == 30


def test_the_report_tells_of_features(computed):
    page = computed.report.read_text(encoding="utf-8")
    assert MEASURES[MEASURE].title in page
