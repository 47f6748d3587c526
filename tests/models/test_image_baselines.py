"""Baselines of images as theorems: shifts, contrast, rotations, and sums by hand."""

import time

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.models.baselines import BASELINES
from isomorph.models.baselines.gabor import GABOR_DEFAULTS, gabor_kernels
from isomorph.models.baselines.gist import GIST_DEFAULTS, gist, locally_normalised
from isomorph.models.baselines.hmax import (
    HMAX_DEFAULTS,
    POOLS,
    WAVELENGTHS,
    c1,
    gabor_bank,
    hmax,
    pink_noise,
    s1,
    s2,
)
from isomorph.models.baselines.luminance import luminance
from isomorph.models.baselines.spectrum import SPECTRUM_DEFAULTS, bands, spectrum
from isomorph.models.baselines.stimulus_columns import CATEGORY_DEFAULTS, COLUMNS_DEFAULTS
from isomorph.models.preprocessing import as_seen
from isomorph.study import Preprocessing

RNG = np.random.default_rng(2001)


def noise(number: int = 3, size: int = 64) -> np.ndarray:
    return RNG.random((number, 3, size, size), dtype=np.float32)


def grey(images: np.ndarray) -> np.ndarray:
    """Repeat `(image, height, width)` in three channels."""
    return np.repeat(images[:, None], 3, axis=1).astype(np.float32)


def grating(cycles: float, angle: float, phase: float = 0.0, size: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] / size
    along = columns * np.cos(angle) + rows * np.sin(angle)
    return 0.5 + 0.4 * np.cos(2 * np.pi * cycles * along + phase)


def photographs(size: int = 128) -> np.ndarray:
    names = ("astronaut", "chelsea", "coffee", "rocket")
    return np.stack(
        [as_seen(getattr(skimage.data, one)(), Preprocessing(size=size)) for one in names]
    )


def change(features: np.ndarray, others: np.ndarray) -> float:
    """Return how far features moved, relative to how far stimuli lie apart."""
    apart = np.linalg.norm(features - features.mean(axis=0))
    return float(np.linalg.norm(features - others) / apart)


def test_every_baseline_of_images_is_quick_and_finite():
    images = noise(4, 128)
    for name, baseline in BASELINES.items():
        if baseline.of_images is None:
            continue
        start = time.process_time()
        features, left_out = baseline.features(images, None, {}, name)
        assert left_out == {}
        assert all(np.isfinite(layer).all() for layer in features.values())
        assert all(layer.shape[0] == 4 for layer in features.values())
        # 92 images in ten seconds, with room for a busy machine
        assert (time.process_time() - start) * 92 / 4 < 40, name


def test_the_registry_knows_the_options_of_the_modules():
    defaults = {"gabor": GABOR_DEFAULTS, "gist": GIST_DEFAULTS, "spectrum": SPECTRUM_DEFAULTS,
                "hmax": HMAX_DEFAULTS, "category": CATEGORY_DEFAULTS, "columns": COLUMNS_DEFAULTS,
                "pixels": {}, "luminance": {}}  # fmt: skip
    assert {name: one.options for name, one in BASELINES.items()} == {
        name: tuple(defaults[name]) for name in BASELINES
    }


# ---------------------------------------------------------------- luminance, contrast, colour


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.05, 1.0), shift=st.floats(-0.05, 0.05))
def test_contrast_scales_with_the_image_and_luminance_shifts_with_it(factor, shift):
    images = 0.5 + 0.8 * (noise() - 0.5)
    changed = (0.5 + factor * (images - 0.5) + shift).astype(np.float32)
    before, after = luminance(images, "l"), luminance(changed, "l")
    np.testing.assert_allclose(after["contrast"], factor * before["contrast"], rtol=1e-4)
    expected = 0.5 + factor * (before["luminance"] - 0.5) + shift
    np.testing.assert_allclose(after["luminance"], expected, rtol=1e-5)


