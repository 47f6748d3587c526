"""Discovery and choice of layers."""

import pytest
import torch
from small_networks import (
    Holding,
    Random,
    Returning,
    Reusing,
    Several,
    Skipping,
    Stubborn,
    seeded,
)
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.layers import discover, matrix, select, watching

IMAGES = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_layers_come_in_execution_order_under_the_frameworks_names():
    layers = discover(seeded(Reusing), IMAGES)
    assert list(layers) == ["stem", "relu", "body.0", "relu#2", "body.1", "dropout", "head"]
    assert layers["stem"].n_features == 6 * 7 * 7
    assert layers["head"].n_features == 5
    assert not any(layer.left_out for layer in layers.values())


def test_a_module_never_called_and_the_model_itself_are_no_layers():
    layers = discover(seeded(Reusing), IMAGES)
    assert not {"", "idle", "body"} & set(layers)


def test_parts_come_before_their_whole():
    model = nn.Sequential(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()), nn.Flatten()).eval()
    assert list(discover(model, IMAGES)) == ["0.0", "0.1", "0", "1"]


def test_a_module_under_two_names_is_one_layer_called_twice():
    shared = nn.Conv2d(3, 3, 3, padding=1)
    model = nn.Sequential(shared, nn.ReLU(), shared).eval()
    assert list(discover(model, IMAGES)) == ["0", "1", "0#2"]


def test_several_tensors_of_one_module_are_told_apart():
    layers = discover(Holding(Several()).eval(), IMAGES)
    assert list(layers) == ["stem", "part", "part[2].maximum", "part[2].pair[0]", "part[2].pair[1]"]
    assert layers["part"].n_features == 4 * 14


def test_keys_of_a_mapping_name_its_tensors():
    part = Returning(lambda x: {"logits": x.mean((2, 3)), "hidden": x})
    assert list(discover(Holding(part).eval(), IMAGES)) == ["stem", "part", "part.hidden"]


def test_two_layers_of_one_name_are_refused():
    part = Returning(lambda x: {"logits": x.mean((2, 3)), "function": x})
    part.function = nn.Identity()
    part.forward = lambda x: {"logits": x.mean((2, 3)), "function": part.function(x)}
    with pytest.raises(IsomorphError, match=r'two layers would be named "part\.function"'):
        discover(Holding(part).eval(), IMAGES)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x.amax(0), "has 4 and 4 along its first axis for 2 and 3 images"),
        (lambda x: x.reshape(-1, 14, 14), "has 8 and 12 along its first axis"),
        (lambda x: x.mean(), "is a single number"),
        (lambda x: x.reshape(len(x), -1) @ x.reshape(len(x), -1).T, "changes its size"),
    ],
)
def test_a_layer_without_a_stimulus_axis_is_left_out(function, reason):
    layers = discover(Holding(Returning(function)).eval(), IMAGES)
    assert reason in layers["part"].left_out
    assert layers["stem"].left_out == ""


def test_a_model_that_draws_random_numbers_is_refused():
    with pytest.raises(IsomorphError, match=r'layer "part" gives other activations.*dropout'):
        discover(Holding(Random()).eval(), IMAGES)


def test_a_model_whose_images_change_each_other_is_refused():
    part = Returning(lambda x: nn.functional.batch_norm(x, None, None, training=True))
    with pytest.raises(IsomorphError, match=r'layer "part" gives other .* a third image beside'):
        discover(Holding(part).eval(), IMAGES)


def test_rounding_in_a_batch_of_another_size_is_not_refused():
    part = Returning(lambda x: x * (1 + 1e-6 * len(x)))
    assert discover(Holding(part).eval(), IMAGES)["part"].left_out == ""


def test_a_model_that_skips_layers_at_random_is_refused():
    with pytest.raises(IsomorphError, match=r'"part\.part" is not called every time'):
        discover(Holding(Skipping()).eval(), IMAGES)


def test_training_mode_is_refused():
    with pytest.raises(IsomorphError, match="part is in training mode"):
        discover(Holding(Stubborn()).eval(), IMAGES)


def test_not_a_number_twice_is_the_same():
    layers = discover(Holding(Returning(lambda x: x.mean((2, 3)) * torch.nan)).eval(), IMAGES)
    assert layers["part"].left_out == ""


def test_hooks_are_removed_whatever_happens():
    model = seeded(Reusing)
    with pytest.raises(ZeroDivisionError), watching(model, lambda name, tensor: None):
        raise ZeroDivisionError
    assert not any(module._forward_hooks for module in model.modules())


NAMES = ["stem", "blocks.0", "blocks.0.conv", "blocks.0.relu", "blocks.0.relu#2", "blocks.1",
         "blocks.10.conv", "head"]  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["**"], NAMES),
        (["*"], ["stem", "head"]),
        (["blocks.*"], ["blocks.0", "blocks.1"]),
        (["blocks.**"], NAMES[1:7]),
        (["blocks.*.conv"], ["blocks.0.conv", "blocks.10.conv"]),
        (["blocks.?.conv"], ["blocks.0.conv"]),
        (["**.relu*"], ["blocks.0.relu", "blocks.0.relu#2"]),
        (["blocks.0.relu"], ["blocks.0.relu"]),
        (["head", "stem", "**.conv", "head"], ["stem", "blocks.0.conv", "blocks.10.conv", "head"]),
    ],
)
def test_patterns(patterns, expected):
    assert select(NAMES, patterns, "net") == expected


def test_a_dot_in_a_pattern_is_a_dot():
    with pytest.raises(IsomorphError):
        select(["blocksx0"], ["blocks.0"], "net")


def test_a_pattern_that_matches_nothing_suggests_a_layer():
    with pytest.raises(
        IsomorphError, match=r'net: layers: "block\.1" matches no layer, did you mean "blocks\.1"\?'
    ):
        select(NAMES, ["stem", "block.1"], "net")


def test_channels_last_memory_is_read_without_a_copy_unless_order_matters():
    tensor = torch.rand(3, 4, 5, 6).to(memory_format=torch.channels_last)
    unordered = matrix(tensor, ordered=False)
    assert unordered.ctypes.data == tensor.data_ptr()
    ordered = matrix(tensor, ordered=True)
    assert (ordered == tensor.numpy().reshape(3, -1)).all()
    assert sorted(unordered[1]) == sorted(ordered[1])


def test_complex_features_become_two_real_ones():
    tensor = torch.tensor([[1 + 2j, 3j], [4.0, 5 - 1j]])
    assert matrix(tensor, ordered=True).tolist() == [[1, 2, 0, 3], [4, 0, 5, -1]]
    assert matrix(tensor.conj(), ordered=True).tolist() == [[1, -2, 0, -3], [4, 0, 5, 1]]
