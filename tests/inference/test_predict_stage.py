"""The stage `predict` on a small study whose files are made by the stages before it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study

from isomorph import predict
from isomorph.artefacts import read_table
from isomorph.catalogue import CATALOGUE
from isomorph.cli import open_study
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import inputs_of
from isomorph.stages import activations, fetch, responses, stimuli
from isomorph.stages import predict as stage
from isomorph.stages.figures import read_tables
from isomorph.study import StudyError, load_study
from isomorph.study.prediction import Prediction

KINDS = ("predictions", "units", "prediction_differences", "prediction_partition")


def write(folder, **prediction):
    """Write the study asking for predictions and return its layout."""
    tiny_study.write(folder)
    asked = {**tiny_study.STUDY, "datasets": ["small"]}
    asked["inference"] = {**asked["inference"], "prediction": prediction}
    (folder / "config" / "study.yaml").write_text(yaml.safe_dump(asked))
    return Layout(load_study(folder / "config" / "study.yaml"), folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    asked = {"methods": ["ridge", "ridge_reverse"], "resamples": 20, "permutations": 19}
    layout = write(tmp_path_factory.mktemp("predicted"), **asked)
    fetch.run(layout, "small")
    stimuli.run(layout, "small")
    for subject in tiny_study.SUBJECTS:
        responses.run(layout, "small", subject)
    activations.run(layout, "small", "pixels")
    stage.run(layout, "small")
    return layout


def test_every_region_has_rows_with_the_columns_of_the_catalogue(made):
    tables = {kind: read_table(made.path(kind, "small"), kind) for kind in KINDS}
    rows = tables["predictions"]
    assert list(rows.columns)[: len(CATALOGUE["predictions"].required)] == list(
        CATALOGUE["predictions"].required
    )
    assert set(rows["region"]) == {"V1", "IT"}
    assert set(rows["measure"]) == {"ridge", "ridge_reverse"}
    assert np.isfinite(rows["estimate"]).all()
    assert (rows["n_subjects"] == 2).all()
    assert (rows.loc[rows["measure"] == "ridge", "n_units"] == tiny_study.N_UNITS).all()
    assert len(tables["units"].query("kind == 'chosen'")) == 2 * tiny_study.N_UNITS
    assert tables["prediction_differences"].empty


def test_the_stage_says_what_the_function_says(made):
    from isomorph.artefacts import read_array, read_responses

    sessions = {name: read_responses(made.responses("small", name)) for name in tiny_study.SUBJECTS}
    layers = read_array(made.activations("small", "pixels"), "activations")
    found = predict(
        sessions, {"pixels": layers}, ["ridge", "ridge_reverse"], dataset="small",
        minimum_subjects=2, resamples=20, permutations=19,
    ).table  # fmt: skip
    rows = read_table(made.predictions("small"), "predictions")
    for name in ("estimate", "interval_low", "p_corrected", "asymmetry"):
        np.testing.assert_allclose(found[name], rows[name], atol=1e-6)


def test_it_is_a_job_of_studies_that_ask_and_of_no_other(made):
    study = made.study
    assert Job("predict", ("small",)) in set(jobs(study))
    spec = study.spec.model_copy(
        update={"inference": study.spec.inference.model_validate({"resamples": 20})}
    )
    other = replace(study, spec=spec)
    assert not any(job.stage == "predict" for job in jobs(other))
    of_report = inputs_of(made, Job("report"))
    assert made.predictions("small") in of_report
    assert made.predictions("small") not in inputs_of(Layout(other, made.root), Job("report"))


def test_what_an_earlier_study_asked_for_is_not_shown_by_one_that_does_not(made):
    study = made.study
    plain = study.spec.inference.model_copy(update={"prediction": Prediction()})
    other = Layout(
        replace(study, spec=study.spec.model_copy(update={"inference": plain})), made.root
    )
    assert made.predictions("small").is_file()
    assert "predictions" in read_tables(made, "small")
    assert not set(KINDS) & set(read_tables(other, "small"))
    with pytest.raises(IsomorphError, match="names no methods and no bands; name one"):
        stage.run(other, "small")


def test_methods_nobody_knows_are_refused_when_the_study_is_opened(tmp_path):
    write(tmp_path, methods=["ridge_revers"])
    with pytest.raises(StudyError, match=r"inference.prediction.methods.0: .*\"ridge_reverse\""):
        open_study(tmp_path / "config" / "study.yaml")