def test_moments_are_those_of_known_colours():
    images = np.zeros((3, 3, 4, 4), dtype=np.float32)
    images[1] = 1  # white
    images[2, :, :, :2] = 1  # half white, half black
    found = luminance(images, "l")
    assert found["luminance"].ravel() == pytest.approx([0, 1, 0.5])
    assert found["contrast"].ravel() == pytest.approx([0, 0, 0.5])
    # L* of white is 100; symmetric, so the third moment is 0
    expected = [[0, 0, 0], [100, 0, 0], [50, 50, 0]]
    np.testing.assert_allclose(found["colour"][:, [0, 3, 6]], expected, atol=2e-2)
    np.testing.assert_allclose(found["colour"][:, [1, 2, 4, 5]], 0, atol=2e-2)


def test_colour_moments_are_skewed_as_the_pixels_are():
    mostly_dark = np.zeros((1, 3, 10, 10), dtype=np.float32)
    mostly_dark[:, :, 0, 0] = 1
    found = luminance(mostly_dark, "l")["colour"][0]
    values = np.r_[100, np.zeros(99)]
    third = ((values - values.mean()) ** 3).mean()
    assert found[6] == pytest.approx(np.cbrt(third), rel=1e-3)


def test_pixels_out_of_range_have_no_luminance():
    with pytest.raises(IsomorphError, match=r"l: takes pixels from 0 to 1, not -1 to 1"):
        luminance(2 * noise().round() - 1, "l")


# ---------------------------------------------------------------- spectra


@pytest.mark.parametrize("scale", ["amplitude", "log"])
@settings(max_examples=15, deadline=None)
@given(shift=st.tuples(st.integers(0, 63), st.integers(0, 63)))
def test_a_shifted_periodic_image_has_the_same_spectrum(scale, shift):
    images = noise()
    said = {"window": "none", "scale": scale}
    before = spectrum(images, said, "s")
    after = spectrum(np.roll(images, shift, axis=(2, 3)), said, "s")
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-5, atol=1e-9)


def test_under_the_window_a_shifted_grating_has_nearly_the_same_spectrum():
    images = grey(np.stack([grating(8, 0.0, phase) for phase in np.linspace(0, 6, 5)]))
    found = spectrum(images, {"scale": "amplitude"}, "s")["frequency"]
    assert np.ptp(found, axis=0).max() < 1e-3 * found.max()


@pytest.mark.parametrize("window", ["none", "hann"])
def test_amplitude_scales_with_contrast(window):
    images = noise()
    said = {"scale": "amplitude", "window": window}
    before = spectrum(images, said, "s")
    after = spectrum(0.5 + 0.25 * (images - 0.5), said, "s")
    for name, values in before.items():
        np.testing.assert_allclose(after[name], 0.25 * values, rtol=1e-3)


