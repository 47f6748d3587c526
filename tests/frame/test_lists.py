"""What a study may name, a line each: built-in, of the current folder, or of a library."""

import pytest

from isomorph import built_in
from isomorph.cli import main
from isomorph.cli.listing import LISTS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys, *asked):
    assert main(["list", *asked]) == 0
    lines = capsys.readouterr().out.splitlines()
    return dict(line.split("  ", 1) for line in lines if line.strip())


def refused(capsys, *asked):
    assert main(["list", *asked]) == 1
    return capsys.readouterr().err


def test_every_dataset_has_a_line_with_what_a_fetch_brings(capsys, elsewhere):
    (elsewhere / "config" / "datasets").mkdir(parents=True)
    (elsewhere / "config" / "datasets" / "mine.yaml").write_text("name: mine\n")
    found = listed(capsys, "datasets")
    (folder,) = built_in.members("datasets")
    assert {file.stem for file in folder.glob("*.yaml")} | {"mine"} == set(found)
    assert "bids, 1 subject, openneuro, 210.4 MB to fetch; Eight" in found["ds000105"]
    assert "nwb, 5 subjects, simulated, nothing to fetch" in found["planted"]
    assert "is required" in found["mine"]


def test_every_model_has_a_line_with_its_source(capsys):
    found = listed(capsys, "models")
    (folder,) = built_in.members("models")
    assert {file.stem for file in folder.glob("*.yaml")} <= set(found)
    assert found["gabor"].strip() == "baseline/gabor, installed; Gabor pyramid"
    assert found["features/<file>"].strip().startswith("source, installed; features in a file")


def test_layers_of_a_network_are_known_by_its_architecture(capsys):
    found = listed(capsys, "layers", "untrained/alexnet#0")
    assert found["features.0"].strip() == "193,600 features, one of the blocks"
    assert list(found)[-2:] == ["classifier.6", "classifier"]


def test_layers_of_baselines_and_tables(capsys):
    assert list(listed(capsys, "layers", "gabor")) == ["simple", "energy", "contrast"]
    assert "animal" in listed(capsys, "layers", "categories92")


def test_what_is_not_there_is_refused(capsys):
    assert 'no model "gabr" in config/models' in refused(capsys, "layers", "gabr")
    assert 'did you mean "gabor"?' in refused(capsys, "layers", "gabr")
    assert 'did you mean "baseline/gabor"?' in refused(capsys, "layers", "baseline/gabr")
    assert "of which model?" in refused(capsys, "layers")
    assert "takes no name" in refused(capsys, "datasets", "planted")
    assert 'nothing is called "layrs"' in refused(capsys, "layrs")
    assert set(LISTS) == {"datasets", "models", "layers", "measures", "distances"}
