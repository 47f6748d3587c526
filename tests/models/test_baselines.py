"""Baselines against independent convolutions, gratings and tables."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from isomorph.errors import IsomorphError
from isomorph.models.baselines.gabor import gabor, gabor_kernels
from isomorph.models.baselines.luminance import pixels
from isomorph.models.baselines.stimulus_columns import category, columns
from isomorph.models.folded import from_features


def gratings(wavelength: float, angle: float, phases: np.ndarray, size: int = 64) -> np.ndarray:
    """Full-contrast gratings `(phase, channel, height, width)` in grey."""
    rows, columns = np.mgrid[:size, :size]
    along = columns * np.cos(angle) + rows * np.sin(angle)
    waves = 0.5 + 0.5 * np.cos(2 * np.pi * along / wavelength + phases[:, None, None])
    return np.repeat(waves[:, None], 3, axis=1).astype(np.float32)


def test_pixels_are_the_image():
    images = np.random.default_rng(0).random((4, 3, 8, 8), dtype=np.float32)
    found = pixels(images)
    assert list(found) == ["pixels"]
    assert (found["pixels"] == images.reshape(4, -1)).all()


@pytest.mark.parametrize("size", [31, 32, 48])
@pytest.mark.parametrize("wavelength", [2, 3, 4, 7.5, 16])
def test_responses_are_those_of_a_plain_convolution(size, wavelength):
    images = np.random.default_rng(1).random((2, 3, size, size), dtype=np.float32)
    found = gabor(images, {"orientations": 3, "wavelengths": [wavelength]}, "gabor")
    step = max(1, round(wavelength / 2))
    luma = np.einsum("nchw,c->nhw", images.astype(np.float64), [0.2126, 0.7152, 0.0722])
    kernels = gabor_kernels(wavelength, 3).astype(np.complex128)
    expected = np.array(
        [
            [
                ndimage.convolve(image, kernel.real, mode="reflect")
                + 1j * ndimage.convolve(image, kernel.imag, mode="reflect")
                for kernel in kernels
            ]
            for image in luma
        ]
    )[:, :, step // 2 :: step, step // 2 :: step]
    flat = expected.reshape(2, -1)
    energy = np.abs(expected)
    for name, truth in {
        "simple": np.concatenate([flat.real, flat.imag], axis=1),
        "energy": energy.reshape(2, -1),
        "contrast": np.sqrt((energy**2).mean(axis=1)).reshape(2, -1),
    }.items():
        np.testing.assert_allclose(found[name], truth, rtol=0, atol=2e-6 * np.abs(truth).max())


def test_a_uniform_image_excites_nothing():
    images = np.ones((2, 3, 64, 64), dtype=np.float32)
    found = gabor(images, {}, "gabor")
    assert max(np.abs(layer).max() for layer in found.values()) < 1e-5


@pytest.mark.parametrize("wavelength", [4, 8, 16])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_matching_filter_answers_most(wavelength, place):
    wavelengths, n = [4, 8, 16], 4
    images = gratings(wavelength, np.pi * place / n, np.zeros(1), size=128)
    banks = [gabor(images, {"orientations": n, "wavelengths": [w]}, "g") for w in wavelengths]
    # The median over places: a slanted grating does not continue into its own mirror image.
    typical = np.array([np.median(bank["energy"].reshape(n, -1), axis=1) for bank in banks])
    assert np.unravel_index(typical.argmax(), typical.shape) == (
        wavelengths.index(wavelength),
        place,
    )
    # Half the amplitude, at every wavelength.
    assert typical.max() == pytest.approx(0.25, rel=0.05)


def test_energy_ignores_phase_and_simple_responses_follow_it():
    images = gratings(8, 0.0, np.linspace(0, np.pi, 5))
    found = gabor(images, {"orientations": 1, "wavelengths": [8]}, "gabor")
    inner = {  # away from the mirrored edges
        "energy": found["energy"].reshape(5, 16, 16)[:, 5:-5, 5:-5],
        "simple": found["simple"][:, :256].reshape(5, 16, 16)[:, 5:-5, 5:-5],
    }
    assert np.ptp(inner["energy"], axis=0).max() < 0.02 * inner["energy"].mean()
    np.testing.assert_allclose(inner["simple"][0], -inner["simple"][-1], atol=1e-3)
    assert np.ptp(inner["simple"], axis=0).min() > 0.5 * inner["energy"].mean()


def test_the_default_bank_samples_at_half_a_wavelength():
    found = gabor(np.random.default_rng(2).random((2, 3, 128, 128), dtype=np.float32), {}, "gabor")
    places = 64**2 + 32**2 + 16**2 + 8**2
    assert {name: layer.shape[1] for name, layer in found.items()} == {
        "simple": 2 * 8 * places,
        "energy": 8 * places,
        "contrast": places,
    }
    assert found["energy"].dtype == np.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"orientation": 8}, 'unknown key orientation, did you mean "orientations"'),
        ({"orientations": 0}, "options.orientations must be a whole number above 0, not 0"),
        ({"orientations": 2.5}, "not 2.5"),
        ({"wavelengths": 8}, "options.wavelengths must be a list of pixels, not 8"),
        ({"wavelengths": [8, 200]}, "holds 200; a wavelength lies between 2 pixels and .* 32"),
        ({"wavelengths": ["8"]}, "holds '8'"),
    ],
)
def test_gabor_options_that_cannot_be(options, message):
    with pytest.raises(IsomorphError, match=f"gabor: .*{message}"):
        gabor(np.zeros((2, 3, 32, 32), dtype=np.float32), options, "gabor")


TABLE = pd.DataFrame(
    {
        "stimulus": ["a", "b", "c", "d"],
        "kind": ["cat", "dog", "cat", "owl"],
        "face": [1, 0, 1, 1],
        "natural": [True] * 4,
        "size": [1.0, np.nan, 2.0, 1.0],
    }
)


def test_categories_are_one_hot():
    features, left_out = category(TABLE, {"columns": ["kind", "face"]}, "labels")
    assert features["kind"].tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert features["face"].tolist() == [[0, 1], [1, 0], [0, 1], [0, 1]]
    assert (features["all"] == np.hstack([features["kind"], features["face"]])).all()
    assert left_out == {}


def test_the_same_category_is_at_no_distance_and_others_are_equally_far():
    features, _ = category(TABLE, {"columns": ["kind"]}, "labels")
    gram = from_features(features, ["**"], "labels", {}).layers["kind"].gram
    squared = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2 * gram
    same = np.array(TABLE["kind"])[:, None] == np.array(TABLE["kind"])[None, :]
    np.testing.assert_allclose(squared, np.where(same, 0.0, 2.0), atol=1e-12)


def test_columns_without_a_geometry_are_left_out_with_their_reason():
    features, left_out = category(TABLE, {"columns": ["natural", "size", "face"]}, "labels")
    assert list(features) == ["face"]  # and no "all" for a single column
    assert left_out == {
        "natural": 'is "True" for every stimulus',
        "size": "is empty for 1 of 4 stimuli",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["knid"]}, 'the stimulus table has no "knid", did you mean "kind"'),
        ({"columns": []}, "options.columns must list columns"),
        ({}, "options.columns must list columns"),
        ({"column": ["kind"]}, 'unknown key column, did you mean "columns"'),
    ],
)
def test_category_options_that_cannot_be(options, message):
    with pytest.raises(IsomorphError, match=f"labels: .*{message}"):
        category(TABLE, options, "labels")


NUMBERS = pd.DataFrame(
    {
        "stimulus": ["a", "b", "c", "d"],
        "kind": ["cat", "dog", "cat", "owl"],
        "weight": [4.0, 20.0, 5.0, 1.0],
        "age": ["2", "7", "1", "4"],
        "size": ["small", "large", "medium", "small"],
        "seen": [1.0, np.nan, 2.0, 1.0],
        "legs": [4, 4, 4, 4],
    }
)


def test_numbers_are_as_far_apart_as_they_are():
    features, left_out = columns(NUMBERS, {"columns": ["weight", "age"], "scale": "none"}, "n")
    assert features["weight"].tolist() == [[4], [20], [5], [1]]
    assert features["age"].tolist() == [[2], [7], [1], [4]]
    assert (features["all"] == np.hstack([features["weight"], features["age"]])).all()
    assert left_out == {}


def test_z_scores_make_columns_count_alike():
    features, _ = columns(NUMBERS, {"columns": ["weight", "age"]}, "n")
    np.testing.assert_allclose(features["all"].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(features["all"].std(axis=0), 1)
    np.testing.assert_allclose(np.corrcoef(features["weight"].ravel(), NUMBERS["weight"])[0, 1], 1)


def test_words_stand_for_their_ranks_in_the_order_given():
    said = {"columns": ["size"], "scale": "none", "ordinal": {"size": ["small", "medium", "large"]}}
    assert columns(NUMBERS, said, "n")[0]["size"].tolist() == [[0], [2], [1], [0]]


def test_numbers_without_a_geometry_are_left_out_with_their_reason():
    features, left_out = columns(NUMBERS, {"columns": ["seen", "legs", "weight"]}, "n")
    assert list(features) == ["weight"]
    assert left_out == {
        "seen": "has no finite number for 1 of 4 stimuli",
        "legs": "is 4 for every stimulus",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["kind"]}, 'kind holds "cat", which is not a number; say the order'),
        ({"columns": ["wieght"]}, 'the stimulus table has no "wieght", did you mean "weight"'),
        ({"columns": ["age"], "scale": "z"}, 'options.scale is "z", '),
        ({"columns": ["size"], "ordinal": {"size": ["small", "large"]}},
         'size holds "medium", which options.ordinal lacks: small, large'),
        ({"columns": ["age"], "ordinal": {"size": ["small"]}}, '"size" is not in options.columns'),
        ({"columns": ["size"], "ordinal": ["small"]}, "must give words in order by column"),
        ({"columns": []}, "options.columns must list columns"),
        ({"colums": ["age"]}, 'unknown key colums, did you mean "columns"'),
    ],
)  # fmt: skip
def test_column_options_that_cannot_be(options, message):
    with pytest.raises(IsomorphError, match=f"n: .*{message}"):
        columns(NUMBERS, options, "n")
