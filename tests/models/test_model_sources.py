"""The sources of the registry, from stimuli on disk to the artefact."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
import yaml
from PIL import Image
from torch import nn

from isomorph import models
from isomorph.artefacts import Provenance, read_array
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.models import SOURCES
from isomorph.models.extraction import extract
from isomorph.models.fold import fold
from isomorph.models.network import Network
from isomorph.models.packages import load
from isomorph.models.packages.efficientnet_lite import filled, untrained_efficientnet_lite
from isomorph.models.packages.weight_files import LITE0 as LITE0_FILE
from isomorph.models.preprocessing import preprocess
from isomorph.stages import activations as make
from isomorph.stages import stimuli
from isomorph.stages.datasets import images_of
from isomorph.study import ModelSpec, Preprocessing, load_study
from isomorph.study.model import RDMS, READ, TABLE_SOURCES
from pictures import read_images

PHOTOGRAPHS = ["astronaut", "chelsea", "coffee", "rocket"]
ESPRESSO = 967
CATS = range(281, 286)
LITE0 = {"size": 224, "mean": [127 / 255] * 3, "std": [128 / 255] * 3}
LITE0_LAYERS = ["_conv_stem", "_blocks.*", "_conv_head", "_avg_pooling", "_fc"]
MODELS = {
    "net": {"source": "package/efficientnet-lite0", "trained_on": "ImageNet-1k",
            "layers": LITE0_LAYERS, "preprocessing": LITE0},
    "control": {"source": "untrained/efficientnet-lite0", "seeds": [3],
             "layers": ["_conv_stem", "_fc"], "preprocessing": LITE0},
    "gabor": {"source": "baseline/gabor", "preprocessing": {"size": 32},
              "options": {"wavelengths": [4, 8]}},
    "pixels": {"source": "baseline/pixels", "preprocessing": {"size": 16}},
    "labels": {"source": "baseline/category", "options": {"columns": ["kind", "world"]}},
    "bare": {"source": "baseline/pixels"},
    "seer": {"source": "baseline/category", "preprocessing": {"size": 16}},
    "odd": {"source": "baseline/pixels", "preprocessing": {"size": 16}, "options": {"foo": 1}},
    "wrong": {"source": "baseline/pixel", "preprocessing": {"size": 16}},
}  # fmt: skip
DATASET = {
    "name": "photographs", "title": "Four photographs", "citation": "none", "licence": "none",
    "species": "none", "subjects": ["one"],
    "archive": {"kind": "local", "path": "files"},
    "stimuli": {"kind": "folder", "files": "*.png", "table": "table.csv"},
    "responses": {"kind": "arrays", "responses": "{subject}.npy", "presentations": "p.csv",
                  "units": "u.csv"},
}  # fmt: skip


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    """A study of four photographs whose stimuli have been made."""
    root = tmp_path_factory.mktemp("study")
    for folder in ("datasets/files", "models"):
        (root / folder).mkdir(parents=True)
    files = root / "datasets" / "files"
    for name in PHOTOGRAPHS:
        Image.fromarray(getattr(skimage.data, name)()).save(files / f"{name}.png")
    (files / "table.csv").write_text(
        "stimulus,kind,world\nastronaut,person,here\nchelsea,cat,here\ncoffee,thing,here\n"
        "rocket,thing,here\n"
    )
    (root / "datasets" / "photographs.yaml").write_text(yaml.safe_dump(DATASET))
    for name, spec in MODELS.items():
        text = yaml.safe_dump({"name": name, "title": name.title(), **spec})
        (root / "models" / f"{name}.yaml").write_text(text)
    study = {"name": "s", "title": "S", "datasets": ["photographs"], "models": list(MODELS)}
    (root / "study.yaml").write_text(yaml.safe_dump(study))
    made = Layout(load_study(root / "study.yaml"), root)
    from isomorph.stages import fetch

    fetch.run(made, "photographs")
    stimuli.run(made, "photographs")
    return made


def activations(layout: Layout, instance: str):
    make.run(layout, "photographs", instance)
    return read_array(layout.activations("photographs", instance), "activations")


@pytest.fixture(scope="module")
def net(layout):
    return activations(layout, "net")


def test_the_trained_network_names_real_photographs(net):
    top1 = dict(zip(net.stimulus.values, net.top1.values, strict=True))
    probability = dict(zip(net.stimulus.values, net.top1_probability.values, strict=True))
    assert top1["coffee"] == ESPRESSO
    assert probability["coffee"] > 0.8
    assert top1["chelsea"] in CATS


def test_the_artefact_says_what_it_is(net):
    assert net.layer.values.tolist() == [
        "_conv_stem", *(f"_blocks.{i}" for i in range(16)), "_conv_head", "_avg_pooling", "_fc"
    ]  # fmt: skip
    assert net.depth.values.tolist() == list(range(20))
    assert net.n_features.values[[0, -1]].tolist() == [32 * 112 * 112, 1000]
    assert net.stimulus.values.tolist() == PHOTOGRAPHS
    assert {key: net.attrs[key] for key in ("model", "title", "source", "trained_on", "seed")} == {
        "model": "net", "title": "Net", "source": "package/efficientnet-lite0",
        "trained_on": "ImageNet-1k", "seed": "",
    }  # fmt: skip
    assert net.attrs["weights_sha256"] == LITE0_FILE.sha256
    assert json.loads(net.attrs["preprocessing"])["size"] == 224
    assert len(net.attrs["input_sha256"]) == 64
    assert json.loads(net.attrs["left_out"]) == {}
    stamp = Provenance.from_json(net.attrs["provenance"])
    assert stamp.stage == "activations"
    assert stamp.code
    assert stamp.settings["layers"] == LITE0_LAYERS
    assert LITE0_FILE.sha256 in stamp.source


def test_the_spectrum_belongs_to_the_gram_matrix(net):
    np.testing.assert_allclose(
        net.spectrum.sum("component"), np.trace(net.gram.values, axis1=1, axis2=2), rtol=1e-9
    )
    assert ((net.effective_dimensionality >= 1) & (net.effective_dimensionality < 3.001)).all()


def test_hooks_agree_with_the_network_called_by_hand(layout, net):
    module = load("efficientnet-lite0", layout.weights).module
    images = read_images(images_of(layout, "photographs"), 224)
    x = torch.from_numpy(preprocess(images, Preprocessing(**LITE0)))
    by_hand = {}
    with torch.no_grad():
        by_hand["_conv_stem"] = x = module._conv_stem(x)
        x = module._swish(module._bn0(x))
        for place, block in enumerate(module._blocks):
            by_hand[f"_blocks.{place}"] = x = block(x)
        by_hand["_conv_head"] = x = module._conv_head(x)
        x = module._swish(module._bn1(x))
        by_hand["_avg_pooling"] = x.mean((2, 3))
        by_hand["_fc"] = module._fc(x.mean((2, 3)))
    for name, tensor in by_hand.items():
        expected = fold(tensor.reshape(len(tensor), -1).numpy())
        found = net.sel(layer=name)
        scale = np.abs(expected.gram).max()
        np.testing.assert_allclose(found.gram, expected.gram, rtol=0, atol=1e-5 * scale)
        assert float(found.mean_norm) == pytest.approx(expected.mean_norm, rel=1e-5)


def test_running_again_gives_the_same_numbers(layout):
    first, second = (activations(layout, "gabor") for _ in range(2))
    assert first.identical(second)
    assert first.layer.values.tolist() == ["simple", "energy", "contrast"]


def test_an_untrained_control_is_its_seed(layout):
    data = activations(layout, "control-seed3")
    assert data.attrs["seed"] == 3
    assert data.attrs["trained_on"] == ""
    assert data.attrs["weights_sha256"] == ""
    assert "top1" not in data
    before = torch.get_rng_state()
    first, again, other = (
        untrained_efficientnet_lite("efficientnet-lite0", seed).module.state_dict()
        for seed in (3, 3, 4)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["_fc.weight"], other["_fc.weight"])


def test_untrained_activations_neither_vanish_nor_explode(layout, tmp_path):
    images = preprocess(read_images(images_of(layout, "photographs"), 224), Preprocessing(**LITE0))
    found = extract(
        untrained_efficientnet_lite("efficientnet-lite0", 0),
        images,
        ["_blocks.*", "_fc"],
        where="untrained",
        scratch=tmp_path,
    )
    assert found.left_out == {}
    for layer in found.layers.values():
        size = np.sqrt(np.diag(layer.raw).mean() / layer.n_features)
        spread = np.sqrt(np.trace(layer.gram) / len(images) / layer.mean_norm)
        assert 0.1 < size < 20
        assert spread > 0.01
    # Residual branches count: a block differs from the one before by more than a tenth.
    a, b = (found.layers[f"_blocks.{place}"].gram for place in (5, 6))
    assert 1 - np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2)) > 1e-4
    assert np.trace(b) / np.trace(a) > 1.2


def test_pixels_and_labels(layout):
    data = activations(layout, "pixels")
    expected = fold(read_images(images_of(layout, "photographs"), 16).reshape(4, -1))
    np.testing.assert_allclose(data.gram[0], expected.gram, rtol=1e-12)
    labels = activations(layout, "labels")
    assert labels.layer.values.tolist() == ["kind"]
    assert json.loads(labels.attrs["left_out"]) == {"world": 'is "here" for every stimulus'}
    assert labels.attrs["input_sha256"] == ""


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ("seer", r"seer\.yaml: preprocessing: baseline/category takes no images, leave it out"),
        ("odd", r"odd\.yaml: options: baseline/pixels takes none, leave foo out"),
        ("wrong", 'unknown model source "baseline/pixel": did you mean "baseline/pixels"'),
        ("control", 'models: no "control", did you mean "control-seed3"'),
    ],
)
def test_mistakes_are_said_in_a_sentence(layout, instance, message):
    with pytest.raises(IsomorphError, match=message):
        make.run(layout, "photographs", instance)
    made = [file.relative_to(layout.root) for file in layout.root.rglob("*.nc")]
    assert not [file for file in made if instance in (*file.parts, file.stem)]


def test_foreign_weights_are_refused(tmp_path):
    good = tmp_path / "good.pth"
    torch.save(nn.Linear(2, 3).state_dict(), good)
    assert not filled(nn.Linear(2, 3).train(), good).training
    for other in (nn.Linear(2, 4), nn.Linear(2, 3, bias=False)):
        with pytest.raises(IsomorphError, match="as the weights of this architecture"):
            filled(other, good)


def test_the_registry_and_the_labels_need_no_torch():
    code = (
        "import sys, pandas as pd\n"
        "from isomorph.models import SOURCES\n"
        "assert 'baseline/gabor' in SOURCES\n"
        "assert 'torch' not in sys.modules, 'registry'\n"
        "from isomorph.models.baselines.stimulus_columns import category\n"
        "from isomorph.models.folded import as_dataset, from_features\n"
        "table = pd.DataFrame({'stimulus': ['a', 'b', 'c'], 'kind': ['x', 'y', 'x']})\n"
        "features, left_out = category(table, {'columns': ['kind']}, 'm')\n"
        "as_dataset(from_features(features, ['**'], 'm', left_out), ['a', 'b', 'c'], {})\n"
        "assert 'torch' not in sys.modules, 'labels'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_source_that_needs_no_library_is_reached_by_a_model_of_the_examples():
    folder = Path(__file__).parents[2] / "config" / "models"
    used = {yaml.safe_load(file.read_text())["source"] for file in folder.glob("*.yaml")}
    no_dataset = {"geometry/sphere"}
    assert {name for name in SOURCES if "<" not in name} - used == no_dataset
    assert all(name in SOURCES for name in used)


def test_what_is_imported_when_it_is_called_is_there():
    root = Path(models.__file__).parent
    entries = {
        found
        for file in root.rglob("*.py")
        for found in re.findall(r'lazily\("(isomorph[\w.]*:\w+)"\)', file.read_text())
    }
    assert len(entries) > 20
    for entry in entries:
        module, name = entry.split(":")
        assert callable(getattr(import_module(module), name)), entry


def test_the_study_knows_which_sources_take_images():
    blind = {name for name in SOURCES if not SOURCES[name].needs_images}
    assert {name for name in blind if name.startswith("baseline/")} == TABLE_SOURCES
    assert {name.partition("/")[0] for name in blind - TABLE_SOURCES} == {*READ, "geometry"}
    made = (ModelSpec(name="x", source=name, seeds=[0]) for name in SOURCES)
    assert {one.source for one in made if not one.takes_images} == blind
    assert {name.partition("/")[0] for name in SOURCES if SOURCES[name].rdms} == RDMS


def test_pixels_have_a_size_of_their_own(layout):
    data = activations(layout, "bare")
    assert json.loads(data.attrs["preprocessing"])["size"] == 64
    assert int(data.n_features[0]) == 3 * 64 * 64


def test_a_network_is_run_as_it_is(tmp_path):
    images = np.random.default_rng(0).random((3, 3, 6, 6), dtype=np.float32)
    network = Network(nn.Sequential(nn.Conv2d(3, 2, 3)).eval(), weights_sha256="f" * 64)
    found = extract(network, images, ["0"], where="n", scratch=tmp_path)
    assert found.attributes["weights_sha256"] == "f" * 64
    assert found.attributes["device"] in ("cpu", "cuda")
