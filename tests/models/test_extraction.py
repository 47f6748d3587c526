"""Extraction against modules called by hand."""

import json
import resource
import shutil
from collections import namedtuple

import numpy as np
import pytest
import torch
from small_networks import Holding, Random, Returning, Reusing, Several, seeded
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models import room
from isomorph.models.extraction import extract
from isomorph.models.fold import fold
from isomorph.models.folded import Activations, as_dataset, from_features
from isomorph.models.network import Network

IMAGES = np.random.default_rng(0).random((11, 3, 16, 16), dtype=np.float32)


def run(model, tmp_path, patterns=("**",), images=IMAGES, **settings) -> Activations:
    network = settings.pop("network", None) or Network(model)
    return extract(network, images, patterns, where="net", scratch=tmp_path, **settings)


def by_hand(model: Reusing) -> dict[str, torch.Tensor]:
    """Every layer of `Reusing`, without hooks and with nothing overwritten."""
    with torch.no_grad():
        stem = model.stem(torch.from_numpy(IMAGES))
        relu = torch.relu(stem)
        body0 = model.body[0](relu)
        relu2 = torch.relu(body0)
        body1 = model.body[1](relu2)
        pooled = body1.mean((2, 3))
        head = model.head(pooled)
    return {"stem": stem, "relu": relu, "body.0": body0, "relu#2": relu2, "body.1": body1,
            "dropout": pooled, "head": head}  # fmt: skip


def assert_same_layers(found: Activations, expected: Activations, tolerance: float = 1e-5) -> None:
    assert list(found.layers) == list(expected.layers)
    for name, layer in found.layers.items():
        other = expected.layers[name]
        scale = np.abs(other.gram).max()
        np.testing.assert_allclose(layer.gram, other.gram, rtol=0, atol=tolerance * scale)
        np.testing.assert_allclose(
            layer.mean_projection,
            other.mean_projection,
            rtol=0,
            atol=tolerance * np.sqrt(scale * other.mean_norm),
        )
        assert layer.mean_norm == pytest.approx(other.mean_norm, rel=tolerance)
        np.testing.assert_allclose(layer.stimulus_mean, other.stimulus_mean, atol=tolerance)
        assert layer.n_features == other.n_features


def test_fewer_images_pass_at_once_where_a_layer_is_large(tmp_path, monkeypatch, capsys):
    expected = run(seeded(Reusing), tmp_path)
    largest = 6 * 7 * 7
    monkeypatch.setattr(room, "BATCH_BYTES", 3 * room.ALIVE * 4 * largest)
    found = run(seeded(Reusing), tmp_path, patterns=["head"])
    assert "294 activations for each image, so 3 images pass at once" in capsys.readouterr().err
    head = expected.layers["head"].gram
    np.testing.assert_allclose(found.layers["head"].gram, head, atol=1e-5 * head.max())


@pytest.mark.parametrize("only_many", [False, True])
def test_a_network_that_cannot_run_is_one_sentence(tmp_path, only_many):
    def fail(x):
        if len(x) > 3 or not only_many:
            raise ValueError("no luck\nat all")
        return x

    with pytest.raises(IsomorphError) as caught:
        run(Holding(Returning(fail)).eval(), tmp_path)
    assert "net: the network fails on images of 3 × 16 × 16 in " in str(caught.value)
    assert "(ValueError: no luck)" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch_size", [128, 11, 4, 1])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_layer_is_the_module_called_by_hand(tmp_path, batch_size, channels_last):
    model = seeded(Reusing)
    expected = {name: fold(x.reshape(11, -1).numpy()) for name, x in by_hand(model).items()}
    network = Network(model, channels_last=channels_last)
    found = run(model, tmp_path, network=network, batch_size=batch_size)
    assert_same_layers(found, Activations(expected, {}))
    assert list(found.depth.values()) == list(range(7))
    assert found.left_out == {}


def test_the_trap_of_overwriting_in_place_is_real():
    """A hook that only keeps the tensor finds the next module's values in it."""
    model, kept = seeded(Reusing), {}
    handle = model.stem.register_forward_hook(lambda m, i, out: kept.update(stem=out))
    with torch.no_grad():
        model(torch.from_numpy(IMAGES))
    handle.remove()
    truth = by_hand(model)
    assert not torch.equal(kept["stem"], truth["stem"])
    assert torch.equal(kept["stem"], truth["relu"])


def test_batches_equal_one_batch_and_leave_no_files(tmp_path, capsys):
    model = Holding(Several()).eval()
    whole = run(model, tmp_path)
    assert_same_layers(run(model, tmp_path, batch_size=3), whole)
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr().err
    assert "net: 11 images do not fit one batch" in said
    assert "net: 11 of 11 images, 5 layers" in said


