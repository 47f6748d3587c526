"""Activations in a notebook: the same numbers as in the pipeline's files, without any."""

import doctest

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models import activate, activations
from isomorph.models.fold import fold


def pictures(n=5, size=12):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3)).astype(np.uint8)


def small_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(400, 6)
    )


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def test_a_network_and_a_function_give_the_gram_matrices_of_its_layers():
    network, images = small_network().train(), pictures()
    found = activations(network, images, "all", preprocessing=as_tensor)
    batch = torch.stack([as_tensor(one) for one in images])
    with torch.inference_mode():
        expected = network.eval()(batch).numpy()
    assert found.layer.values.tolist() == ["0", "1", "2", "3", "4"]
    assert found.stimulus.values.tolist() == ["0", "1", "2", "3", "4"]
    np.testing.assert_allclose(found.gram.sel(layer="4"), fold(expected).gram, rtol=1e-6)
    assert found.attrs["source"] == "network/Sequential"
    assert len(found.attrs["weights_sha256"]) == 64


def test_the_modes_of_a_network_are_as_they_were():
    network = small_network().train()
    network[1].eval()
    before = [part.training for part in network.modules()]
    activations(network, pictures(), ["4"], preprocessing=as_tensor)
    assert [part.training for part in network.modules()] == before
    with pytest.raises(IsomorphError, match="layer"):
        activations(network, pictures(), ["nothing"], preprocessing=as_tensor)
    assert [part.training for part in network.modules()] == before


def test_files_pillow_images_arrays_and_settings_are_the_same_images(tmp_path):
    images = pictures()
    files = [tmp_path / f"{place}.png" for place in range(len(images))]
    for file, one in zip(files, images, strict=True):
        Image.fromarray(one).save(file)
    settings = {"size": 12}
    ways = [images, images / 255, list(images), [Image.fromarray(x) for x in images], files,
            [str(file) for file in files]]  # fmt: skip
    found = [activations("baseline/pixels", way, preprocessing=settings) for way in ways]
    for one in found:
        np.testing.assert_array_equal(one.gram, found[0].gram)
        assert one.attrs["input_sha256"] == found[0].attrs["input_sha256"]
    assert found[4].stimulus.values.tolist() == [file.name for file in files]
    flat = images.reshape(5, -1) / np.float32(255)
    np.testing.assert_allclose(
        found[0].gram[0], np.cov(flat) * 0 + fold(flat.astype(np.float32)).gram, rtol=1e-5
    )
    named = activations("baseline/pixels", images, stimuli=list("abcde"))
    assert named.stimulus.values.tolist() == list("abcde")


def test_grey_images_have_their_value_in_every_channel():
    grey = pictures()[..., 0]
    colour = np.repeat(grey[..., None], 3, axis=3)
    one, other = (activations("baseline/pixels", x, preprocessing={"size": 12})
                  for x in (grey, colour))  # fmt: skip
    np.testing.assert_array_equal(one.gram, other.gram)


def test_files_of_one_name_are_called_by_their_paths(tmp_path):
    files = []
    for folder in "ab":
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "x.png")
        Image.fromarray(pictures()[len(files)]).save(files[-1])
    found = activations("baseline/pixels", files)
    assert found.stimulus.values.tolist() == [str(file) for file in files]


def test_a_baseline_of_the_table_needs_no_images():
    table = pd.DataFrame({"stimulus": list("abcd"), "kind": ["x", "y", "x", "y"]})
    found = activations("baseline/category", table=table, options={"columns": ["kind"]})
    assert found.layer.values.tolist() == ["kind"]
    gram = found.gram.sel(layer="kind").values
    assert gram[0, 2] == gram[0, 0] == -gram[0, 1]


def test_an_untrained_network_is_drawn_from_its_seed():
    images = pictures(3, 40)
    settings = {"size": 40}
    one, same, other = (
        activations("untrained/efficientnet-lite0", images, ["_fc"], preprocessing=settings, seed=s)
        for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(one.gram, same.gram)
    assert not np.allclose(one.gram, other.gram)
    assert one.attrs["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (("baseline/gabro", pictures()), {}, 'did you mean "baseline/gabor"'),
        (("baseline/pixels",), {}, "give images, or a table"),
        (("baseline/pixels", pictures()[0]), {}, "looks like one image"),
        (("baseline/pixels", pictures()[0, 0]), {}, r"expected \(stimulus, height, width, channel"),
        (("baseline/pixels", pictures().transpose(0, 3, 1, 2)), {}, "3 channels"),
        (("baseline/pixels", pictures().astype(float)), {}, "from 0 to 25[0-9], expected uint8"),
        (("baseline/pixels", pictures() * np.nan), {}, "expected uint8 from 0 to 255 or"),
        (("baseline/pixels", ["nowhere.png", "x.png"]), {}, r"nowhere\.png: no such image"),
        (("baseline/pixels", "nowhere.png"), {}, "give a list"),
        (("baseline/pixels", pictures()), {"stimuli": ["a"] * 5}, '"a" is named twice'),
        (("baseline/pixels", pictures()), {"stimuli": ["a"]}, "1 names for 5 images"),
        (("baseline/pixels", pictures()[:1]), {}, "tell the stimuli apart|at least two"),
        (("baseline/pixels", pictures()), {"preprocessing": as_tensor}, "takes settings"),
        (("baseline/pixels", pictures()), {"preprocessing": {"sizes": 3}}, "preprocessing.sizes: "),
        (("baseline/pixels", pictures()), {"tokns": "all"}, 'unknown key, did you mean "tokens'),
        (("baseline/gabor", pictures()), {"options": {"waves": 1}}, "options.waves: unknown key"),
        ((nn.Flatten(), pictures()), {}, "say how images enter"),
        (
            (nn.Flatten(), pictures()),
            {"preprocessing": as_tensor, "layers": "all"},
            "no modules inside",
        ),
        ((nn.Flatten(), pictures()), {"preprocessing": np.mean}, r"returns float64 of shape \(\)"),
        ((3, pictures()), {"preprocessing": np.mean}, "expected the name of a source or a torch"),
        (("timm", pictures()), {}, "unknown model source"),
        (("baseline/pixels", pictures()), {"degrees": 0}, "degrees: 0, expected a width"),
        (("baseline/pixels", pictures()), {"degrees": [1, 2, 3]}, "or width and height"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence(arguments, settings, sentence):
    with pytest.raises(IsomorphError, match=sentence):
        activations(*arguments, **settings)


def test_images_that_differ_in_size_need_a_preprocessing_that_makes_them_alike():
    given = [pictures()[0], pictures()[1, :8]]
    with pytest.raises(IsomorphError, match=r"1: is \(3, 8, 12\) after preprocessing"):
        activations(small_network(), given, "all", preprocessing=as_tensor)


def test_images_fill_as_much_of_the_field_of_view_as_they_were_shown():
    """A white image of 2 of 8 degrees is a sixteenth of what the model sees, the rest is grey."""
    images = np.stack([np.zeros((12, 12, 3)), np.ones((12, 12, 3))])
    settings = {"size": 16, "degrees": 8}
    found = activations("baseline/pixels", images, preprocessing=settings, degrees=2)
    distance = 2 * (found.gram[0, 0, 0] - found.gram[0, 0, 1])
    assert float(distance) == pytest.approx(3 * 16)
    assert found.attrs["seen"] == "8 degrees, images 2 degrees wide"


def test_the_example_runs():
    assert doctest.testmod(activate).failed == 0
