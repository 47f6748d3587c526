"""Tokens and positions that are read of layers."""

import numpy as np
import pytest
import torch
from architectures import built, plain, recurrent, u_shaped
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.blocks import blocks
from isomorph.models.extraction import extract
from isomorph.models.fold import fold
from isomorph.models.folded import Activations
from isomorph.models.layers import Layer, discover, watching
from isomorph.models.network import Network
from isomorph.models.readout import Reading, map_axes, window
from isomorph.models.tokens import Tokens, find_tokens

IMAGES = np.random.default_rng(2).random((5, 3, 32, 32), dtype=np.float32)


def run(model, tmp_path, patterns="all", batch_size=128, **reading) -> Activations:
    return extract(
        Network(model), IMAGES, patterns, where="net", scratch=tmp_path, batch_size=batch_size,
        reading=Reading(**reading),
    )  # fmt: skip


def whole(model: nn.Module, name: str) -> np.ndarray:
    kept = {}
    with torch.no_grad(), watching(model, lambda layer, x: kept.update({layer: x.clone()})):
        model(torch.from_numpy(IMAGES))
    return kept[name].numpy()


def same(found, features: np.ndarray) -> None:
    expected = fold(np.ascontiguousarray(features.reshape(len(IMAGES), -1)))
    scale = np.abs(expected.gram).max()
    np.testing.assert_allclose(found.gram, expected.gram, rtol=0, atol=1e-5 * scale)
    assert found.n_features == expected.n_features


BLOCK = "encoder.layers.encoder_layer_1"
CHOICES = {
    "class": (lambda x: x[:, 0], "class token"),
    "patches": (lambda x: x[:, 1:], "16 patch tokens"),
    "mean": (lambda x: x[:, 1:].mean(1), "mean of 16 patch tokens"),
}


@pytest.mark.parametrize("batch_size", [128, 2])
@pytest.mark.parametrize("tokens", CHOICES)
def test_tokens_of_a_transformer_are_those_asked_for(tokens, batch_size, tmp_path):
    model = built("torchvision/vit")
    found = run(model, tmp_path, tokens=tokens, batch_size=batch_size)
    choose, words = CHOICES[tokens]
    for name in (BLOCK, "encoder.ln", f"{BLOCK}.self_attention"):
        same(found.layers[name], choose(whole(model, name)))
        assert found.words[name] == words
    same(found.layers["heads.head"], whole(model, "heads.head"))
    assert found.words["heads.head"] == "whole"


def test_register_tokens_are_no_patches(tmp_path):
    model = built("timm/registers")
    found = run(model, tmp_path, ["blocks.*"], tokens="mean")
    same(found.layers["blocks.1"], whole(model, "blocks.1")[:, 4:].mean(1))
    assert found.words["blocks.1"] == "mean of 16 patch tokens"


def test_heads_are_read_along_their_token_axis(tmp_path):
    model = built("timm/registers")
    name = "blocks.1.attn.qkv"
    found = run(model, tmp_path, [name], tokens="class")
    same(found.layers[name], whole(model, name)[:, 0])


def test_a_class_token_that_has_seen_nothing_yet_tells_no_stimuli_apart(tmp_path):
    found = run(built("timm/registers"), tmp_path, tokens="class")
    assert "does not tell the stimuli apart" in found.left_out["blocks.0.attn.qkv"]


def test_patches_before_the_class_token_joins_have_none(tmp_path):
    found = run(built("timm/registers"), tmp_path, tokens="class")
    assert found.left_out["patch_embed"] == "has patch tokens but no class token"
    patches = run(built("timm/registers"), tmp_path, tokens="patches")
    same(patches.layers["patch_embed"], whole(built("timm/registers"), "patch_embed"))


def test_a_transformer_without_class_token_says_what_it_has(tmp_path):
    with pytest.raises(
        IsomorphError, match=r"net: tokens: class is asked for, but the model has 16 patch tokens, "
        "no class token; choose all, patches or mean"
    ):  # fmt: skip
        run(built("timm/averaging"), tmp_path, tokens="class")
    found = run(built("timm/averaging"), tmp_path, ["blocks.1"], tokens="mean")
    same(found.layers["blocks.1"], whole(built("timm/averaging"), "blocks.1").mean(1))


