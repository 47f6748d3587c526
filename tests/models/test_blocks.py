"""The blocks of networks of several families."""

import pytest
import torch
from architectures import built, plain, u_shaped
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.blocks import blocks
from isomorph.models.layers import discover


def found(model: nn.Module, size: int = 64) -> list[str]:
    images = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    return blocks(model, list(discover(model, images)), "net")


def test_a_resnet_is_its_residual_blocks_between_stem_and_head():
    assert found(built("torchvision/resnet18")) == [
        "conv1", "bn1", "relu", "maxpool",
        *(f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)),
        "avgpool", "fc",
    ]  # fmt: skip


def test_a_vision_transformer_is_looked_into_as_far_as_its_encoder_blocks():
    model = built("torchvision/vit")
    encoder = [f"encoder.layers.encoder_layer_{block}" for block in range(2)]
    assert found(model, 32) == ["conv_proj", *encoder, "encoder.ln", "heads.head"]


def test_what_does_nothing_in_evaluation_mode_is_passed_over():
    expected = ["patch_embed", *(f"blocks.{block}" for block in range(6)), "norm", "head"]
    assert found(built("timm/test_vit"), 160) == expected


def test_efficientnet_lite0_has_sixteen_blocks():
    from efficientnet_lite_pytorch import EfficientNet

    names = found(EfficientNet.from_name("efficientnet-lite0").eval())
    assert [name for name in names if name.startswith("_blocks")] == [
        f"_blocks.{block}" for block in range(16)
    ]
    outside = {"_conv_stem", "_bn0", "_swish", "_swish#2", "_conv_head", "_bn1", "_avg_pooling"}
    assert set(names) - {f"_blocks.{block}" for block in range(16)} == outside | {"_fc"}


def test_a_u_shaped_network_is_its_steps_down_and_up():
    assert found(u_shaped()) == ["down.0", "down.1", "pool", "down.2",
                                 "up.0", "up.1", "pool#2", "head"]  # fmt: skip


def test_a_plain_network_without_repetition_is_all_its_modules():
    names = found(plain())
    assert names == ["features.0", "features.1", "features.2", "features.3", "classifier.1",
                     "classifier.2", "classifier.3"]  # fmt: skip


def test_the_outermost_repetition_counts():
    def stage() -> nn.Module:
        inner = nn.Module()
        inner.parts = nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 1)) for _ in range(2)))
        inner.forward = inner.parts.forward
        return inner

    model = nn.Sequential(*(stage() for _ in range(3))).eval()
    assert found(model) == ["0", "1", "2"]


def test_a_network_without_layers_says_so():
    with pytest.raises(IsomorphError, match="net: layers: blocks finds none"):
        blocks(nn.Identity(), [], "net")
