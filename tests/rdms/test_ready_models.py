"""A study among whose models are features, RDMs and judgements: every stage copes."""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study as tiny

import isomorph as iso
from isomorph.artefacts import read_array, read_table
from isomorph.cli import open_study
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.stages import (
    activations,
    compare,
    explain,
    fetch,
    predict,
    rdms,
    recover,
    responses,
    stimuli,
)
from isomorph.study import StudyError

NAMES = [f"image_{number:02}" for number in range(tiny.N_STIMULI)]
TUNING = np.random.default_rng(5).normal(size=(tiny.N_STIMULI, 6))
CORRELATED = pdist(TUNING, "correlation")
MODELS = {
    "net": {"source": "features/net.npz", "trained_on": "something else"},
    "published": {"source": "rdms/published.npz", "options": {"distance": "correlation"}},
    "judged": {"source": "behaviour/judged.csv", "options": {"task": "ratings"}},
    "people": {
        "source": "behaviour/judged.csv",
        "seeds": [1, 2],
        "options": {"task": "ratings", "participants": "seeds"},
    },
}


def write(folder: Path, models=tuple(MODELS), **settings) -> Path:
    """Write the tiny study with models from disk; its second person answers half as spread."""
    tiny.write(folder)
    config = folder / "config"
    np.savez(config / "models" / "net.npz", late=TUNING, early=TUNING[:, :3], stimulus=NAMES)
    np.savez(config / "models" / "published.npz", rdm=CORRELATED, stimuli=NAMES)
    told = pd.DataFrame(list(combinations(NAMES, 2)), columns=["first", "second"])
    both = [told.assign(participant=who, rating=pdist(TUNING) / who) for who in (1, 2)]
    pd.concat(both).to_csv(config / "models" / "judged.csv", index=False)
    for name, model in MODELS.items():
        content = {"name": name, "title": name.title(), **model}
        tiny.write_yaml(config / "models" / f"{name}.yaml", content)
    spec = {**tiny.STUDY, "datasets": ["small"], "models": ["pixels", *models], **settings}
    tiny.write_yaml(config / "study.yaml", spec)
    return config / "study.yaml"


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    """The study with every stage up to the comparisons done."""
    folder = tmp_path_factory.mktemp("ready")
    asked = {"distances": ["crossnobis", "correlation"], "measures": ["rho_a", "ridge"]}
    inference = {
        **tiny.STUDY["inference"],
        "resamples": 10,
        "permutations": 10,
        "prediction": {"methods": ["ridge"], "permutations": 2},
    }
    found = Layout(open_study(write(folder, **asked, inference=inference)), folder)
    fetch.run(found, "small")
    stimuli.run(found, "small")
    for subject in tiny.SUBJECTS:
        responses.run(found, "small", subject)
    rdms.run_brain(found, "small")
    for instance, _, _ in found.study.instances_for("small"):
        activations.run(found, "small", instance)
        rdms.run_model(found, "small", instance)
    compare.run(found, "small")
    return found


def compared(layout: Layout) -> pd.DataFrame:
    return read_table(layout.comparisons("small"), "comparisons")


def test_each_distance_has_the_models_that_have_it(layout):
    table = compared(layout)
    found = {
        key: sorted(set(rows["model"])) for key, rows in table.groupby(["distance", "measure"])
    }
    judged = ["judged", "people-seed1", "people-seed2"]
    assert found["correlation", "rho_a"] == sorted([*judged, "net", "pixels", "published"])
    assert found["crossnobis", "rho_a"] == sorted([*judged, "net", "pixels"])
    assert found["features", "ridge"] == ["net", "pixels"]


def test_scores_are_those_of_the_rdms_as_they_stand(layout):
    keys = ["distance", "measure", "region", "model", "layer"]
    table = compared(layout).set_index(keys).sort_index()
    brain = iso.load(layout.brain_rdms("small"))
    estimate = table["estimate"]["correlation", "rho_a", "IT"]
    for model, layer, rdm in (
        ("published", "rdm", CORRELATED),
        ("judged", "ratings", pdist(TUNING)),
    ):
        region = brain["correlation"].sel(region="IT")
        each = iso.MEASURES["rho_a"].compare(region.values, rdm[None])
        assert estimate[model, layer] == pytest.approx(each.mean())
    # the second person's scale is half the first's, which no rank sees
    assert estimate["people-seed1", "ratings"] == estimate["people-seed2", "ratings"]
    net = table["estimate"]["correlation", "rho_a", "IT", "net", "late"]
    assert net == pytest.approx(estimate["published", "rdm"], abs=1e-9)


def test_rdms_say_that_judgements_are_of_no_distance(layout):
    data = read_array(layout.model_rdms("small", "judged"), "rdms")
    assert data["correlation_note"].item().startswith("dissimilarities of no distance")
    assert "correlation_note" not in read_array(layout.model_rdms("small", "published"), "rdms")


def test_explanation_recovery_and_prediction_cope(layout):
    explain.run(layout, "small")
    recover.run(layout, "small")
    predict.run(layout, "small")
    partial = read_table(layout.partial("small"), "partial")
    assert {"judged", "net"} <= set(partial["model"][partial["status"] == "ok"])
    assert "published" not in set(partial["model"])  # it has no RDM of the main distance
    confusion = read_table(layout.confusion("small"), "confusion")
    assert {"published", "judged", "net"} <= set(confusion["planted_model"].dropna())
    assert set(read_table(layout.predictions("small"), "predictions")["model"]) == {"net", "pixels"}


@pytest.mark.parametrize(
    ("models", "settings", "said"),
    [
        (["judged"], {"measures": ["rho_a", "cka"]},
         r"measures.1: cka needs Gram matrices, and judged comes as RDMs of no distance"),
        (["published"], {"distances": ["euclidean"]},
         r"models: published comes as RDMs of correlation, and distances ask models for euclidean"),
    ],
)  # fmt: skip
def test_what_rdms_alone_cannot_serve_is_refused_beforehand(tmp_path, models, settings, said):
    with pytest.raises(StudyError, match=said):
        open_study(write(tmp_path, models, **settings))
    open_study(write(tmp_path / "known", ["published"], measures=["rho_a", "cka"]))


def test_a_study_names_the_distance_of_published_rdms_beside_the_brains(tmp_path):
    pair = {"brain": "euclidean", "model": "correlation"}
    layout = Layout(open_study(write(tmp_path, ["published"], distances=[pair])), tmp_path)
    made = activations.run, rdms.run_model
    fetch.run(layout, "small")
    stimuli.run(layout, "small")
    for run in made:
        run(layout, "small", "published")
    data = read_array(layout.model_rdms("small", "published"), "rdms")
    np.testing.assert_allclose(data["correlation"].values[0], CORRELATED)


def test_rdms_are_not_averaged_into_categories(tmp_path):
    file = write(tmp_path, ["judged"])
    leveled = {**tiny.SMALL, "level": "category"}
    tiny.write_yaml(file.parent / "datasets" / "small.yaml", leveled)
    with pytest.raises(IsomorphError, match="models: judged comes as RDMs, which cannot be aver"):
        open_study(file)


def test_features_that_change_are_read_again(tmp_path):
    from isomorph import slices

    study = open_study(write(tmp_path))
    before = {name: slices.activations(study, "small", name) for name in ("net", "judged")}
    np.savez(tmp_path / "config/models/net.npz", late=2 * TUNING, stimulus=NAMES)
    after = {name: slices.activations(study, "small", name) for name in ("net", "judged")}
    assert before["net"] != after["net"]
    assert before["judged"] == after["judged"]
