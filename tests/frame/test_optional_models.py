"""Models that a study goes on without where their weights cannot be had."""

import json
import sys
from pathlib import Path

import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import write_settings

from isomorph.cli import main
from isomorph.cli.weights import bring
from isomorph.errors import IsomorphError
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.left_out import as_decided
from isomorph.models import seeing
from isomorph.report.unsaid import unsaid
from isomorph.study import StudyError, load_study

GONE = "net: https://example.org/net.pth cannot be reached"


def written(root, *, optional=True, **study):
    """Return the layout of a study whose network has weights on the internet."""
    file = write_settings(root)
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "datasets": ["real"]}))
    model = file.parent / "models" / "net.yaml"
    spec = yaml.safe_load(model.read_text()) | {"source": "torchvision/resnet18"}
    model.write_text(yaml.safe_dump(spec | ({"optional": True} if optional else {})))
    if study:
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **study}))
    return Layout(load_study(file), root)


@pytest.fixture
def offline(monkeypatch):
    def refuse(request):
        raise IsomorphError(GONE)

    monkeypatch.setattr(seeing, "open_model", refuse)


def test_a_study_goes_on_without_an_optional_network_and_its_controls(tmp_path, offline):
    layout = written(tmp_path)
    assert bring(layout, optional=True) == ([], {"net": GONE})
    without = as_decided(layout)
    assert list(without.study.models) == ["pixels"]
    asked = {job.names[-1] for job in jobs(without.study) if job.stage == "activations"}
    assert asked == {"pixels"}
    assert unsaid(without.study, [])[0] == f"net was left out: {GONE}."
    assert len(list(jobs(layout.study))) > len(list(jobs(without.study)))


def test_the_next_run_has_it_again_where_its_weights_are_here(tmp_path, offline, monkeypatch):
    layout = written(tmp_path)
    bring(layout, optional=True)
    monkeypatch.setattr(seeing, "open_model", lambda request: None)
    assert bring(layout, optional=True) == (["net"], {})
    assert not layout.left_out.exists()
    assert as_decided(layout).study is layout.study


def test_weights_that_must_be_had_are_refused_and_optional_ones_said(tmp_path, offline, capsys):
    layout = written(tmp_path, optional=False)
    words = ["weights", str(layout.study.path), "--root", str(tmp_path)]
    assert main(words) == 1
    assert capsys.readouterr().err.strip() == f"isomorph: {GONE}"
    assert not layout.left_out.exists()
    layout = written(tmp_path)
    assert main(words) == 0
    assert f"net is left out: {GONE}" in capsys.readouterr().err
    assert json.loads(layout.left_out.read_text()) == {"net": GONE}


def test_only_what_is_optional_is_left_out_whatever_the_file_says(tmp_path):
    layout = written(tmp_path, optional=False)
    layout.left_out.parent.mkdir(parents=True)
    layout.left_out.write_text(json.dumps({"net": GONE, "other": GONE}))
    assert as_decided(layout).study is layout.study
    layout.left_out.write_text("[]")
    with pytest.raises(IsomorphError, match=r"left_out\.json: does not name models with reasons"):
        as_decided(layout)


def test_a_model_that_inference_names_cannot_be_optional(tmp_path):
    with pytest.raises(StudyError, match='"net" is optional, and inference names it'):
        written(tmp_path, inference={"explain": {"controls": ["net"]}})
