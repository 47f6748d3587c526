"""Preprocessing against known sizes, timm's own transform and arithmetic by hand."""

import hashlib

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.models.libraries.imported import library
from isomorph.models.preprocessing import (
    aperture,
    as_seen,
    field_of_view,
    preprocess,
)
from isomorph.models.views import Views, by_settings
from isomorph.slices import activations
from isomorph.stages import fetch, stimuli
from isomorph.stages.activations import shown_degrees
from isomorph.stages.datasets import images_of
from isomorph.stimuli.pixels import resized
from isomorph.study import Preprocessing, StudyError, load_study

RNG = np.random.default_rng(92)
GREY = 128 / 255


def picture(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


def white(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 255, dtype=np.uint8)


# ---------------------------------------------------------------- size and place


def test_without_further_keys_the_whole_image_is_resized():
    image = picture(31, 57)
    assert np.array_equal(as_seen(image, Preprocessing(size=24)), resized(image, 24))


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(16, 96),
    field=st.floats(2, 30),
    degrees=st.floats(0.5, 40),
    shape=st.tuples(st.integers(8, 60), st.integers(8, 60)),
)
def test_a_stimulus_covers_as_many_pixels_as_its_degrees(size, field, degrees, shape):
    height, width = shape
    across = degrees * size / field
    down = across * height / width
    if min(across, down) < 1:
        return
    seen = as_seen(white(height, width), Preprocessing(size=size, degrees=field), (degrees, None))
    covered = np.isclose(seen[0], 1)
    assert np.isclose(seen[0][~covered], GREY).all()
    columns, rows = covered.any(axis=0), covered.any(axis=1)
    assert abs(columns.sum() - min(across, size)) <= 0.5
    assert abs(rows.sum() - min(down, size)) <= 0.5
    # in the middle, to a pixel
    for covering in (columns, rows):
        first, last = np.flatnonzero(covering)[[0, -1]]
        assert abs(first - (size - 1 - last)) <= 1


def test_width_and_height_may_be_known_both():
    seen = as_seen(white(10, 10), Preprocessing(size=40, degrees=10), (5, 2.5))
    covered = np.isclose(seen[0], 1)
    assert (covered.any(axis=0).sum(), covered.any(axis=1).sum()) == (20, 10)


def test_what_is_beyond_the_field_of_view_is_cut_and_the_rest_stays_to_scale():
    image = picture(40, 40)
    inner = as_seen(image, Preprocessing(size=20, degrees=5), (10, None))
    assert np.array_equal(inner, resized(image[10:30, 10:30], 20))


def test_twice_the_field_is_half_the_image():
    image = picture(64, 64)
    seen = as_seen(image, Preprocessing(size=64, degrees=8), (4, None))
    assert np.array_equal(seen[:, 16:48, 16:48], resized(image, 32))


def test_a_stimulus_smaller_than_a_pixel_is_refused():
    with pytest.raises(
        IsomorphError, match=r"dot: is shown 0\.1 degrees wide, less than one of 16"
    ):
        as_seen(white(4, 4), Preprocessing(size=16, degrees=30), (0.1, None), "dot")


@pytest.mark.parametrize("shape", [(300, 400), (411, 287), (256, 256), (100, 333)])
@pytest.mark.parametrize(("size", "crop"), [(224, 0.875), (240, 0.875), (64, 0.95), (32, 1.0)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_a_centre_crop_is_what_timm_cuts(shape, size, crop, interpolation):
    try:
        transforms = library("timm").data
    except IsomorphError as error:
        pytest.skip(str(error))
    image = picture(*shape)
    theirs = transforms.create_transform(
        input_size=(3, size, size), crop_pct=crop, interpolation=interpolation,
        mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4), is_training=False,
    )(Image.fromarray(image)).numpy()  # fmt: skip
    wanted = Preprocessing(
        size=size, crop=crop, interpolation=interpolation, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)
    )
    ours = preprocess(as_seen(image, wanted)[None], wanted)[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(300, 400), (411, 287)])
