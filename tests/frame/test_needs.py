"""What measures need and a study has not is told before anything runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study as tiny

from isomorph.cli import main, open_study
from isomorph.measures import MEASURES
from isomorph.study import StudyError

CORRECTED = MEASURES["cka_feature_corrected"]


@pytest.fixture(autouse=True)
def more_measures(monkeypatch):
    """Measures of each need, whatever the registry holds."""
    for name, needs in (("labelled", ("rdm", "labels")), ("trials", ("features", "repetitions"))):
        monkeypatch.setitem(MEASURES._members, name, replace(CORRECTED, name=name, needs=needs))
    content = replace(CORRECTED, name="predicts", needs=("features",))
    object.__setattr__(content, "model_needs", ("gram",))
    monkeypatch.setitem(MEASURES._members, "predicts", content)


def study(folder, measures, datasets=("small",), features=None, **small):
    """Write the tiny study with other measures and settings of its dataset."""
    tiny.write(folder)
    tiny.write_rdms(folder, tiny.N_STIMULI)
    config = folder / "config"
    tiny.write_yaml(config / "datasets" / "small.yaml", {**tiny.SMALL, **small})
    spec = {**tiny.STUDY, "datasets": list(datasets), "measures": list(measures)}
    tiny.write_yaml(config / "study.yaml", spec)
    file = config / "models" / "pixels.yaml"
    model = yaml.safe_load(file.read_text())
    tiny.write_yaml(file, {**model, **({"features": features} if features else {})})
    return config / "study.yaml"


def refused(file):
    with pytest.raises(StudyError) as caught:
        open_study(file)
    return str(caught.value).splitlines()[-1].strip()


def checked(capsys, file):
    status = main(["check", "--study", str(file), "--root", str(file.parents[1])])
    found = capsys.readouterr()
    return status, found.out.splitlines() if status == 0 else found.err


def test_features_of_published_rdms(tmp_path):
    rdms = tiny.BROKEN["responses"]
    said = refused(study(tmp_path, ["pearson", "predicts"], responses=rdms, subjects=["one"]))
    assert said.endswith(
        "measures.1: predicts needs features, and small comes as RDMs, which hold no features; "
        "add a dataset of responses, or leave the measure out"
    )


def test_layers_whose_features_nobody_keeps(tmp_path):
    said = refused(study(tmp_path, ["pearson", CORRECTED.name]))
    assert (
        "measures.1: cka_feature_corrected needs the features of layers, and pixels keeps none; "
        "write features: 2000, or all, into " in said
    )
    assert said.endswith("pixels.yaml")
    open_study(study(tmp_path / "kept", ["pearson", CORRECTED.name], features=10))
    # Gram matrices, which are always there, serve some
    open_study(study(tmp_path / "gram", ["pearson", "predicts"]))


def test_repetitions_of_single_trials(tmp_path):
    once = {"repetitions": {"one": 1, "two": 1}}
    said = refused(study(tmp_path, ["pearson", "trials"], features=10, expected=once))
    assert "trials needs features and repetitions, and small shows its stimuli once; add a" in said
    twice = {"repetitions": {"one": 1, "two": 2}}
    open_study(study(tmp_path / "2", ["pearson", "trials"], features=10, expected=twice))


def test_categories_that_stimuli_do_not_have(tmp_path, capsys):
    said = refused(study(tmp_path, ["pearson", "labelled"]))
    assert 'labelled needs labels, and the stimuli of small have no column "category"' in said
    named = {**tiny.SMALL["stimuli"], "fields_from": "(?P<category>image)"}
    open_study(study(tmp_path / "named", ["pearson", "labelled"], stimuli=named))
    # What a table holds is known once it is looked at.
    table = {**tiny.SMALL["stimuli"], "table": "kinds.csv"}
    file = study(tmp_path / "table", ["pearson", "labelled"], stimuli=table)
    names = [f"image_{k:02}" for k in range(tiny.N_STIMULI)]
    kinds = pd.DataFrame({"stimulus": names, "kind": "a"})
    kinds.to_csv(tmp_path / "table" / "files" / "small" / "kinds.csv", index=False)
    status, said = checked(capsys, file)
    assert status == 1
    assert 'the stimuli of small have no column "category"; give its stimuli that column' in said
    kinds.rename(columns={"kind": "category"}).to_csv(
        tmp_path / "table" / "files" / "small" / "kinds.csv", index=False
    )
    assert checked(capsys, file)[0] == 0


def test_what_another_dataset_serves_is_noted(tmp_path, capsys):
    file = study(tmp_path, ["pearson", CORRECTED.name], ["small", "broken"], features=10)
    status, lines = checked(capsys, file)
    assert status == 0
    by_dataset = dict(line.split(": ", 1) for line in lines)
    assert by_dataset["broken"].endswith(
        "; no cka_feature_corrected, as broken comes as RDMs, which hold no features"
    )
    assert "cka_feature_corrected" not in by_dataset["small"]


def test_room_and_cost_are_said_beforehand(tmp_path, capsys):
    file = study(tmp_path, ["pearson", "procrustes", "decodability"], features=2000)
    content = yaml.safe_load(file.read_text())
    tiny.write_yaml(file, {**content, "distances": ["squared_euclidean"]})
    _, lines = checked(capsys, file)
    assert [line for line in lines if line.startswith(("pixels", "procrustes", "decod"))] == [
        "pixels: keeps 2,000 features of each layer or fewer, at most 96.0 kB a layer for 12 "
        "stimuli",
        "procrustes, decodability: computed anew for each of 40 orders of the stimuli, for every "
        "subject of a region and every layer",
        "decodability: and 12 times without a stimulus",
    ]
    _, lines = checked(capsys, study(tmp_path / "all", ["pearson"], features="all"))
    assert "pixels: keeps all features of its layers, 4 bytes each for 12 stimuli" in lines


def test_a_study_needs_a_measure_that_can_be_explained(tmp_path):
    said = refused(study(tmp_path, [CORRECTED.name], features=10))
    assert "cka_feature_corrected cannot be explained or recovered" in said
    assert said.endswith("add one of RDMs, such as rho_a")
