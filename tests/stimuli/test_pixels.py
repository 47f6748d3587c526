"""Pixels: every kind of image as RGB, and images as a model sees them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from isomorph.errors import IsomorphError
from isomorph.stages.datasets import images_of
from isomorph.stimuli.pixels import as_rgb, open_rgb, pixel_digest, resized
from pictures import read_images

RNG = np.random.default_rng(1970)
COLOUR = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (6, 9), dtype=np.uint8)


def test_grey_is_repeated_in_all_channels():
    expected = np.repeat(GREY[:, :, None], 3, axis=2)
    assert np.array_equal(as_rgb(Image.fromarray(GREY), "x"), expected)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    deep = GREY.astype(np.uint16) * 257  # 0 … 65535
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(open_rgb(tmp_path / "deep.png")[:, :, 0], GREY)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pixels_show_mid_grey(mode, tmp_path):
    opaque = np.zeros((6, 9), dtype=np.uint8)
    opaque[:, :4] = 255
    base = {"RGBA": Image.fromarray(COLOUR), "LA": Image.fromarray(GREY)}.get(
        mode, Image.fromarray(COLOUR).quantize(16)
    )
    image = base.convert(mode)
    image.putalpha(Image.fromarray(opaque))
    rgb = as_rgb(image, "x")
    assert np.array_equal(rgb[:, :4], np.asarray(base.convert("RGB"))[:, :4])
    assert (rgb[:, 4:] == 128).all()


def test_half_transparent_is_half_way():
    image = Image.new("RGBA", (2, 2), (255, 0, 0, 128))
    expected = [(128 * c + 127 * 128) / 255 for c in (255, 0, 0)]  # the over operator
    assert np.abs(as_rgb(image, "x")[0, 0] - np.array(expected)).max() <= 1


def test_transparent_colour_of_a_palette_shows_mid_grey(tmp_path):
    image = Image.fromarray(COLOUR).quantize(8)
    image.save(tmp_path / "p.png", transparency=0)
    rgb = open_rgb(tmp_path / "p.png")
    indices = np.asarray(image)
    assert (rgb[indices == 0] == 128).all()
    assert np.array_equal(rgb[indices != 0], np.asarray(image.convert("RGB"))[indices != 0])


def test_orientation_of_the_camera_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter clockwise
    Image.fromarray(COLOUR).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(open_rgb(tmp_path / "turned.png"), np.rot90(COLOUR, -1))


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_of_unknown_range_are_refused(mode):
    with pytest.raises(
        IsomorphError, match=f"x: has pixels of kind {mode}, whose range is unknown"
    ):
        as_rgb(Image.new(mode, (2, 2)), "x")


def test_missing_image_is_said(tmp_path):
    with pytest.raises(IsomorphError, match=r"gone\.png: no such image"):
        open_rgb(tmp_path / "gone.png")


def test_hash_tells_shapes_and_pixels_apart_and_formats_not():
    digest = pixel_digest(COLOUR)
    assert pixel_digest(COLOUR.reshape(9, 6, 3)) != digest
    assert pixel_digest(COLOUR ^ np.uint8(1)) != digest
    assert pixel_digest(np.asfortranarray(COLOUR)) == digest
    buffer = io.BytesIO()
    Image.fromarray(COLOUR).save(buffer, format="TIFF")
    assert pixel_digest(as_rgb(Image.open(buffer), "x")) == digest


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tiff"])
def test_the_first_frame_of_an_animation_counts_and_that_is_said(ending, tmp_path, capsys):
    frames = [Image.new("RGB", (6, 5), colour) for colour in ("red", "lime", "blue")]
    file = tmp_path / f"moving.{ending}"
    frames[0].save(file, save_all=True, append_images=frames[1:], lossless=True)
    assert (open_rgb(file) == (255, 0, 0)).all()
    assert capsys.readouterr().err == f"{file}: has 3 frames, the first is used\n"
    frames[1].save(tmp_path / f"still.{ending}", lossless=True)
    open_rgb(tmp_path / f"still.{ending}")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("ending", ["jpg", "tiff"])
def test_inks_are_turned_to_light(ending, tmp_path, capsys):
    inks = {(255, 0, 0, 0): (0, 255, 255), (0, 255, 0, 0): (255, 0, 255), (0, 0, 0, 255): (0, 0, 0),
            (0, 0, 0, 0): (255, 255, 255), (0, 128, 0, 128): (127, 63, 127)}  # fmt: skip
    for place, (ink, light) in enumerate(inks.items()):
        file = tmp_path / f"{place}.{ending}"
        Image.new("CMYK", (8, 8), ink).save(file, quality=100)
        assert np.abs(open_rgb(file).astype(int) - light).max() <= 2
        assert capsys.readouterr().err.startswith(f"{file}: is CMYK, turned to RGB without")


@pytest.mark.parametrize("profile", ["broken", "of light"])
def test_a_profile_that_is_not_one_of_inks_is_said(profile, tmp_path, capsys):
    file = tmp_path / "inks.tiff"
    light = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = light if profile == "of light" else b"no profile"
    Image.new("CMYK", (8, 8), (0, 0, 255, 0)).save(file, icc_profile=content)
    assert (open_rgb(file) == (255, 255, 0)).all()
    assert "by subtraction of its inks, for its profile cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["1", "P", "YCbCr", "HSV", "RGBX"])
def test_other_kinds_of_pixels_are_what_they_look_like(mode):
    colours = Image.fromarray(COLOUR).quantize(16) if mode == "P" else Image.fromarray(COLOUR)
    image = colours.convert(mode)
    assert np.array_equal(as_rgb(image, "x"), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kept", [0, 20, 60])
@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp"])
def test_a_broken_file_is_one_sentence(ending, kept, tmp_path):
    whole = io.BytesIO()
    Image.fromarray(np.tile(COLOUR, (20, 20, 1))).save(
        whole, format="JPEG" if ending == "jpg" else ending
    )
    file = tmp_path / f"cut.{ending}"
    file.write_bytes(whole.getvalue()[:kept])
    with pytest.raises(IsomorphError, match=rf"cut\.{ending}: cannot be read as an image") as said:
        open_rgb(file)
    assert "\n" not in str(said.value)


# ---------------------------------------------------------------- what a model sees


def test_image_of_the_right_size_keeps_its_values():
    square = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    seen = resized(square, 8)
    assert seen.dtype == np.float32
    assert seen.shape == (3, 8, 8)
    assert np.array_equal(np.rint(seen * 255).astype(np.uint8), square.transpose(2, 0, 1))


def test_uniform_image_stays_uniform_whatever_its_shape():
    seen = resized(np.full((31, 17, 3), (10, 120, 250), dtype=np.uint8), 8)
    assert np.allclose(seen.mean(axis=(1, 2)), np.array([10, 120, 250]) / 255)
    assert np.allclose(np.ptp(seen, axis=(1, 2)), 0)


def test_shrinking_averages_so_that_fine_gratings_do_not_alias():
    grating = np.zeros((64, 64, 3), dtype=np.uint8)
    grating[:, ::2] = 255  # every other column: plain grey from afar
    assert np.ptp(resized(grating, 16)[:, :, 2:-2]) < 0.02


def test_whole_image_is_seen_not_its_middle():
    wide = np.zeros((10, 40, 3), dtype=np.uint8)
    wide[:, :10] = 255  # the left quarter
    seen = resized(wide, 8)
    assert seen[:, :, 0].min() > 0.95
    assert seen[:, :, 4:].max() < 0.05


@pytest.fixture
def mixed(data, make):
    """Three images of different size and kind."""
    Image.fromarray(COLOUR).save(data / "a.png")
    Image.fromarray(GREY).save(data / "b.png")
    Image.fromarray(COLOUR[::-1]).save(data / "c.bmp")
    return make(stimuli={"kind": "folder", "files": "*.*"})


def test_images_come_in_stimulus_order(mixed):
    images = read_images(images_of(mixed, "objects"), 5)
    assert images.shape == (3, 3, 5, 5)
    assert images.dtype == np.float32
    assert np.array_equal(images[0], resized(COLOUR, 5))
    assert np.array_equal(images[1], resized(np.repeat(GREY[:, :, None], 3, axis=2), 5))
    assert np.array_equal(images[2], resized(COLOUR[::-1], 5))


def test_rows_are_read_a_batch_at_a_time(mixed):
    images = read_images(images_of(mixed, "objects"), 5)
    batches = [read_images(images_of(mixed, "objects")[i : i + 2], 5) for i in (0, 2)]
    assert np.array_equal(np.concatenate(batches), images)


def test_image_changed_since_is_refused(mixed):
    file = mixed.stimuli("objects").parent / "images" / "b.png"
    Image.fromarray(GREY[::-1]).save(file)
    with pytest.raises(IsomorphError, match=r"b\.png: is not the image .*stimuli\.csv was written"):
        read_images(images_of(mixed, "objects"), 5)


def test_image_lost_since_is_said(mixed):
    (mixed.stimuli("objects").parent / "images" / "b.png").unlink()
    with pytest.raises(IsomorphError, match=r"b\.png: no such image"):
        read_images(images_of(mixed, "objects"), 5)


def png_of(width, height):
    """Return the beginning of a PNG that announces a size."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9)))


def test_an_image_beyond_the_budget_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    """Compressed zeros: 641 KiB of them held 4.5 GiB."""
    file = tmp_path / "bomb.png"
    file.write_bytes(png_of(13_000, 13_000))
    with pytest.raises(IsomorphError, match=r"bomb\.png: an image of 13,000 × 13,000 pixels would"):
        open_rgb(file)
    file.write_bytes(png_of(100_000, 100_000))
    with pytest.raises(IsomorphError, match=r"bomb\.png: "):
        open_rgb(file)
    Image.new("RGB", (2000, 2000)).save(file)
    assert open_rgb(file).shape == (2000, 2000, 3)
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "100")
    with pytest.raises(IsomorphError, match=r"2,000 × 2,000 pixels would take 112.0 MB of memory"):
        open_rgb(file)


def test_a_program_is_no_image_whatever_it_is_called(tmp_path, monkeypatch):
    """Pillow would run Ghostscript on it."""
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("it was run"))
    file = tmp_path / "face.png"
    file.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) run\n%%EOF\n"
    )
    with pytest.raises(IsomorphError, match=r"face\.png: cannot be read as an image"):
        open_rgb(file)