def test_order_of_images_permutes_every_layer(tmp_path):
    model = seeded(Reusing)
    order = np.random.default_rng(1).permutation(11)
    here, there = run(model, tmp_path), run(model, tmp_path, images=IMAGES[order])
    for name, layer in here.layers.items():
        np.testing.assert_allclose(
            there.layers[name].gram,
            layer.gram[np.ix_(order, order)],
            rtol=0,
            atol=1e-5 * np.abs(layer.gram).max(),
        )


def test_twice_gives_the_same_bits(tmp_path):
    first, second = (run(seeded(Reusing), tmp_path) for _ in range(2))
    for name, layer in first.layers.items():
        assert (layer.gram == second.layers[name].gram).all()


def test_unusable_layers_are_left_out_with_their_reason(tmp_path):
    parts = nn.ModuleDict(
        {
            "none": Returning(lambda x: x.mean((2, 3)) * torch.nan),
            "same": Returning(lambda x: torch.ones(len(x), 4)),
            "turned": Returning(lambda x: x.amax(0)),
        }
    )
    model = nn.Sequential(nn.Conv2d(3, 4, 3), Returning(lambda x: [p(x) for p in parts.values()]))
    model[1].parts = parts
    model = model.eval()
    for batch_size in (128, 4):
        found = run(model, tmp_path, ["0", "1.**"], batch_size=batch_size)
        assert list(found.layers) == ["0"]
        assert found.depth == {"0": 0, "1.parts.none": 1, "1.parts.same": 2, "1.parts.turned": 3}
        assert "not finite" in found.left_out["1.parts.none"]
        assert "does not tell the stimuli apart" in found.left_out["1.parts.same"]
        assert "there is no stimulus axis" in found.left_out["1.parts.turned"]
    data = as_dataset(found, [f"s{i}" for i in range(11)], {"model": "net"})
    assert set(json.loads(data.attrs["left_out"])) == set(found.left_out)


def test_a_model_with_no_usable_layer_is_an_error(tmp_path):
    found = run(Holding(Returning(lambda x: x.mean())).eval(), tmp_path, ["part"])
    with pytest.raises(IsomorphError, match="net: no layer can be used: part is a single number"):
        as_dataset(found, ["a"] * 11, {"model": "net"})


def test_two_stimuli_are_enough_and_one_is_not(tmp_path):
    assert run(seeded(Reusing), tmp_path, images=IMAGES[:2]).layers["head"].gram.shape == (2, 2)
    with pytest.raises(IsomorphError, match="net: 1 stimuli have no geometry"):
        run(seeded(Reusing), tmp_path, images=IMAGES[:1])


def test_random_models_and_unknown_layers_are_refused(tmp_path):
    with pytest.raises(IsomorphError, match="draws random numbers"):
        run(Holding(Random()).eval(), tmp_path)
    with pytest.raises(IsomorphError, match='"haed" matches no layer, did you mean "head"'):
        run(seeded(Reusing), tmp_path, ["haed"])


def test_too_small_a_disk_is_refused_beforehand(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 10, 1000))
    with pytest.raises(
        IsomorphError, match=r"7 layers and 11 stimuli need 47.4 kB in .* and 1.0 kB are free"
    ):
        run(seeded(Reusing), tmp_path, batch_size=4)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(IsomorphError, match="net: features cannot be kept in"):
            run(seeded(Reusing), tmp_path, batch_size=4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_threads_are_those_asked_for(tmp_path, monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setenv("ISOMORPH_THREADS", "1")
    run(seeded(Reusing), tmp_path)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    monkeypatch.setenv("ISOMORPH_THREADS", "many")
    with pytest.raises(IsomorphError, match='ISOMORPH_THREADS is "many"'):
        run(seeded(Reusing), tmp_path)


def test_the_output_is_kept_only_when_it_is_a_row_per_stimulus(tmp_path):
    model = seeded(Reusing)
    expected = by_hand(model)["head"].numpy()
    for batch_size in (128, 4):
        found = run(model, tmp_path, batch_size=batch_size).output
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert run(nn.Sequential(nn.Conv2d(3, 4, 3)).eval(), tmp_path).output is None


def test_features_are_folded_under_the_layers_asked_for():
    features = {"a": IMAGES.reshape(11, -1), "b": np.zeros((11, 3)), "c": IMAGES[:, 0, 0]}
    found = from_features(features, ["b", "c", "gone"], "base", {"gone": "is empty"})
    assert list(found.layers) == ["c"]
    assert found.depth == {"b": 0, "c": 1, "gone": 2}
    assert found.left_out.keys() == {"b", "gone"}
