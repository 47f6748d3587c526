"""Layers that return one tensor under several names are read once, and only those."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.extraction import extract
from isomorph.models.forward import ForwardRun
from isomorph.models.layers import discover, outlined
from isomorph.models.network import Network
from isomorph.models.readout import Reading
from isomorph.models.room import Room

IMAGES = np.random.default_rng(0).random((9, 3, 6, 6), dtype=np.float32)


class Block(nn.Module):
    """Returns what its last part returned, changed in place where asked to."""

    def __init__(self, change: str = "") -> None:
        super().__init__()
        self.conv, self.relu, self.change = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), change

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.conv(x))
        if self.change == "added":
            x += 1
        if self.change == "one number":
            x[:, 1, 2, 3] += 7.0
        if self.change == "through a view":
            x[:, 0].mul_(2)
        if self.change == "where many" and len(x) > 3:
            x *= 2
        return x


def network(change: str = "") -> nn.Sequential:
    torch.manual_seed(0)
    parts = nn.Sequential(Block(), nn.Sequential(Block(change), nn.Dropout()), nn.Identity())
    return nn.Sequential(parts, nn.ReLU(inplace=True), nn.Flatten()).eval()


SAME = {
    "0.0": "0.0.relu", "0.1.0": "0.1.0.relu", "0.1.1": "0.1.0.relu", "0.1": "0.1.0.relu",
    "0.2": "0.1.0.relu", "0": "0.1.0.relu",
}  # fmt: skip


def run(model, tmp_path, layers="all", images=IMAGES, batch_size=4, **room):
    return extract(Network(model), images, layers, where="net", scratch=tmp_path,
                   batch_size=batch_size, room=Room(**room))  # fmt: skip


def origins(model: nn.Module) -> dict[str, str]:
    known = discover(model, torch.from_numpy(IMAGES[:3]))
    assert outlined(model.to("meta"), (3, 6, 6)) == known
    return {name: layer.same_as for name, layer in known.items() if layer.same_as}


def test_one_tensor_under_several_names_is_known():
    assert origins(network()) == SAME


@pytest.mark.parametrize("change", ["added", "one number", "through a view"])
def test_a_change_in_place_makes_another_layer(change):
    found = origins(network(change))
    assert found["0.0"] == "0.0.relu"
    assert "0.1.0" not in found
    assert found["0"] == found["0.1"] == found["0.1.1"] == "0.1.0"


def by_hand(model: nn.Module) -> dict[str, np.ndarray]:
    kept: dict[str, np.ndarray] = {}
    for name, part in model.named_modules():
        part.register_forward_hook(
            lambda _, __, output, name=name: kept.update({name: output.flatten(1).numpy().copy()})
        )
    with torch.no_grad():
        model(torch.from_numpy(IMAGES))
    return {name: x for name, x in kept.items() if name}


@pytest.mark.parametrize("change", ["", "added", "one number"])
@pytest.mark.parametrize("settings", [{"batch_size": 9}, {}])
def test_all_names_have_the_layer_they_would_have_alone(change, settings, tmp_path):
    found = run(network(change), tmp_path, **settings)
    expected = by_hand(network(change))
    assert list(found.layers) == [*expected]
    for name, features in expected.items():
        centred = features - features.mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(found.layers[name].gram, centred @ centred.T, atol=1e-5)


def test_each_is_read_once_and_takes_room_once(tmp_path, capsys):
    module = network()
    read: list[str] = []
    walk = ForwardRun(Network(module), IMAGES, "net")
    with torch.no_grad():
        walk.survey("all", Reading())
        walk.forward(IMAGES, lambda name, _: read.append(name), ordered=False)
    assert sorted({*read, *SAME}) == sorted(walk.plans)
    assert len(read) == len(walk.plans) - len(SAME)
    assert walk.choice.same == SAME
    run(network(), tmp_path)
    n_distinct = len(read)
    room = (n_distinct + 1) * 4 * 9 * 3 * 6 * 6  # the output is kept too
    assert f"{room / 1000:.1f} kB of features pass" in capsys.readouterr().err


def test_names_that_are_not_asked_for_do_not_count(tmp_path):
    found = run(network(), tmp_path, ["0", "0.1", "1"])
    expected = run(network(), tmp_path, batch_size=9)
    for name in ("0", "0.1", "1"):
        np.testing.assert_allclose(found.layers[name].gram, expected.layers[name].gram, atol=1e-5)
    walk = ForwardRun(Network(network()), IMAGES, "net")
    walk.survey(["0", "0.1", "1"], Reading())
    assert walk.choice.same == {"0": "0.1"}


def test_a_reason_to_leave_one_out_is_that_of_all(tmp_path):
    model = network()
    with torch.no_grad():
        model[0][1][0].conv.weight.zero_()
        model[0][1][0].conv.bias.zero_()
    found = run(model, tmp_path)
    reasons = {found.left_out[name] for name in ("0.1.0.relu", "0.1.0", "0.1", "0.2", "0")}
    assert reasons == {"does not tell the stimuli apart beyond rounding error"}
    assert set(found.depth) == {*found.layers, *found.left_out}


def test_kept_features_are_those_of_the_name(tmp_path):
    one = run(network(), tmp_path, keep=5).layers
    assert not np.array_equal(one["0.1"].places, one["0.2"].places)


def test_what_is_the_same_with_few_images_alone_is_refused(tmp_path):
    for size in (4, 9):
        with pytest.raises(IsomorphError, match=r'layer "0.1.0" returned what "0.1.0.relu" did'):
            run(network("where many"), tmp_path, batch_size=size)
    run(network("where many"), tmp_path, ["0.1.0"])
    assert list(tmp_path.iterdir()) == []