@pytest.mark.parametrize("network", [plain, recurrent, u_shaped])
@pytest.mark.parametrize("tokens", ["class", "patches", "mean"])
def test_networks_without_tokens_refuse_them(network, tokens, tmp_path):
    with pytest.raises(IsomorphError, match=f"net: tokens: {tokens} is asked for, but its blocks"):
        run(network(), tmp_path, tokens=tokens)


def test_a_choice_that_no_layer_asked_for_offers_is_refused(tmp_path):
    with pytest.raises(IsomorphError, match="none of the 1 layers asked for has tokens"):
        run(built("torchvision/vit"), tmp_path, ["heads.head"], tokens="mean")
    with pytest.raises(IsomorphError, match="none of the 1 layers asked for is a feature map"):
        run(plain(), tmp_path, ["classifier.3"], pooling="mean")


class Late(nn.Module):
    """A class token that joins after the blocks, as in CaiT."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 8, stride=8)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Linear(4, 4)) for _ in range(3)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(self.stem(x).flatten(2).transpose(1, 2))
        return torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)


def test_a_class_token_that_joins_after_the_blocks_is_not_taken_for_their_first_patch():
    model = Late().eval()
    layers = discover(model, torch.from_numpy(IMAGES))
    names = blocks(model, list(layers), "net")
    assert find_tokens(model, layers, names) == Tokens(16, 0, False)


def test_tokens_that_are_no_square_are_not_guessed():
    layers = {name: Layer((15, 4)) for name in "abc"}
    assert find_tokens(nn.Identity(), layers, list("abc")) is None
    square = {name: Layer((16, 4)) for name in "abc"}
    assert find_tokens(nn.Identity(), square, list("abc")) == Tokens(16, 0, False)


MAP = "features.3"
POOLED = {
    "mean": (lambda x: x.mean((2, 3)), "mean over 5 × 5 positions"),
    "max": (lambda x: x.max((2, 3)), "maximum over 5 × 5 positions"),
    "centre": (lambda x: x[:, :, 1:4, 1:4], "central 3 × 3 of 5 × 5 positions"),
}


@pytest.mark.parametrize("batch_size", [128, 2])
@pytest.mark.parametrize("pooling", POOLED)
def test_positions_of_feature_maps_are_those_asked_for(pooling, batch_size, tmp_path):
    found = run(plain(), tmp_path, pooling=pooling, centre=0.6, batch_size=batch_size)
    choose, words = POOLED[pooling]
    same(found.layers[MAP], choose(whole(plain(), MAP)))
    assert found.words[MAP] == words
    assert found.words["classifier.3"] == "whole"
    assert found.attributes["pooling"] == pooling


def test_maps_with_channels_last_are_pooled_over_positions_too(tmp_path):
    class Last(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1)

    model = nn.Sequential(nn.Conv2d(3, 6, 8, stride=8), Last()).eval()
    found = run(model, tmp_path, pooling="mean")
    same(found.layers["1"], whole(model, "1").mean((1, 2)))
    np.testing.assert_allclose(found.layers["0"].gram, found.layers["1"].gram, rtol=1e-4)


def test_attention_maps_are_no_feature_maps():
    tokens = Tokens(17, 1, True)
    assert map_axes((4, 17, 17), tokens) is None
    assert map_axes((4, 16, 16), tokens) == (1, 2)
    assert map_axes((4, 17, 17), None) == (1, 2)
    assert map_axes((7, 7, 64), None) == (0, 1)
    assert map_axes((12, 17, 64), None) is None
    assert map_axes((49, 64), None) is None


@given(st.integers(1, 300), st.floats(0.01, 1.0))
def test_the_central_patch_lies_in_the_centre(side, share):
    inner = window(side, share)
    width = inner.stop - inner.start
    assert inner.start == side - inner.stop
    assert 1 <= width <= side
    assert abs(width - share * side) <= 1 or width <= 2
