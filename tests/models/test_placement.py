"""Where there is a graphics card the network, its images and the sums are on it, and no more."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from elsewhere import Card, OnCard
from small_networks import Reusing, seeded

from isomorph.models.extraction import extract
from isomorph.models.forward import ForwardRun
from isomorph.models.network import Network
from isomorph.models.readout import Reading
from isomorph.models.room import Room

IMAGES = np.random.default_rng(0).random((11, 3, 16, 16), dtype=np.float32)


@pytest.fixture
def card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    with Card() as one:
        yield one


def run(tmp_path, batch_size=11, **room):
    return extract(Network(seeded(Reusing)), IMAGES, "all", where="net", scratch=tmp_path,
                   batch_size=batch_size, room=Room(**room))  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the processor finds."""
    return run(tmp_path_factory.mktemp("processor"))


def assert_same(found, expected, tolerance: float = 1e-6) -> None:
    assert list(found.layers) == list(expected.layers)
    for name, layer in expected.layers.items():
        other = found.layers[name]
        scale = np.abs(layer.gram).max()
        np.testing.assert_allclose(other.gram, layer.gram, atol=tolerance * scale)
        np.testing.assert_allclose(other.stimulus_mean, layer.stimulus_mean, atol=tolerance)
        assert (other.n_features, other.n_dead) == (layer.n_features, layer.n_dead)
        assert isinstance(other.gram, np.ndarray)
    np.testing.assert_allclose(found.output, expected.output, atol=1e-6)


def test_the_card_of_these_tests_refuses_what_a_real_one_does(card):
    there, here = torch.ones(3).to("cuda"), torch.ones(3)
    assert there.device.type == "cuda"
    assert torch.equal((there + there * 2).cpu(), here * 3)
    with pytest.raises(RuntimeError, match="same device"):
        there + here
    with pytest.raises(RuntimeError, match="numpy"):
        there.numpy()
    assert (card.sent, card.fetched) == (12, 12)


def test_network_images_and_layers_are_on_the_card(card):
    network = Network(seeded(Reusing))
    walk = ForwardRun(network, IMAGES, "net")
    assert walk.device.type == "cuda"
    assert {one.device.type for one in walk.module.parameters()} == {"cuda"}
    assert walk.tensor(IMAGES[:2]).device.type == "cuda"
    seen: dict[str, str] = {}
    with torch.no_grad():
        walk.survey("all", Reading())
        rows = walk.forward(IMAGES, lambda name, x: seen.update({name: type(x).__name__}),
                            ordered=False)  # fmt: skip
    assert set(seen.values()) == {OnCard.__name__}
    assert set(seen) | set(walk.choice.same) == set(walk.plans)
    assert isinstance(rows, np.ndarray)


def test_layers_are_folded_on_the_card_and_their_features_stay_there(card, tmp_path, expected):
    before = card.fetched
    found = run(tmp_path)
    assert found.attributes["device"] == "cuda"
    assert_same(found, expected)
    n, layers = len(IMAGES), expected.layers.values()
    grams = sum(8 * n * n + 3 * 8 * n for _ in layers)
    places = sum(2 * one.n_features for one in layers)  # which features are dead
    sampled = 2**14  # of the dry run: what two passes are compared by
    features = sum(4 * n * one.n_features for one in layers)
    fetched = card.fetched - before
    assert fetched < grams + places + sampled
    assert fetched < features


@pytest.mark.parametrize("spool", ["float32", "float16"])
def test_features_wait_on_the_disk_and_are_folded_on_the_card(card, tmp_path, expected, spool):
    before = card.sent
    found = run(tmp_path, batch_size=4, spool=spool)
    assert_same(found, expected, 1e-5 if spool == "float32" else 1e-3)
    folded = sum(2 * 11 * one.n_features for one in found.layers.values())
    assert card.sent - before > folded + IMAGES.nbytes


def test_sketches_are_folded_on_the_card(card, tmp_path, expected):
    found = run(tmp_path, batch_size=4, spool="sketch", sketch_width=200)
    for name, layer in found.layers.items():
        exact = expected.layers[name]
        assert layer.n_features == exact.n_features
        assert layer.fidelity > 0.5
        assert np.trace(layer.gram) == pytest.approx(np.trace(exact.gram), rel=0.2)
