"""Features that are kept beside Gram matrices are those of the layer, whatever way they took."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_networks import Reusing, seeded

from isomorph.artefacts import provenance, read_array
from isomorph.errors import IsomorphError
from isomorph.models import activations as activations_of
from isomorph.models import room
from isomorph.models.extraction import extract
from isomorph.models.fold import fold
from isomorph.models.folded import as_dataset, from_features
from isomorph.models.kept import kept_bytes, kept_features, kept_places
from isomorph.models.network import Network
from isomorph.models.room import Room
from isomorph.models.stored import StoredGrams
from isomorph.stages.activations import write
from isomorph.study import ModelSpec, spec_from

IMAGES = np.random.default_rng(0).random((11, 3, 16, 16), dtype=np.float32)
NAMES = [f"image {place}" for place in range(11)]


def run(tmp_path, keep=20, *, channels_last=False, spool="float32", **settings):
    network = Network(seeded(Reusing), channels_last=channels_last)
    settings = {"where": "net", "scratch": tmp_path, **settings}
    layers = ["stem", "body.*", "head"]
    return extract(network, IMAGES, layers, room=Room(spool, keep=keep), **settings)


def expected(name):
    model = seeded(Reusing)
    with torch.no_grad():
        stem = model.stem(torch.from_numpy(IMAGES))
        body = model.body[1](torch.relu(model.body[0](torch.relu(stem))))
        found = {"stem": stem, "body.1": body, "head": model.head(body.mean((2, 3)))}
    return found[name].reshape(11, -1).numpy()


def test_folding_keeps_columns_as_they_are_across_blocks():
    features = np.random.default_rng(1).standard_normal((7, 50)).astype(np.float32)
    for places in ([0, 3, 4, 5, 31, 49], range(50), []):
        chosen = np.array(places, dtype=np.intp)
        for width in (4, 50, 64):
            kept = fold(features, width=width, places=chosen).features
            np.testing.assert_array_equal(kept, features[:, chosen])
    assert fold(features).features is None


def test_some_of_a_wide_layer_and_all_of_a_narrow_one():
    some = kept_places("stem", 294, 20)
    assert len(set(some.tolist())) == 20
    np.testing.assert_array_equal(some, np.sort(some))
    np.testing.assert_array_equal(some, kept_places("stem", 294, 20))
    assert some.tolist() != kept_places("body.0", 294, 20).tolist()
    for wanted in ("all", 5, 6):
        np.testing.assert_array_equal(kept_places("head", 5, wanted), np.arange(5))
    assert kept_bytes({"stem": 294, "head": 5}, 11, 20) == 4 * 11 * 25
    assert kept_bytes({"stem": 294, "head": 5}, 11, "all") == 4 * 11 * 299


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("settings", [
    {}, {"batch_size": 4}, {"batch_size": 4, "spool": "float16"},
])  # fmt: skip
def test_every_way_through_the_network_keeps_the_same(tmp_path, channels_last, settings):
    found = run(tmp_path, channels_last=channels_last, **settings)
    assert found.attributes["kept_features"] == "20 of each layer at most, drawn with seed 0"
    for name in ("stem", "body.1", "head"):
        values = expected(name)
        places = kept_places(name, values.shape[1], 20)
        layer = found.layers[name]
        np.testing.assert_array_equal(layer.places, places)
        assert layer.features.dtype == np.float32
        tolerance = 1e-5 if "spool" not in settings else 2e-3 * np.abs(values).max()
        np.testing.assert_allclose(layer.features, values[:, places], atol=tolerance)


def test_a_file_holds_them_streamed_or_not(tmp_path, monkeypatch):
    stamp, attributes = provenance("activations"), {"model": "net"}
    found = run(tmp_path)
    write(tmp_path / "whole.nc", found, NAMES, attributes, stamp)
    monkeypatch.setattr(room, "IN_MEMORY", 0)
    stored = run(tmp_path)
    assert isinstance(stored.layers, StoredGrams)
    write(tmp_path / "streamed.nc", stored, NAMES, attributes, stamp)
    assert list(tmp_path.glob(".spool*")) == []
    whole, streamed = (
        read_array(tmp_path / f"{name}.nc", "activations") for name in ("whole", "streamed")
    )
    for data in (whole, streamed):
        assert list(kept_features(data)) == ["stem", "body.0", "body.1", "head"]
        assert data["features"].dims == ("feature", "stimulus")
        for name, values in kept_features(data).items():
            np.testing.assert_allclose(values, found.layers[name].features, atol=1e-5)
    np.testing.assert_array_equal(whole["feature_place"], streamed["feature_place"])
    without = read_array(tmp_path / "streamed.nc", "activations", without=("features",))
    assert "features" not in without
    plain = as_dataset(run(tmp_path, None, batch_size=4), NAMES, attributes)
    assert not {"features", "feature", "feature_layer"} & {*plain.variables, *plain.dims}
    assert "kept_features" not in plain.attrs
    assert kept_features(plain) == {}


def test_all_features_give_the_gram_matrix_and_baselines_keep_theirs():
    features = {"a": np.random.default_rng(2).random((6, 9)), "b": np.eye(6)}
    data = as_dataset(from_features(features, "all", "m", {}, "all"), NAMES[:6], {"model": "m"})
    for place, (name, values) in enumerate(kept_features(data).items()):
        np.testing.assert_allclose(values, features[name], atol=1e-6)
        centred = values - values.mean(axis=0)
        np.testing.assert_allclose(centred @ centred.T, data["gram"][place], atol=1e-5)
    found = activations_of(
        "baseline/pixels", IMAGES.transpose(0, 2, 3, 1), preprocessing={"size": 8}, features=10
    )
    assert kept_features(found)["pixels"].shape == (11, 10)


def test_what_cannot_be_kept_is_refused():
    said = {"name": "net", "title": "Net", "source": "timm/resnet18"}
    with pytest.raises(IsomorphError, match="a sketch keeps projections, which are no features"):
        spec_from({**said, "features": 20, "spool": "sketch"}, ModelSpec, "net.yaml")
    for wrong in (0, -1, "some", 2.5):
        with pytest.raises(IsomorphError, match="features"):
            spec_from({**said, "features": wrong}, ModelSpec, "net.yaml")
