"""Networks that take time: the frames before each stimulus, and which of them they see."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
import yaml
from torch import nn

from isomorph import slices
from isomorph.cli.opening import open_study
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.models import SOURCES, Request, activations, mistakes_of
from isomorph.models.clips import places
from isomorph.models.fold import fold
from isomorph.models.layers import Layer
from isomorph.models.libraries import torchvision
from isomorph.models.libraries.imported import library
from isomorph.models.outline import outline
from isomorph.models.readout import map_axes
from isomorph.models.tokens import Tokens, find_tokens
from isomorph.stages import activations as make
from isomorph.stages import fetch, stimuli
from isomorph.study import ModelSpec, load_study
from isomorph.study.film import Clips
from isomorph.study.model import VIDEO
from servers.weights_hub import WeightsHub

KEPT = {"frames": 5, "spacing": 0.1}
ASKED = {"frames": 3, "spacing": 0.2}  # every second frame of those
SEES = {"size": 4, "interpolation": "nearest"}
NETWORKS = """
import torch
from torch import nn


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(2)


def over_time():
    return nn.Sequential(Mean(), nn.Flatten()).eval(), {
        "size": 4, "interpolation": "nearest", "clip": {"frames": 3, "spacing": 0.2}
    }
"""
MODELS = {
    "says": {"source": "python/networks:over_time"},
    "told": {"source": "python/networks:over_time", "preprocessing": {**SEES, "clip": ASKED}},
    "still": {"source": "baseline/pixels", "preprocessing": SEES},
}
FRAMES = np.random.default_rng(0).integers(0, 256, (40, 4, 4)).astype(np.uint8)
"""A film of 4 s, 10 frames a second."""


@pytest.fixture(scope="module", autouse=True)
def _as_released():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library("transformers")


def write(root, clips=None, models=("says",), datasets=("film",)):
    """Write a study of a film, and of pictures beside it."""
    for folder in ("config/datasets", "config/models", "files"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    np.save(root / "files" / "a.npy", FRAMES)
    film = {"kind": "film", "file": "*.npy", "rate": 10, "every": 0.5}
    shown = {
        "film": film if clips is None else {**film, "clips": clips},
        "pictures": {"kind": "folder", "files": "*.png"},
    }
    for name, spec in shown.items():
        content = {
            "name": name, "title": name, "subjects": ["one"],
            "archive": {"kind": "local", "path": str(root / "files")}, "stimuli": spec,
            "responses": {"kind": "arrays", "responses": "{subject}.npy",
                          "presentations": "p.csv", "units": "u.csv"},
        }  # fmt: skip
        (root / f"config/datasets/{name}.yaml").write_text(yaml.safe_dump(content))
    (root / "config/models/networks.py").write_text(NETWORKS)
    for name, spec in MODELS.items():
        text = yaml.safe_dump({"name": name, "layers": "all", **spec})
        (root / f"config/models/{name}.yaml").write_text(text)
    study = {"name": "s", "datasets": [*datasets], "models": [*models]}
    (root / "config/s.yaml").write_text(yaml.safe_dump(study))
    return root / "config/s.yaml"


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    found = Layout(load_study(write(root, KEPT, MODELS)), root)
    fetch.run(found, "film")
    stimuli.run(found, "film")
    return found


@pytest.mark.parametrize("model", ["says", "told"])
def test_the_mean_over_the_frames_before_each_stimulus(layout, model, capfd):
    make.run(layout, "film", model)
    found = xr.load_dataset(layout.activations("film", model))
    last = np.arange(0, 40, 5)  # a stimulus at every half second
    before = np.maximum(last[:, None] - [4, 2, 0], 0)  # the film begins with its first frame
    colour = np.repeat(FRAMES[:, None], 3, axis=1) / np.float32(255)
    expected = fold(colour[before].mean(1).reshape(8, -1)).gram
    np.testing.assert_allclose(found.gram.sel(layer="0"), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.gram.sel(layer="1"), expected, rtol=1e-5, atol=1e-6)
    said = "clips of 3 frames, 0.2 s apart, of which 1 of 8 begin before their film"
    assert said in found.attrs["seen"]
    assert json.loads(found.attrs["preprocessing"])["clip"] == ASKED
    assert "1 of 8 begin before their film" in capfd.readouterr().err


def test_a_model_of_pictures_sees_single_frames_of_a_film(layout):
    make.run(layout, "film", "still")
    found = xr.load_dataset(layout.activations("film", "still"))
    colour = np.repeat(FRAMES[::5, None], 3, axis=1) / np.float32(255)
    np.testing.assert_allclose(found.gram[0], fold(colour.reshape(8, -1)).gram, rtol=1e-5)


def test_what_is_kept_and_what_is_taken_decide_what_is_made_anew(tmp_path):
    def settings(clips, model="told"):
        return slices.activations(load_study(write(tmp_path, clips, [model])), "film", model)

    first = settings(KEPT)
    assert first["clips"] == KEPT
    assert settings({**KEPT, "spacing": 0.2}) != first
    assert settings(KEPT, "says") != first
    other = {**MODELS["told"], "preprocessing": {**SEES, "clip": {**ASKED, "spacing": 0.1}}}
    (tmp_path / "config/models/more.yaml").write_text(yaml.safe_dump({"name": "more", **other}))
    assert settings(KEPT, "more")["preprocessing"] != first["preprocessing"]


@pytest.mark.parametrize(
    ("kept", "asked", "expected"),
    [
        ((16, 0.0667), (16, 1 / 15), list(range(16))),
        ((5, 0.1), (3, 0.2), [0, 2, 4]),
        ((6, 0.1), (3, 0.2), [1, 3, 5]),
        ((4, 0.1), (3, 0.2), None),  # too few
        ((5, 0.2), (3, 0.1), None),  # too far apart
        ((16, 0.1), (4, 0.15), None),  # between two
        ((64, 0.04), (16, 1 / 15), None),
    ],
)
def test_frames_are_taken_where_they_are_kept_and_not_between(kept, asked, expected):
    one, other = (Clips(frames=n, spacing=s) for n, s in (kept, asked))
    assert places(one, other) == expected


REFUSED = {
    "none": (None, r"film keeps none; add clips: \{frames: 3, spacing: 0\.2\} to the stimuli of"),
    "few": (
        {"frames": 4, "spacing": 0.1},
        r"keeps 4 frames, 0\.1 s apart; write clips: \{frames: 5, spacing: 0\.1\} into",
    ),
    "between": (
        {"frames": 9, "spacing": 0.15},
        r"3 frames, 0\.2 s apart, and film keeps 9 frames, 0\.15 s apart; write clips: \{frames: 3",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_clips_that_are_not_kept_are_refused_before_anything_runs(tmp_path, case):
    clips, said = REFUSED[case]
    with pytest.raises(IsomorphError, match=rf"told\.yaml: preprocessing: told takes.*{said}"):
        open_study(write(tmp_path, clips, ["told"]))


def test_clips_are_for_films_and_pictures_are_passed_over(tmp_path):
    study = open_study(write(tmp_path, KEPT, ["told", "still"], ["film", "pictures"]))
    assert [name for name, _, _ in study.instances_for("pictures")] == ["still"]
    assert [name for name, _, _ in study.instances_for("film")] == ["told", "still"]
    with pytest.raises(IsomorphError, match=r"with pictures: models that take clips are for films"):
        open_study(write(tmp_path, KEPT, ["told"], ["film", "pictures"]))


def test_a_network_that_says_itself_that_it_takes_clips_is_refused_for_pictures(tmp_path):
    from PIL import Image

    study = load_study(write(tmp_path, None, ["says"], ["pictures"]))
    for number in range(2):
        Image.fromarray(FRAMES[number]).save(tmp_path / f"files/{number}.png")
    layout = Layout(study, tmp_path)
    fetch.run(layout, "pictures")
    stimuli.run(layout, "pictures")
    with pytest.raises(IsomorphError, match=r"the stimuli of pictures are no frames of films"):
        make.run(layout, "pictures", "says")


# ---------------------------------------------------------------- clips in hand


def clips(n=8, frames=4, size=16):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, frames, size, size, 3)).astype(np.uint8)


def test_layers_of_an_untrained_video_network_are_those_of_the_library():
    settings = {"size": 16, "interpolation": "nearest", "clip": {"frames": 4, "spacing": 0.1}}
    found = activations("untrained/r3d_18", clips(), ["layer4", "fc"], preprocessing=settings,
                        seed=3, pooling="mean")  # fmt: skip
    models = library("torchvision").models
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        theirs = models.get_model("r3d_18", weights=None).eval()
    batch = torch.from_numpy(clips()).permute(0, 4, 1, 2, 3) / np.float32(255)
    with torch.inference_mode():
        expected = fold(theirs(batch).numpy()).gram
    # a map of (channel, time, height, width): means over positions, 512 × 1 × (1 × 1)
    assert found.n_features.values.tolist() == [512, 400]
    np.testing.assert_allclose(found.gram.sel(layer="fc"), expected, rtol=1e-3, atol=1e-6)


def test_what_a_model_sees_is_what_it_is_given():
    settings = {"size": 16, "clip": {"frames": 4, "spacing": 0.1}}
    network = nn.Sequential(nn.AdaptiveAvgPool3d(1))
    for given, said in (
        (clips()[:, 0], "is one image, and the model takes clips of 4 frames"),
        (clips(frames=3), "is a clip of 3 frames, and the model takes clips of 4"),
    ):
        with pytest.raises(IsomorphError, match=said):
            activations(network, given, "all", preprocessing=settings)
    with pytest.raises(IsomorphError, match="a clip of 4 frames, and the model sees single images"):
        activations("baseline/pixels", clips())
    with pytest.raises(IsomorphError, match="is a clip, and preprocessing a function of one image"):
        activations(network, clips(), "all", preprocessing=np.asarray)
    with pytest.raises(IsomorphError, match=r"fails on clips of 3 × 4 × 16 × 16 in .*size or clip"):
        activations(nn.Sequential(nn.Conv2d(3, 2, 3)), clips(), "all", preprocessing=settings)


def test_who_takes_clips_is_known_by_its_source():
    models = library("torchvision").models
    assert set(models.list_models(models.video)) == VIDEO
    for source, preprocessing, said in (
        ("torchvision/r3d_18", {"size": 112}, "clip: is required, torchvision/r3d_18 takes clips"),
        ("torchvision/resnet18", {"size": 8, "clip": ASKED}, "resnet18 sees single images"),
        ("baseline/gabor", {"size": 8, "clip": ASKED}, "gabor sees single images, leave clip out"),
        ("timm/vit_tiny_patch16_224", {"size": 8, "clip": ASKED}, "sees single images"),
        ("onnx/net.onnx", {"size": 8, "clip": ASKED}, "sees single images"),
    ):
        spec = ModelSpec(name="m", source=source, preprocessing=preprocessing)
        assert any(said in mistake for mistake in mistakes_of(spec))
    assert ModelSpec(name="m", source="untrained/s3d", seeds=[0]).takes_clips
    assert not ModelSpec(name="m", source="untrained/timm/s3d", seeds=[0]).takes_clips


def test_torchvision_says_with_which_clips_its_weights_were_tested():
    said = torchvision.preprocessing("mvit_v2_s.KINETICS400_V1")
    assert said.clip == Clips(frames=16, spacing=1 / 7.5)
    assert (said.size, said.crop, said.mean[0]) == (224, 0.875, 0.45)
    assert torchvision.preprocessing("r3d_18").clip == Clips(frames=16, spacing=1 / 15)
    assert torchvision.preprocessing("resnet18").clip is None
    small = {"size": 32, "clip": {"frames": 8, "spacing": 0.1}}
    spec = ModelSpec(name="m", source="torchvision/r3d_18", layers=["layer1"], preprocessing=small)
    assert outline(spec, 100).choice.widths["layer1"] == 64 * 8 * 16 * 16  # eight times one frame


def test_patches_and_maps_of_clips_have_a_time():
    assert map_axes((8, 4, 7, 7), None, timed=True) == (2, 3)  # channel, time, height, width
    assert map_axes((4, 7, 7, 8), None, timed=True) == (1, 2)
    assert map_axes((8, 4, 7, 7), None) is None
    network = nn.Module()
    network.cls_token = nn.Parameter(torch.zeros(1, 1, 5))
    # a class token and two squares of four patches are nine, which is a square by chance
    layers = {"a": Layer((9, 5)), "b": Layer((9, 5))}
    assert find_tokens(network, layers, ["a", "b"], timed=True) == Tokens(9, 1, True)


# ---------------------------------------------------------------- transformers


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tiny V-JEPA 2 with weights drawn at random, and the files of its repository."""
    import transformers

    sides = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    predictor = {f"pred_{key}": value for key, value in sides.items()}
    config = transformers.VJEPA2Config(
        **sides, **predictor, patch_size=8, crop_size=16, frames_per_clip=4
    )
    torch.manual_seed(0)
    model, folder = transformers.VJEPA2Model(config).eval(), tmp_path_factory.mktemp("vjepa")
    model.save_pretrained(folder)
    transformers.VJEPA2VideoProcessor(crop_size=16).save_pretrained(folder)
    return model, {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def hub(made, monkeypatch):
    with WeightsHub() as served:
        monkeypatch.setenv("ISOMORPH_MIRRORS", f"https://huggingface.co={served.url}")
        served.repositories["lab/vjepa"] = made[1]
        yield served


def test_a_model_of_videos_of_transformers_runs_its_encoder(hub, made, tmp_path):
    settings = {"size": 16, "clip": {"frames": 4, "spacing": 0.25}}
    found = activations("transformers/lab/vjepa", clips(), "blocks", preprocessing=settings,
                        weights=tmp_path, tokens="mean")  # fmt: skip
    batch = torch.from_numpy(clips()) / np.float32(255)  # (stimulus, time, row, column, channel)
    with torch.inference_mode():
        seen = made[0].get_vision_features(batch.permute(0, 1, 4, 2, 3))
    assert seen.shape == (8, 8, 24)  # two times, two rows, two columns
    assert not any("predictor" in name for name in found.layer.values)
    gram = found.gram.sel(layer="encoder.layernorm")
    np.testing.assert_allclose(gram, fold(seen.mean(1).numpy()).gram, rtol=1e-3, atol=1e-6)


def test_how_far_apart_its_frames_are_the_models_file_says(hub, tmp_path):
    spec = ModelSpec(name="m", source="transformers/lab/vjepa")
    with pytest.raises(IsomorphError) as caught:
        SOURCES[spec.source].network(Request("m", spec, None, tmp_path, tmp_path))
    said = str(caught.value)
    assert "takes clips of 4 frames and does not say how far apart they are" in said
    assert "size: 16, crop: 0.888" in said
    assert "clip: {frames: 4, spacing: …}" in said
    assert "model.safetensors" not in hub.fetched()
    given = pd.Series(said.partition("preprocessing: ")[2]).str.replace("…", "0.25")[0]
    again = {"name": "m", "source": spec.source, "preprocessing": yaml.safe_load(given)}
    assert ModelSpec(**again).preprocessing.clip == Clips(frames=4, spacing=0.25)
