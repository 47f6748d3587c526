"""A study that names its models by their sources goes through every part that knows of models."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import tiny_study

from isomorph import archives, jobs, models, rdms, slices, stimuli
from isomorph.artefacts import read_array
from isomorph.cli import main, open_study
from isomorph.layout import Layout

OWN = """
import torch
def net():
    torch.nn.init.constant_((module := torch.nn.Conv2d(3, 2, 3)).weight, 0.1)
    return torch.nn.Sequential(module, torch.nn.Flatten()), {"size": 16, "mean": [0.5] * 3}
"""
MODELS = ["baseline/pixels", "untrained/efficientnet-lite0#3", "python/mine:net"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    root = tmp_path_factory.mktemp("named")
    tiny_study.write(root)
    (root / "config" / "mine.py").write_text(OWN)
    study = {**tiny_study.STUDY, "datasets": ["small"], "models": MODELS}
    tiny_study.write_yaml(root / "config" / "study.yaml", study)
    made = Layout(open_study(root / "config" / "study.yaml"), root)
    archives.run(made, "small")
    stimuli.run(made, "small")
    return made


def test_check_counts_them(layout):
    with redirect_stdout(StringIO()) as said:
        status = main(
            ["check", "--study", str(layout.study.path), "--root", str(layout.root)]
        )  # fmt: skip
    assert status == 0
    assert said.getvalue().startswith("fine: 1 dataset, 3 models")


@pytest.mark.parametrize(
    ("instance", "source", "size"),
    [
        ("baseline-pixels", "baseline/pixels", 64),
        ("untrained-efficientnet-lite0-seed3", "untrained/efficientnet-lite0", 224),
        ("python-mine-net", "python/mine:net", 16),
    ],
)
def test_each_has_activations_and_rdms(layout, instance, source, size):
    assert ("small", instance) in [job.names for job in jobs.jobs(layout.study)]
    models.run(layout, "small", instance)
    data = read_array(layout.activations("small", instance), "activations")
    assert data.attrs["source"] == source
    assert json.loads(data.attrs["preprocessing"])["size"] == size
    assert len(data.attrs["input_sha256"]) == 64
    assert bool(data.attrs["weights_sha256"]) == source.startswith("python/")
    assert data.sizes["stimulus"] == tiny_study.N_STIMULI
    rdms.run_model(layout, "small", instance)
    assert layout.model_rdms("small", instance).is_file()


def test_a_changed_function_is_another_model(layout):
    before = slices.activations(layout.study, "small", "python-mine-net")
    assert slices.activations(layout.study, "small", "python-mine-net") == before
    file = Path(layout.study.path.parent / "mine.py")
    file.write_text(OWN.replace("0.1", "0.2"))
    assert slices.activations(layout.study, "small", "python-mine-net") != before
    file.write_text(OWN)


def test_the_workflow_plans_them(layout):
    done = tiny_study.snakemake(layout.root, "--dry-run", "--forceall")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^model_rdms +3$", done.stdout, flags=re.MULTILINE), done.stdout
