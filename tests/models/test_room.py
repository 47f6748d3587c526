"""What layers take is known before anything runs, told, and refused above a bound."""

from __future__ import annotations

import shutil
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study as tiny

from isomorph.cli import main, open_study
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.models import room as room_module
from isomorph.models.choosing import Choice, choose
from isomorph.models.extraction import extract
from isomorph.models.forward import ForwardRun
from isomorph.models.layers import discover, outlined
from isomorph.models.network import Network
from isomorph.models.outline import outline
from isomorph.models.packing import bytes_of, packing
from isomorph.models.readout import Reading
from isomorph.models.room import Room, images_at_once
from isomorph.stages import activations, fetch, stimuli
from isomorph.study import ModelSpec

IMAGES = np.random.default_rng(0).random((12, 3, 8, 8), dtype=np.float32)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.conv(x)) + x


def blocky() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), Block(), Block(), nn.Flatten()).eval()


BLOCKS = ["0", "1", "2", "3"]
ALL = ["0", "1.conv", "1.relu", "1", "2.conv", "2.relu", "2", "3"]
EACH = 4 * 12 * 4 * 8 * 8
"""Bytes of one layer for all images."""


def run(tmp_path, layers=None, batch_size=4, **room):
    return extract(Network(blocky()), IMAGES, layers, where="net", scratch=tmp_path,
                   batch_size=batch_size, room=Room(**room))  # fmt: skip


# ---------------------------------------------------------------- which layers


@pytest.mark.parametrize(
    ("settings", "layers"),
    [
        ({}, ALL),
        ({"spool_gb": 8 * EACH / 1e9}, ALL),
        ({"spool_gb": 8 * EACH / 1e9 - 1e-9}, BLOCKS),
        ({"spool_gb": 4 * EACH / 1e9}, BLOCKS),
        ({"spool_gb": 4 * EACH / 1e9, "batch_size": 12}, ALL),
        ({"spool_gb": 4 * EACH / 1e9, "spool": "sketch", "sketch_width": 8}, ALL),
    ],
)
def test_all_layers_are_read_where_they_fit_else_the_blocks(tmp_path, capsys, settings, layers):
    found = run(tmp_path, **settings)
    assert list(found.layers) == layers
    assert found.attributes["layers"] == ("all" if layers == ALL else "blocks")
    assert ("so blocks do" in capsys.readouterr().err) == (layers == BLOCKS)


def test_what_is_asked_for_is_refused_above_the_bound(tmp_path):
    for layers, n in (("all", 8), ("blocks", 4), (["0", "1"], 2), (None, 4)):
        with pytest.raises(IsomorphError, match=f"net: the features of {n} layers and 12 stimuli"):
            run(tmp_path, layers, spool_gb=1e-6)
    assert list(tmp_path.iterdir()) == []


def test_a_graph_without_blocks_is_refused_too(tmp_path):
    network = Network(blocky(), has_blocks=False)
    with pytest.raises(IsomorphError, match="the features of 8 layers"):
        extract(network, IMAGES, None, where="net", scratch=tmp_path, batch_size=4,
                room=Room(spool_gb=1e-6))  # fmt: skip


# ---------------------------------------------------------------- how much


@pytest.mark.parametrize("kind", ["float32", "float16", "sketch"])
@pytest.mark.parametrize("width", [5, 64, 65, 1000])
def test_the_room_told_is_the_room_taken(kind, width):
    one = packing(kind, "x", width, 64)
    features = np.random.default_rng(0).random((7, width), dtype=np.float32)
    if one.exact:
        assert bytes_of(kind, width, 7, 64) == features.nbytes
        return
    packed, facts = one.pack(features)
    beside = width * 4 + width  # the reference, and at most a byte of what is alive
    assert bytes_of(kind, width, 7, 64) == packed.nbytes + facts.nbytes + beside


def chosen(widths: dict[str, int]) -> Choice:
    return Choice("all", list(widths), {}, {}, widths, {})