def test_a_centre_crop_is_the_middle_of_the_whole(height, width):
    image = picture(height, width)
    longer = int(256 / min(height, width) * max(height, width))
    sides = (longer, 256) if width > height else (256, longer)
    whole = np.asarray(Image.fromarray(image).resize(sides, Image.Resampling.BICUBIC))
    top, left = (round((side - 224) / 2) for side in whole.shape[:2])
    expected = whole[top : top + 224, left : left + 224].transpose(2, 0, 1) / 255
    seen = as_seen(image, Preprocessing(size=224, crop=0.875))
    np.testing.assert_allclose(seen, expected, atol=1e-6)


def test_nearest_draws_no_new_colours():
    image = np.where(RNG.random((9, 9, 1)) > 0.5, 255, 0).astype(np.uint8).repeat(3, axis=2)
    seen = as_seen(image, Preprocessing(size=50, interpolation="nearest"))
    assert set(np.unique(seen)) == {0.0, 1.0}
    assert as_seen(image, Preprocessing(size=50))[0, 25].std() > 0.01
    assert len(np.unique(as_seen(image, Preprocessing(size=50)))) > 2


# ---------------------------------------------------------------- apertures and colours


@pytest.mark.parametrize("size", [31, 64, 224])
def test_apertures_are_round_open_in_the_middle_and_as_wide_as_said(size):
    circle, gaussian = aperture("circle", size), aperture("gaussian", size)
    for one in (circle, gaussian):
        assert np.allclose(one, one.T)
        assert np.allclose(one, one[::-1])
        assert one[size // 2, size // 2] == pytest.approx(1, abs=0.01)
    assert circle[0, 0] == 0
    # a disk through the middle of the soft edge
    assert circle.mean() == pytest.approx(np.pi / 4 * (1 - 0.05 / 2) ** 2, rel=0.01)
    offset = (np.arange(size) + 0.5) / size - 0.5
    weights = gaussian[size // 2] / gaussian[size // 2].sum()
    truncated = np.exp(-((offset / 0.25) ** 2) / 2)
    expected = (truncated * offset**2).sum() / truncated.sum()
    assert (weights * offset**2).sum() == pytest.approx(expected, rel=1e-4)


def test_an_aperture_fades_to_the_background():
    ground = (0.2, 0.4, 0.6)
    seen = as_seen(white(8, 8), Preprocessing(size=64, aperture="circle", background=ground))
    np.testing.assert_allclose(seen[:, 0, 0], ground, atol=1e-6)
    np.testing.assert_allclose(seen[:, 32, 32], 1, atol=1e-6)


def test_grey_images_stay_and_colours_become_their_luma():
    grey = np.repeat(RNG.integers(0, 256, (9, 9, 1), dtype=np.uint8), 3, axis=2)
    wanted = Preprocessing(size=9, grayscale=True)
    np.testing.assert_allclose(as_seen(grey, wanted), resized(grey, 9), atol=1e-6)
    red = np.zeros((9, 9, 3), dtype=np.uint8)
    red[..., 0] = 255
    np.testing.assert_allclose(
        as_seen(red, Preprocessing(size=4, grayscale=True)), 0.2126, rtol=1e-5
    )


def test_mean_and_deviation_are_those_of_each_channel():
    images = RNG.random((5, 3, 7, 7), dtype=np.float32)
    wanted = Preprocessing(size=7, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2))
    found = preprocess(images, wanted)
    for channel, (mean, std) in enumerate([(0.1, 0.5), (0.2, 0.25), (0.3, 2)]):
        expected = (images[:, channel].astype(float) - mean) / std
        np.testing.assert_allclose(found[:, channel], expected, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- a dataset


DATASET = {
    "name": "squares", "title": "Squares", "citation": "none", "licence": "none",
    "species": "none", "subjects": ["one"], "archive": {"kind": "local", "path": "files"},
    "stimuli": {"kind": "folder", "files": "*.png", "degrees": 4},
    "responses": {"kind": "arrays", "responses": "{subject}.npy", "presentations": "p.csv",
                  "units": "u.csv"},
}  # fmt: skip
MODEL = {"name": "net", "title": "Net", "source": "baseline/pixels",
         "preprocessing": {"size": 16, "degrees": 8}}  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a study of five squares whose stimuli stand on disk."""

    def made(**stimuli_keys: object) -> Layout:
        files = tmp_path / "datasets" / "files"
        files.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models").mkdir(exist_ok=True)
        for number in range(5):
            Image.fromarray(picture(20, 20)).save(files / f"square{number}.png")
        spec = {**DATASET, "stimuli": {**DATASET["stimuli"], **stimuli_keys}}
        (tmp_path / "datasets" / "squares.yaml").write_text(yaml.safe_dump(spec))
        (tmp_path / "models" / "net.yaml").write_text(yaml.safe_dump(MODEL))
        study = {"name": "s", "title": "S", "datasets": ["squares"], "models": ["net"]}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
        layout = Layout(load_study(tmp_path / "study.yaml"), tmp_path)
        fetch.run(layout, "squares")
        stimuli.run(layout, "squares")
        return layout

    return made


def views(layout, settings):
    shown = shown_degrees(layout, "squares")
    return Views(images_of(layout, "squares"), by_settings(settings, shown))


def test_batches_are_the_rows_of_the_whole_and_the_hash_is_of_all(make):
    layout = make()
    wanted = Preprocessing(size=16, degrees=8, mean=(0.5, 0.5, 0.5))
    whole = views(layout, wanted)
    every = whole[:]
    assert every.shape == (5, 3, 16, 16)
    assert np.allclose(every[:, :, 0, 0], GREY - 0.5)  # 4 of 8 degrees: the corners are background
    digest = hashlib.sha256(every.data).hexdigest()
    assert whole.sha256() == digest

    batched = views(layout, wanted)
    first_look = batched[0:3]  # as a dry run takes it
    assert np.array_equal(first_look, every[:3])
    batches = [batched[start : start + 2] for start in (0, 2, 4)]
    assert np.array_equal(np.concatenate(batches), every)
    assert batched.sha256() == digest
    assert views(layout, wanted).sha256() == digest


def test_a_changed_image_changes_the_hash_and_is_refused(make):
    layout = make()
    wanted = Preprocessing(size=16)
    file = layout.stimuli("squares").parent / "images" / "square2.png"
    Image.fromarray(picture(20, 20)).save(file)
    with pytest.raises(IsomorphError, match=r"square2\.png: is not the image"):
        views(layout, wanted).sha256()


def test_degrees_are_those_of_the_dataset_and_said_when_unknown(make, capsys):
    layout = make(degrees=[4, 3])
    wanted = Preprocessing(size=16, degrees=8)
    assert shown_degrees(layout, "squares") == (4, 3)
    assert field_of_view(wanted, (4, 3), "s") == "8 degrees, images 4 degrees wide, 3 high"
    assert capsys.readouterr().err == ""
    layout = make(degrees=None)
    assert shown_degrees(layout, "squares") is None
    said = field_of_view(wanted, None, "squares, net")
    assert said == "whole; the images' size in degrees is not known"
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "squares, net: the model's field of view is 8 degrees, but the dataset does not" in error
    assert field_of_view(Preprocessing(size=4, crop=0.875), None, "s").startswith("centre, 0.875")
    assert capsys.readouterr().err == ""


def test_activations_depend_on_how_large_images_were_shown_and_stimuli_do_not(make):
    from isomorph.slices import stimuli as stimuli_slice

    small, large = (make(degrees=size).study for size in (4, 8))
    assert activations(small, "squares", "net") != activations(large, "squares", "net")
    assert stimuli_slice(small, "squares") == stimuli_slice(large, "squares")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("degrees", 0, "preprocessing.degrees"),
        ("crop", 1.2, "preprocessing.crop"),
        ("interpolation", "cubic", 'interpolation.*"bicubic"'),
        ("aperture", "square", "aperture"),
        ("background", [128, 128, 128], "background"),
    ],
)
def test_settings_that_cannot_be_are_said(make, tmp_path, key, value, message):
    make()
    spec = {**MODEL, "preprocessing": {"size": 16, key: value}}
    (tmp_path / "models" / "net.yaml").write_text(yaml.safe_dump(spec))
    with pytest.raises(StudyError, match=message):
        load_study(tmp_path / "study.yaml")


def test_degrees_of_a_dataset_are_positive(make):
    with pytest.raises(StudyError, match=r"stimuli.*degrees"):
        make(degrees=-1)