@pytest.mark.parametrize("n", [2, 4, 6, 8])
@pytest.mark.parametrize("window", ["none", "hann"])
def test_a_quarter_turn_permutes_orientations_and_leaves_frequencies(n, window):
    images = noise()
    said = {"orientations": n, "window": window}
    before = spectrum(images, said, "s")
    after = spectrum(np.rot90(images, axes=(2, 3)).copy(), said, "s")
    np.testing.assert_allclose(after["frequency"], before["frequency"], rtol=1e-5)
    rolled = np.roll(before["orientation"], n // 2, axis=1)
    np.testing.assert_allclose(after["orientation"], rolled, rtol=1e-5)
    assert not np.allclose(before["orientation"], rolled, rtol=1e-3)


@pytest.mark.parametrize(("cycles", "octave"), [(1, 0), (3, 1), (11, 3), (22, 4)])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_grating_stands_in_its_octave_and_orientation(cycles, octave, place):
    image = grey(grating(cycles, np.pi * place / 4)[None])
    found = spectrum(image, {"orientations": 4, "scale": "amplitude"}, "s")
    if cycles > 1:
        assert found["frequency"][0].argmax() == octave
        assert found["orientation"][0].argmax() == place


def test_shares_of_orientations_add_up():
    octaves, turns = bands(48, 5)
    np.testing.assert_allclose(turns.sum(axis=0), 1)
    assert (octaves.sum(axis=0) <= 1).all()


# ---------------------------------------------------------------- GIST


def test_gist_is_the_mean_energy_of_each_cell():
    images = noise(2, 64)
    found = gist(images, {"orientations": 3, "wavelengths": [8], "grid": 4}, "g")["gist"]
    from scipy import ndimage

    grey_images = locally_normalised(np.einsum("nchw,c->nhw", images, [0.2126, 0.7152, 0.0722]))
    expected = []
    for image in grey_images:
        for kernel in gabor_kernels(8, 3):
            energy = np.hypot(*(
                ndimage.convolve(image.astype(float), part.astype(float), mode="reflect")
                for part in (kernel.real, kernel.imag)
            ))[2::4, 2::4]  # fmt: skip
            expected.append(energy.reshape(4, 4, 4, 4).mean(axis=(1, 3)))
    np.testing.assert_allclose(found.ravel(), np.ravel(expected), rtol=1e-4, atol=1e-6)


def test_gist_has_four_scales_eight_orientations_and_sixteen_cells():
    assert gist(noise(2, 128), {}, "g")["gist"].shape == (2, 4 * 8 * 16)


def test_gist_sees_where_a_texture_stands_and_of_what_orientation():
    size = 128
    image = np.full((size, size), 0.5)
    image[: size // 2, : size // 2] = grating(16, 0.0, size=size)[: size // 2, : size // 2]
    found = gist(grey(image[None]), {"orientations": 4, "wavelengths": [8]}, "g")["gist"]
    orientation, row, column = np.unravel_index(found.argmax(), (4, 4, 4))
    assert orientation == 0
    assert row < 2
    assert column < 2
    assert found.reshape(4, 4, 4)[0, 3, 3] < 0.05 * found.max()


def test_a_quarter_turn_of_the_image_turns_its_gist():
    images = noise(2, 128)
    said = {"orientations": 4, "wavelengths": [8], "grid": 2}
    before, after = (
        gist(one, said, "g")["gist"].reshape(2, 4, 2, 2)
        for one in (images, np.rot90(images, axes=(2, 3)).copy())
    )
    turned = np.roll(np.rot90(before, axes=(2, 3)), 2, axis=1)
    # not exactly: samples stand at corners of pixels, and turn to other corners
    assert np.corrcoef(after.ravel(), turned.ravel())[0, 1] > 0.98


def test_gist_forgets_how_bright_the_light_was():
    images = 0.3 + 0.7 * photographs()
    dim = 0.5 * images
    assert change(gist(images, {}, "g")["gist"], gist(dim, {}, "g")["gist"]) < 0.05


# ---------------------------------------------------------------- HMAX


def test_simple_cells_are_normalised_dot_products():
    image = noise(1, 32)[:, 0]
    bank = gabor_bank(5.6, 2)
    side = bank.shape[-1]
    half = side // 2
    padded = np.pad(image[0], half, mode="symmetric")
    found = s1(image, bank)[0]
    for row, column in [(0, 0), (5, 20), (31, 31), (16, 3)]:
        patch = padded[row : row + side, column : column + side]
        for filter_, response in zip(bank, found, strict=True):
            expected = abs((patch * filter_).sum()) / np.linalg.norm(patch)
            assert response[row, column] == pytest.approx(expected, abs=1e-5)
    assert found.max() <= 1 + 1e-5
    np.testing.assert_allclose((bank**2).sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(bank.sum(axis=(1, 2)), 0, atol=1e-4)


def test_simple_cells_ignore_contrast():
    image = noise(2, 48)[:, 0]
    bank = gabor_bank(4.6, 4)
    np.testing.assert_allclose(s1(0.3 * image, bank), s1(image, bank), atol=1e-5)


def test_complex_cells_take_the_largest_of_a_square_and_of_two_scales():
    image = noise(1, 64)[:, 0]
    banks = [gabor_bank(wavelength, 2) for wavelength in WAVELENGTHS[:2]]
    both = np.maximum(*(s1(image, bank) for bank in banks))[0]
    _, found = next(c1(image, [*banks, *([banks[0]] * 14)]))
    pool = POOLS[0]
    assert found.shape == (1, 16, 16, 2)
    for row, column in [(4, 7), (8, 8), (3, 12)]:
        top, left = (pool // 4 + place * pool // 2 - pool // 2 for place in (row, column))
        square = both[:, top : top + pool, left : left + pool]
        np.testing.assert_allclose(found[0, row, column], square.max(axis=(1, 2)))


def test_composite_cells_match_their_own_prototype_best():
    complex_ = RNG.random((2, 9, 9, 4)).astype(np.float32)
    prototypes = np.stack([complex_[0, 2:6, 3:7], complex_[1, 5:9, 0:4]])
    found = s2(complex_, prototypes)
    assert found.shape == (2, 6, 6, 2)
    assert found[0, 2, 3, 0] == pytest.approx(1, abs=1e-4)
    assert found[1, 5, 0, 1] == pytest.approx(1, abs=1e-4)
    assert (found <= 1).all()
    distance = ((complex_[1, 0:4, 1:5] - prototypes[0]) ** 2).sum()
    assert found[1, 0, 1, 0] == pytest.approx(np.exp(-4.5 * distance), rel=1e-4)
    assert s2(complex_[:, :3], prototypes).size == 0


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (2, 0), (1, 2)])
def test_pooling_gains_invariance_to_small_shifts(shift):
    images = photographs(140)
    there = images[:, :, 6:134, 6:134]
    moved = images[:, :, 6 - shift[0] : 134 - shift[0], 6 - shift[1] : 134 - shift[1]]
    before, after = (hmax(one, {}, "h") for one in (there, moved))
    moves = {name: change(before[name], after[name]) for name in before}
    assert moves["C1"] < 0.7 * moves["S1"]


def test_the_largest_of_all_places_gains_invariance_to_large_shifts():
    objects = photographs(72)

    def shown(left: int) -> np.ndarray:
        field = np.full((len(objects), 3, 128, 128), 0.5, dtype=np.float32)
        field[:, :, 28:100, left : left + 72] = objects
        return field

    before, after = (hmax(shown(left), {}, "h") for left in (20, 36))
    assert change(before["C2"], after["C2"]) < 0.3 * change(before["S2"], after["S2"])


def test_prototypes_are_their_seed_and_their_origin():
    images = noise(3, 96)
    said = {"patches": [4], "prototypes": 5}
    first, again, other, own = (
        hmax(images, {**said, **more}, "h")["C2"]
        for more in ({}, {}, {"seed": 1}, {"from": "images"})
    )
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert not np.allclose(first, own)
    # an image that a prototype was drawn from matches it wholly
    np.testing.assert_allclose(own.max(axis=0), 1, atol=1e-4)
    # noise prototypes do not see who else is there
    alone = hmax(images[:1], said, "h")["C2"]
    np.testing.assert_allclose(alone, first[:1], rtol=1e-5)  # of single precision


def test_noise_falls_with_frequency_as_photographs_do():
    images = pink_noise(40, 128, np.random.default_rng(0))
    found = spectrum(grey(images), {}, "s")["frequency"].mean(axis=0)
    # The mean amplitude halves from octave to octave: a slope of -log10(2).
    np.testing.assert_allclose(np.diff(found[1:]), -np.log10(2), atol=0.03)


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gist", {"grids": 4}, 'unknown key grids, did you mean "grid"'),
        ("gist", {"grid": 5, "wavelengths": [30]}, "5 cells along 64 pixels are too many for a"),
        ("gist", {"wavelengths": [80]}, "lies between 2 pixels and the image's 64"),
        ("spectrum", {"window": "hanning"}, 'options.window is "hanning", did you mean "hann"'),
        ("spectrum", {"scale": "db"}, 'is "db", known: amplitude, log'),
        ("spectrum", {"orientations": 400}, "no octave of 64 pixels has 400 orientations"),
        ("hmax", {"patches": [20]}, "holds 20, but C1 of 64 pixels has 16 places"),
        ("hmax", {"patches": 4}, "options.patches must be a list of whole numbers, not 4"),
        ("hmax", {"patches": [4, 0]}, "options.patches holds 0"),
        ("hmax", {"from": "image"}, 'options.from is "image", did you mean "images"'),
        ("hmax", {"seed": -1}, "options.seed must be a whole number from 0, not -1"),
        ("hmax", {"prototypes": True}, "must be a whole number above 0, not True"),
    ],
)
def test_options_that_cannot_be(name, options, message):
    with pytest.raises(IsomorphError, match=f"mine: .*{message}"):
        BASELINES[name].features(noise(2, 64), None, options, "mine")


def test_too_small_an_image_has_no_spectrum():
    with pytest.raises(IsomorphError, match=r"preprocessing\.size is 4; a spectrum needs 8"):
        spectrum(noise(2, 4), {}, "s")