def test_a_refusal_says_what_would_help():
    widths = {"a": 10_000_000, "b": 2_500_000}
    said = Room().refusal("net", chosen(widths), 1000)
    assert said == (
        "net: the features of 2 layers and 1,000 stimuli need 50.0 GB on disk for a while, more "
        "than the 20 GB of spool_gb; set spool to sketch (128.1 MB), name fewer layers or set "
        "spool_gb to 50"
    )
    assert "float16 (15.0 GB) or sketch (" in Room().refusal("net", chosen({"a": 7_500_000}), 1000)
    assert "set spool to" not in Room("sketch", spool_gb=0.01).refusal("net", chosen(widths), 1000)
    kept = Room(keep=5).refusal("net", chosen({"a": 7_500_000}), 1000)
    assert "float16" in kept
    assert "sketch" not in kept, "a sketch keeps no features"
    assert Room(spool_gb=50).refusal("net", chosen(widths), 1000) == ""


def test_more_stimuli_than_memory_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(room_module, "memory_here", lambda: 16_000_000_000)
    said = Room().refusal("net", chosen({"a": 3}), 100_000)
    assert "100,000 stimuli takes 320.0 GB of memory" in said
    assert "has 16.0 GB; use 22,360 stimuli or fewer" in said
    assert Room().refusal("net", chosen({"a": 3}), 22_360) == ""
    monkeypatch.setattr(room_module, "memory_here", lambda: 4000)
    with pytest.raises(IsomorphError, match="12 stimuli takes"):
        run(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_batches_are_as_large_as_memory_allows():
    assert images_at_once(128, 802_816, "cpu") == 128
    assert images_at_once(128, 5_000_000, "cpu") == 40
    assert images_at_once(128, 10**10, "cpu") == 1
    assert images_at_once(128, 10**10, "cuda") == 128


# ---------------------------------------------------------------- known from shapes


@pytest.mark.parametrize(
    ("layers", "reading"),
    [
        ("all", {}),
        ("blocks", {}),
        (["_blocks.*"], {"pooling": "mean"}),
        ("blocks", {"pooling": "centre", "centre": 0.5}),
    ],
)
def test_an_outline_is_what_a_run_finds(layers, reading, tmp_path):
    size = {"size": 32, "mean": [0.5] * 3, "std": [0.5] * 3}
    spec = ModelSpec(name="lite", title="", source="untrained/efficientnet-lite0", seeds=(0,),
                     layers=layers, preprocessing=size, **reading)  # fmt: skip
    found = outline(spec, 1000)
    assert found is not None
    from isomorph.models.packages.efficientnet_lite import untrained_efficientnet_lite

    images = np.random.default_rng(0).random((3, 3, 32, 32), dtype=np.float32)
    run = ForwardRun(untrained_efficientnet_lite("efficientnet-lite0", 0), images, "lite")
    with torch.inference_mode():
        run.survey(spec.layers, Reading(spec.tokens, spec.pooling, spec.centre))
        widths: dict[str, int] = {}
        run.forward(images, lambda name, x: widths.update({name: x.shape[1]}), ordered=True)
    assert found.choice.names == run.choice.names
    assert found.choice.widths == run.choice.widths == widths
    assert found.at_once == run.at_once(128)


def test_tokens_and_time_first_are_outlined():
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(3 * 8, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.rnn(x.permute(2, 0, 1, 3).flatten(2))[0][-1]

    real = discover(Recurrent().eval(), torch.from_numpy(IMAGES[:3]))
    shapes = outlined(Recurrent().eval().to("meta"), (3, 8, 8))
    assert shapes == real
    assert choose(Recurrent(), shapes, "all", Reading(), "net").widths["rnn"] == 8 * 5


@pytest.mark.parametrize("source", ["package/hed", "hub/a/b:1234/c", "open_clip/ViT-B-32"])
def test_what_needs_its_weights_has_no_outline(source):
    assert outline(ModelSpec(name="x", title="", source=source), 1000) is None


def test_time_grows_with_stimuli_and_products_with_their_square():
    spec = ModelSpec(name="lite", title="", source="package/efficientnet-lite0", layers="blocks")
    found = outline(spec, 1000)
    assert found is not None
    assert found.operations == pytest.approx(0.77e9, rel=0.01)  # 385 million multiply-adds
    (exact, bare), (sketched, _) = (found.seconds(1000, Room(kind)) for kind in KINDS)
    (more, twice), _ = (found.seconds(2000, Room(kind)) for kind in KINDS)
    assert twice == pytest.approx(2 * bare)
    assert 2.5 * exact < more < 4 * exact
    assert bare < sketched < exact


KINDS = ("float32", "sketch")


# ---------------------------------------------------------------- told by check, kept by the stage


LITE = {
    "name": "lite", "title": "Lite", "source": "untrained/efficientnet-lite0", "seeds": [0],
    "preprocessing": {"size": 32}, "batch_size": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("room")
    tiny.write(root)
    return root


def layout_of(root: Path, **model) -> Layout:
    tiny.write_yaml(root / "config" / "models" / "lite.yaml", {**LITE, **model})
    study = {**tiny.STUDY, "datasets": ["small"], "models": ["lite"]}
    tiny.write_yaml(root / "config" / "study.yaml", study)
    layout = Layout(open_study(root / "config" / "study.yaml"), root)
    if not layout.stimuli("small").is_file():
        fetch.run(layout, "small")
        stimuli.run(layout, "small")
    return layout


def checked(capsys, layout: Layout) -> tuple[int, str]:
    status = main(["check", "--study", str(layout.study.path), "--root", str(layout.root)])
    found = capsys.readouterr()
    return status, found.err if status else found.out


def test_check_tells_the_room_and_how_exact_it_is(folder, capsys):
    n = tiny.N_STIMULI
    status, said = checked(capsys, layout_of(folder))
    assert status == 0
    assert f"lite-seed0: 199 layers of {n} stimuli, " in said
    assert "on one core" in said
    assert "sketch" not in said
    status, said = checked(capsys, layout_of(folder, spool="sketch", sketch_width=50))
    assert "sketch of 50 numbers for each wider layer" in said
    assert "standard error of a squared distance at most 20.0% of it; seed 0" in said
    status, said = checked(capsys, layout_of(folder, batch_size=128))
    assert status == 0
    assert "199 layers" not in said, "one batch takes no room on disk"


def test_check_and_the_stage_refuse_in_the_same_words(folder, capsys):
    layout = layout_of(folder, layers="all", spool_gb=0.03)
    status, said = checked(capsys, layout)
    assert status == 1
    with pytest.raises(IsomorphError) as caught:
        activations.run(layout, "small", "lite-seed0")
    assert str(caught.value) in said
    assert "more than the 0.03 GB of spool_gb; set spool to float16" in said
    made = layout.activations("small", "lite-seed0").parent
    assert list(made.glob("*")) + list(made.glob(".spool*")) == []


def test_check_looks_at_the_disk(folder, capsys, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 10, 1000))
    status, said = checked(capsys, layout_of(folder))
    assert status == 1
    assert "lite-seed0: the features of 199 layers" in said
    assert "1.0 kB are free" in said


def test_check_says_what_it_cannot_know(folder, capsys):
    own = "import torch\ndef net():\n    return torch.nn.Flatten(), {'size': 4}\n"
    (folder / "config" / "models" / "own.py").write_text(own)
    layout = layout_of(folder, source="python/own:net", seeds=[], preprocessing=None)
    status, said = checked(capsys, layout)
    assert status == 0
    assert "the room that its layers take is known once it is built" in said


def test_a_sketch_is_recorded_and_shown(folder, capsys):
    from isomorph.artefacts import read_array

    layout = layout_of(folder, spool="sketch", sketch_width=50, layers=["_conv_stem", "_fc"])
    activations.run(layout, "small", "lite-seed0")
    file = layout.activations("small", "lite-seed0")
    data = read_array(file, "activations")
    assert data.attrs["spool"].startswith("sketch of 50 numbers")
    assert data["fidelity"].values[0] < 1
    capsys.readouterr()
    assert main(["show", str(file)]) == 0
    assert "sketch of 50 numbers for each wider layer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spool": "sketch", "sketch_width": 50}, "sketch of 50 numbers for each wider layer"),
        ({"spool": "float16"}, "float16, less the mean of the first stimuli"),
        ({}, ""),
        ({"source": "baseline/pixels", "seeds": (), "spool": "sketch"}, ""),
    ],
)
def test_the_page_tells_what_was_not_exact(settings, said):
    from isomorph.report.page import _rounded

    told = _rounded(ModelSpec(**{**LITE, **settings}))
    assert told.startswith(said)
    assert bool(told) == bool(said)
