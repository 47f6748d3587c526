"""Untrained networks of any architecture: their library's own initialisation, under a seed."""

import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from isomorph.errors import IsomorphError, how_to_install
from isomorph.models import SOURCES, Request
from isomorph.models.extraction import extract
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import digest_of_module
from isomorph.study import ModelSpec


@pytest.fixture(scope="module", autouse=True)
def _as_released():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library("timm")


def network(source: str, seed: int | None, **options):
    spec = ModelSpec(name="m", title="M", source=source, seeds=[0], options=options)
    return SOURCES[source].network(Request("m", spec, seed, Path("weights"), Path()))


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "timm/test_resnet", "timm/test_vit"])
def test_a_seed_is_a_network_and_the_callers_generators_go_on(name):
    def state():
        return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()

    before = state()
    first, again, other = (
        digest_of_module(network(f"untrained/{name}", s).module) for s in (3, 3, 4)
    )
    assert state() == before
    assert first == again != other


def test_the_weights_are_those_the_library_draws():
    import torchvision

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        theirs = torchvision.models.resnet18(weights=None)
    ours = network("untrained/resnet18", 5)
    assert digest_of_module(ours.module) == digest_of_module(theirs)
    assert not ours.module.training
    assert ours.weights_sha256 == ours.trained_on == ""
    assert (ours.preprocessing.size, ours.preprocessing.crop) == (224, 0.875)


def test_batch_normalisation_keeps_its_initial_statistics_and_images_stay_apart(tmp_path):
    found = network("untrained/timm/test_resnet", 0)
    for part in found.module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            assert torch.equal(part.running_mean, torch.zeros_like(part.running_mean))
            assert torch.equal(part.running_var, torch.ones_like(part.running_var))
    size = found.preprocessing.size
    images = np.random.default_rng(0).standard_normal((4, 3, size, size)).astype(np.float32)
    said = extract(found, images, ["**"], where="m", scratch=tmp_path)
    for layer in said.layers.values():
        assert np.trace(layer.gram) > 0
        assert np.isfinite(layer.gram).all()


def test_an_untrained_control_sees_images_as_the_trained_model_does():
    said = {
        tag: network("untrained/resnet50", 0, like=f"torchvision/resnet50.{tag}").preprocessing
        for tag in ("IMAGENET1K_V1", "IMAGENET1K_V2")
    }
    assert said["IMAGENET1K_V1"].crop == 224 / 256
    assert 224 / 233 < said["IMAGENET1K_V2"].crop <= 224 / 232
    with pytest.raises(IsomorphError, match="torchvision/resnet18 is not a trained resnet50"):
        network("untrained/resnet50", 0, like="torchvision/resnet18")


@pytest.mark.parametrize(("name", "size"), [("lite0", 224), ("lite1", 240), ("lite2", 260)])
def test_networks_of_packages_have_controls_that_see_images_of_their_size(name, size):
    found = network(f"untrained/efficientnet-{name}", 1)
    assert found.preprocessing.size == size
    state = found.module.state_dict()
    assert state["_fc.bias"].abs().max() == 0
    assert state["_fc.weight"].abs().max() <= 1 / np.sqrt(1000)


def test_a_network_without_a_seed_is_refused():
    with pytest.raises(IsomorphError, match="needs seeds"):
        network("untrained/resnet18", None)


LIBRARIES = (
    "timm", "torchvision", "open_clip", "transformers", "huggingface_hub", "onnx", "onnxruntime"
)  # fmt: skip


WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({LIBRARIES}))  # Python then finds none of them
from pathlib import Path
from isomorph.errors import IsomorphError
from isomorph.models import SOURCES, Request, mistakes_of
from isomorph.study import ModelSpec
for source in ("timm/x", "torchvision/x", "open_clip/x", "transformers/x"):
    print(*mistakes_of(ModelSpec(name="m", title="M", source=source)))
for source in ("package/efficientnet-lite0", "untrained/efficientnet-lite0", "untrained/resnet18"):
    seed = 0 if source.startswith("untrained") else None
    spec = ModelSpec(name="m", title="M", source=source, seeds=[0])
    assert mistakes_of(spec) == []
    try:
        SOURCES[source].network(Request("m", spec, seed, Path("weights"), Path(".")))
        print(source, "runs")
    except IsomorphError as error:
        print(error)
"""

WITH_TORCHVISION = """
import contextlib, io, warnings
del sys.modules["torchvision"]
warnings.simplefilter("ignore")
from isomorph.models.libraries.imported import import_torchvision
with contextlib.redirect_stderr(io.StringIO()) as told:
    import_torchvision()
    import_torchvision()
import torch, torchvision
torchvision.models.squeezenet1_1(weights=None)(torch.zeros(1, 3, 64, 64))
print(told.getvalue().count("do not fit this torch"), torchvision.extension._has_ops())
"""


def test_the_core_runs_without_any_library_and_torchvision_with_torch_for_cpus(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + WITH_TORCHVISION],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    for place, name in enumerate(("timm", "torchvision", "open_clip", "transformers")):
        assert f"needs {name}, which is not installed" in said[place]
        assert f'pip install -c constraints.txt -e ".[{name}]"' in said[place]
    assert said[4:6] == ["package/efficientnet-lite0 runs", "untrained/efficientnet-lite0 runs"]
    assert said[6] == f"torchvision is not installed; {how_to_install('torchvision')}"
    # operators that load need no help; those that do not are helped once, and it is said
    assert said[7] in {"1 False", "0 True"}
