"""A study that names its models by their sources goes through every part that knows of models."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import tiny_study

from isomorph import jobs, slices
from isomorph.artefacts import read_array, sha256
from isomorph.cli import main, open_study
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.stages import activations, fetch, opened, rdms, stimuli

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
    fetch.run(made, "small")
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
    activations.run(layout, "small", instance)
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
    stands = layout.activations("small", "python-mine-net")
    file = Path(layout.study.path.parent / "mine.py")
    file.write_text(OWN.replace("0.1", "0.2"))
    assert slices.activations(layout.study, "small", "python-mine-net") != before
    assert layout.activations("small", "python-mine-net") != stands
    file.write_text(OWN)
    assert layout.activations("small", "python-mine-net") == stands


OPENS = """
import pathlib, torch, helper
def net():
    weight = float((pathlib.Path(__file__).parent / ("hid" + "den")).read_text())
    torch.nn.init.constant_((module := torch.nn.Conv2d(3, 2, 3)).weight, weight * helper.SIGN)
    return torch.nn.Sequential(module, torch.nn.Flatten()), {"size": 16, "mean": [0.5] * 3}
"""


def test_what_its_code_opened_is_among_its_inputs_and_a_change_of_it_is_noticed(layout):
    folder = layout.study.path.parent
    (folder / "mine.py").write_text(OPENS)
    (folder / "helper.py").write_text("SIGN = 1\n")
    (folder / "hidden").write_text("0.3")
    names = ("small", "python-mine-net")
    before = slices.activations(layout.study, *names)
    assert before["files"].keys() == {"mine.py", "helper.py"}  # a name put together is not seen
    activations.run(layout, *names)
    data = read_array(layout.activations(*names), "activations")
    inputs = json.loads(data.attrs["provenance"])["inputs"]
    assert {Path(name).name for name in inputs} == {
        "stimuli.csv", "mine.py", "helper.py", "hidden",
    }  # fmt: skip
    by_name = {Path(name).name: digest for name, digest in inputs.items()}
    assert by_name["hidden"] == sha256(folder / "hidden")
    job = Job("activations", names)
    assert Fitting(layout).own(job) == ""  # as it was before: nothing is to be done
    (folder / "hidden").write_text("0.4")
    assert slices.activations(layout.study, *names) == before
    assert "made from another" in (said := Fitting(layout).own(job))
    assert "hidden" in said
    activations.run(layout, *names)
    assert Fitting(layout).own(job) == ""
    (folder / "mine.py").write_text(OWN)


def test_files_of_python_of_the_system_and_of_caches_are_not_ones_own(tmp_path):
    (tmp_path / "weights.pt").write_bytes(b"w")
    (tmp_path / "code.py").write_text("")
    for hidden in (".cache", "__pycache__"):
        (tmp_path / hidden).mkdir()
    (tmp_path / ".cache" / "blob").write_bytes(b"b")
    compiled = tmp_path / "__pycache__" / "code.cpython-311.pyc"
    compiled.write_bytes(b"")
    names = [
        str(tmp_path / "weights.pt"), str(compiled), str(tmp_path / ".cache" / "blob"),
        str(tmp_path / "gone.pt"), json.__file__, np.__file__, slices.__file__, "/etc/hostname",
    ]  # fmt: skip
    assert opened.own(names, tmp_path) == [tmp_path / "code.py", tmp_path / "weights.pt"]


def test_only_what_is_opened_to_be_read_is_heard(tmp_path):
    (tmp_path / "a").write_text("a")
    with opened.recorded() as names:
        (tmp_path / "a").read_text()
        (tmp_path / "b").write_text("b")
    (tmp_path / "b").read_text()
    assert [name for name in names if name.startswith(str(tmp_path))] == [str(tmp_path / "a")]
    with opened.recorded(listen=False) as names:
        (tmp_path / "a").read_text()
    assert names == []


def test_the_workflow_plans_them(layout):
    done = tiny_study.snakemake(layout.root, "--dry-run", "--forceall")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^model_rdms +3$", done.stdout, flags=re.MULTILINE), done.stdout
