"""A job signs with what it began with, and not at all where that is another by its end."""

import shutil

import pytest
import yaml

from isomorph.artefacts import read_provenance
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import Fitting, begin, job_of, require, stamp
from isomorph.stages import activations
from isomorph.study import load_study

NETWORK = """
from pathlib import Path

import torch

FACTOR = 1.0

def net():
    stands = Path(__file__).parent / ("weights.p" + "t")
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    network.load_state_dict(torch.load(stands, weights_only=True))
    return network
"""


def refused(layout, stage, *names):
    with pytest.raises(IsomorphError) as caught:
        stamp(layout, stage, *names)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_has_not_changed_is_signed(layout):
    require(layout, "compare", "small")
    signed = stamp(layout, "compare", "small")
    assert signed.settings["measures"] == ["pearson"]
    assert signed.inputs == read_provenance(layout.comparisons("small")).inputs


def test_an_input_made_anew_while_a_job_ran_is_refused(layout):
    require(layout, "brain_rdms", "small")
    shutil.copy(layout.responses("small", "two"), layout.responses("small", "one"))
    said = refused(layout, "brain_rdms", "small")
    assert said.startswith("results/tiny/small/responses/one.nc has changed while brain_rdms small")
    assert "ran; run it again: isomorph rdms --brain --study" in said


def test_an_input_that_came_while_a_job_ran_is_refused(layout):
    file = layout.brain_rdms("small")
    file.rename(file.with_name("elsewhere.nc"))
    require(layout, "figures", "small", partial=True)
    file.with_name("elsewhere.nc").rename(file)
    assert "rdms/brain.nc has changed while figures small ran" in refused(
        layout, "figures", "small"
    )


def test_code_that_was_edited_while_a_job_ran_is_refused(layout, monkeypatch):
    require(layout, "compare", "small")
    monkeypatch.setattr("isomorph.making.declared.code_digest", lambda *_: "other")
    assert "isomorph's code has changed while compare small ran" in refused(
        layout, "compare", "small"
    )


def test_what_a_job_goes_back_to_may_be_deleted_while_it_runs(layout):
    require(layout, "compare", "small")
    layout.activations("small", "pixels").unlink()
    signed = stamp(layout, "compare", "small")
    assert not signed.upstream["model_rdms small pixels"].endswith(" ")


def test_a_job_is_over_once_it_has_signed(layout):
    job = job_of(layout.study, "stimuli", "small")
    begin(Fitting(layout), job)
    assert stamp(layout, "stimuli", "small").inputs
    layout.manifest("small").unlink()
    assert stamp(layout, "stimuli", "small").inputs == {}


# ---------------------------------------------------------------- files of the user's


@pytest.fixture
def networks(layout):
    """A study with a network whose code and weights are the user's."""
    import torch

    folder = layout.root / "config" / "models"
    (folder / "own_net.py").write_text(NETWORK)
    torch.save(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)).state_dict(), folder / "weights.pt")
    model = yaml.safe_load((folder / "pixels.yaml").read_text())
    model |= {"name": "own", "source": "python/own_net:net", "layers": ["0", "1"]}
    model["preprocessing"] = {"size": 32, "mean": [0.5] * 3, "std": [0.5] * 3}
    (folder / "own.yaml").write_text(yaml.safe_dump(model))
    file = layout.study.path
    study = yaml.safe_load(file.read_text())
    study["models"] = [*study["models"], "models/own.yaml"]
    file.write_text(yaml.safe_dump(study))
    return Layout(load_study(file), layout.root)


def during(monkeypatch, act):
    """Let something happen while a network runs."""
    from isomorph.models import extraction

    extract = extraction.extract

    def and_act(*arguments, **named):
        found = extract(*arguments, **named)
        act()
        return found

    monkeypatch.setattr(extraction, "extract", and_act)


def test_code_of_the_users_that_was_edited_while_its_network_ran_is_refused(networks, monkeypatch):
    code = networks.root / "config" / "models" / "own_net.py"
    during(monkeypatch, lambda: code.write_text(NETWORK.replace("1.0", "2.0")))
    with pytest.raises(IsomorphError, match=r"own_net\.py has changed while activations small own"):
        activations.run(networks, "small", "own")
    assert not networks.activations("small", "own").exists()


def test_weights_are_signed_as_they_were_when_the_network_was_built(networks, monkeypatch):
    weights = networks.root / "config" / "models" / "weights.pt"
    old = weights.read_bytes()
    during(monkeypatch, lambda: weights.write_bytes(old + b"x"))
    activations.run(networks, "small", "own")
    job = job_of(networks.study, "activations", "small", "own")
    assert "was made from another config/models/weights.pt than" in Fitting(networks).own(job)
    weights.write_bytes(old)
    assert Fitting(networks).own(job) == ""
