"""Small untrained networks of the families that people use."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.libraries.imported import library


@cache
def built(name: str) -> nn.Module:
    """Build a network of a library with fixed weights; the test is skipped without the library."""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            return BUILDERS[name]().eval()
    except IsomorphError as error:
        pytest.skip(str(error))


def _vit() -> nn.Module:
    model = library("torchvision").models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=24, mlp_dim=32,
        num_classes=7,
    )  # fmt: skip
    nn.init.normal_(model.heads.head.weight)  # zero by default, so all stimuli would be alike
    return model


def _registers() -> nn.Module:
    return library("timm").models.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2, reg_tokens=3, num_classes=7
    )


def _averaging() -> nn.Module:
    return library("timm").models.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2, class_token=False,
        global_pool="avg", num_classes=7,
    )  # fmt: skip


BUILDERS = {
    "torchvision/resnet18": lambda: library("torchvision").models.resnet18(num_classes=11),
    "torchvision/vit": _vit,
    "timm/test_vit": lambda: library("timm").create_model("test_vit", num_classes=7),
    "timm/registers": _registers,
    "timm/averaging": _averaging,
}


class Double(nn.Module):
    """Two convolutions, the second overwritten in place."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.second(self.relu(self.first(x))))


class UShaped(nn.Module):
    """Steps down, a bottom, and steps up that see what the steps down saw."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([Double(3, 4), Double(4, 6), Double(6, 8)])
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList([Double(8 + 6, 6), Double(6 + 4, 4)])
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.down[0](x)
        second = self.down[1](first)
        bottom = self.down[2](self.pool(second))
        wide = nn.functional.interpolate(bottom, size=second.shape[2:])
        x = self.up[0](torch.cat([wide, second], 1))
        x = self.up[1](torch.cat([x, first], 1))
        return self.head(self.pool(x))


class Recurrent(nn.Module):
    """Reads the rows of an image one after another, time first."""

    def __init__(self, cell: type[nn.Module], **arguments: object) -> None:
        super().__init__()
        self.rows = nn.Conv2d(3, 2, 4, stride=4)
        self.cell = cell(2 * 8, 10, **arguments)
        self.head = nn.Linear(10, 5)
        self.batch_first = bool(arguments.get("batch_first"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = self.rows(x).permute(2, 0, 1, 3).flatten(2)
        said, _ = self.cell(rows.transpose(0, 1) if self.batch_first else rows)
        return self.head(said[:, -1] if self.batch_first else said[-1])


def _drawn(build: object, *arguments: object, **named: object) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return build(*arguments, **named).eval()


def u_shaped() -> nn.Module:
    return _drawn(UShaped)


def recurrent(cell: type[nn.Module] = nn.LSTM, **arguments: object) -> nn.Module:
    return _drawn(Recurrent, cell, **arguments)


def plain() -> nn.Module:
    """Return a network in which nothing is repeated."""

    def build() -> nn.Module:
        features = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3),
        )  # fmt: skip
        classifier = nn.Sequential(
            nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)
        )
        model = nn.Sequential()
        model.features, model.classifier = features, classifier
        return model

    return _drawn(build)
