"""Every layer of whole networks against its module, called by hand on what it was given."""

from collections import Counter

import numpy as np
import pytest
import torch
from architectures import built, recurrent, u_shaped
from torch import nn

from isomorph.models.extraction import extract
from isomorph.models.folded import Activations
from isomorph.models.layers import named_tensors
from isomorph.models.network import Network

IMAGES = np.random.default_rng(4).random((6, 3, 32, 32), dtype=np.float32)

NETWORKS = {
    "transformer": lambda: built("torchvision/vit"),
    "resnet": lambda: built("torchvision/resnet18"),
    "u-shaped": u_shaped,
    "recurrent": recurrent,
    "gated, batch first": lambda: recurrent(nn.GRU, batch_first=True),
    "both ways": lambda: recurrent(nn.RNN, batch_first=True, num_layers=2),
}


@pytest.fixture(params=NETWORKS)
def model(request) -> nn.Module:
    return NETWORKS[request.param]()


def run(model, tmp_path, images=IMAGES, **settings) -> Activations:
    return extract(Network(model), images, "all", where="net", scratch=tmp_path, **settings)


def by_hand(model: nn.Module, images: np.ndarray) -> dict[str, np.ndarray]:
    """Call every module again on a copy of its recorded input: features by layer."""
    recorded: list[tuple[str, nn.Module, tuple, dict]] = []

    def record(name):
        def before(module, inputs, named):
            copies = [x.clone() if isinstance(x, torch.Tensor) else x for x in inputs]
            recorded.append((name, module, tuple(copies), dict(named)))

        return before

    handles = [
        module.register_forward_pre_hook(record(name), with_kwargs=True)
        for name, module in model.named_modules()
        if name
    ]
    with torch.no_grad():
        model(torch.from_numpy(images))
        for handle in handles:
            handle.remove()
        calls: Counter[str] = Counter()
        features = {}
        for name, module, inputs, named in recorded:
            calls[name] += 1
            call = name if calls[name] == 1 else f"{name}#{calls[name]}"
            for suffix, tensor in named_tensors(module(*inputs, **named)):
                axis = next(i for i, size in enumerate(tensor.shape) if size == len(images))
                flat = tensor.movedim(axis, 0).reshape(len(images), -1)
                features[call + suffix] = flat.double().numpy()
    return features


def close(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def test_each_layer_is_its_module_called_by_hand(model, tmp_path):
    found, truth = run(model, tmp_path), by_hand(model, IMAGES)
    assert set(found.layers) | set(found.left_out) == set(truth)
    for name, layer in found.layers.items():
        centred = truth[name] - truth[name].mean(axis=0)
        close(layer.gram, centred @ centred.T)
        assert layer.n_features == truth[name].shape[1]
    # what is left out is left out for a reason that holds
    for name in found.left_out:
        spread = truth[name].std(axis=0).max()
        assert spread < 1e-4 * np.abs(truth[name]).max()


@pytest.mark.parametrize("size", [1, 4])
def test_the_size_of_batches_changes_nothing(model, tmp_path, size):
    whole, parts = run(model, tmp_path), run(model, tmp_path, batch_size=size)
    assert list(whole.layers) == list(parts.layers)
    for name, layer in whole.layers.items():
        close(parts.layers[name].gram, layer.gram)
    close(parts.output, whole.output) if whole.output is not None else None


def test_the_order_of_images_changes_nothing(model, tmp_path):
    order = np.random.default_rng(0).permutation(len(IMAGES))
    here, there = run(model, tmp_path), run(model, tmp_path, images=IMAGES[order])
    for name, layer in here.layers.items():
        close(there.layers[name].gram, layer.gram[np.ix_(order, order)])


def test_a_recurrent_network_that_puts_time_first_is_turned(tmp_path):
    found = run(recurrent(), tmp_path)
    moved = "stimulus axis moved from place 2 to the first"
    assert found.words == {
        "rows": "whole", "cell": moved, "cell[1][0]": moved, "cell[1][1]": moved, "head": "whole",
    }  # fmt: skip
    assert found.layers["cell"].n_features == 8 * 10
    turned = run(recurrent(batch_first=True), tmp_path)
    assert turned.words["cell"] == "whole"
    close(turned.layers["cell"].gram, found.layers["cell"].gram)


def test_attention_bears_the_name_of_its_module_and_its_idle_parts_no_name(tmp_path):
    found = run(built("torchvision/vit"), tmp_path)
    attention = "encoder.layers.encoder_layer_0.self_attention"
    assert found.layers[attention].n_features == 17 * 24
    assert f"{attention}.out_proj" not in {*found.layers, *found.left_out}


@pytest.mark.parametrize("network", ["transformer", "resnet", "u-shaped", "recurrent"])
def test_a_graphics_card_gives_the_same(network, tmp_path, monkeypatch):
    if not torch.cuda.is_available():
        pytest.skip("no graphics card")
    for size in (128, 4):
        there = run(NETWORKS[network](), tmp_path, batch_size=size)
        with monkeypatch.context() as without:
            without.setattr(torch.cuda, "is_available", lambda: False)
            here = run(NETWORKS[network](), tmp_path, batch_size=size)
        assert (there.attributes["device"], here.attributes["device"]) == ("cuda", "cpu")
        for name, layer in here.layers.items():
            close(there.layers[name].gram, layer.gram, 1e-4)
