"""Stimuli whose images stand inside the recordings."""

import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

import recordings
from images import natural_like
from recordings import images, opened, table

from isomorph.errors import IsomorphError
from isomorph.stages import fetch, stimuli
from isomorph.stages.datasets import files_of, names_of, read_stimuli
from isomorph.stimuli.nwb import list_stimuli
from isomorph.stimuli.partners import partners
from isomorph.stimuli.pixels import pixel_digest

PICTURES = natural_like(8, 12, 16, seed=469)
TEMPLATES = "stimulus/templates/StimulusTemplates"
SPEC = {"kind": "nwb", "files": "*.nwb", "images": [TEMPLATES]}
SERIES = "stimulus/presentation/StimulusPresentation"
NAMED = {
    **SPEC,
    "images": [SERIES],
    "named_by": {"table": "trials", "onset": "on", "column": "image", "fields": ["category"]},
}


def container(file, pictures, where=TEMPLATES):
    """Write named images and, as NWB does, a list of references beside them."""
    with opened(file) as nwb:
        images(nwb, where, pictures, "Image", list(reversed(list(pictures))))


def series(file, frames, times=None, where=SERIES, **others):
    with opened(file) as nwb:
        group = recordings.series(nwb, where, frames, "ImageSeries", timestamps=times)
        for name, values in others.items():
            group[name] = values


def trials(file, **columns):
    with opened(file) as nwb:
        size = len(next(iter(columns.values())))
        own = {"start_time": np.arange(size) + 1.0, "stop_time": np.arange(size) + 1.5, **columns}
        table(nwb, "intervals/trials", np.arange(size), own, kind="TimeIntervals")


def written(layout):
    """Return the images that were written, by id."""
    folder = layout.stimuli("objects").parent
    table = read_stimuli(layout, "objects")
    return {
        name: np.asarray(Image.open(folder / file))
        for name, file in zip(table["stimulus"], table["file"], strict=True)
    }


def names(layout):
    table = pd.read_csv(layout.stimuli("objects").with_name("names.csv"), dtype=str)
    return {(row.file, row.name): row.stimulus for row in table.itertuples(index=False)}


def equal(found, expected):
    assert list(found) == list(expected)
    for name, pixels in expected.items():
        assert np.array_equal(found[name], pixels), name


# ---------------------------------------------------------------- containers


def test_images_go_by_name_and_not_by_position(data, make):
    # 10 is missing, as a list of 9 and 11 would show if anybody counted
    pictures = {"image_11": PICTURES[0], "image_2": PICTURES[1], "image_9": PICTURES[2]}
    container(data / "1.nwb", pictures)
    layout = make(stimuli=SPEC)
    equal(written(layout), {name: pictures[name] for name in ("image_2", "image_9", "image_11")})
    naming = names_of(layout, "objects").naming
    ids = naming.ids(data / "1.nwb", np.array(["image_9", "image_10", ""]))
    assert ids.tolist() == ["image_9", "", ""]


def test_a_name_for_other_pixels_in_another_file_is_another_stimulus(data, make):
    container(data / "1.nwb", {"image_1": PICTURES[0], "image_2": PICTURES[1]})
    container(data / "2.nwb", {"image_1": PICTURES[2], "image_2": PICTURES[1]})
    container(data / "3.nwb", {"image_1": PICTURES[2], "image_2": PICTURES[1]})
    layout = make(stimuli=SPEC)
    other = f"image_1-{pixel_digest(PICTURES[0])[:8]}"
    equal(written(layout), {"image_1": PICTURES[2], other: PICTURES[0], "image_2": PICTURES[1]})
    found = names_of(layout, "objects").naming
    asked = np.array(["image_2", "image_1", "image_1"])
    assert found.ids(data / "1.nwb", asked).tolist() == ["image_2", other, other]
    assert found.ids(data / "3.nwb", asked).tolist() == ["image_2", "image_1", "image_1"]


def test_the_same_pixels_under_another_name_in_another_file_are_one_stimulus(data, make):
    container(data / "1.nwb", {"a": PICTURES[0], "b": PICTURES[1]})
    container(data / "2.nwb", {"z": PICTURES[0], "b": PICTURES[1]})
    container(data / "3.nwb", {"z": PICTURES[0]})
    layout = make(stimuli=SPEC)
    equal(written(layout), {"b": PICTURES[1], "z": PICTURES[0]})
    assert names(layout)["1.nwb", "a"] == "z"


def test_two_names_in_one_file_stay_two_however_equal(data, make, capsys):
    container(data / "1.nwb", {"left": PICTURES[0], "right": PICTURES[0]})
    container(data / "2.nwb", {"right": PICTURES[0]})
    layout = make(stimuli=SPEC)
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist() == ["left", "right"]
    assert table["duplicate_of"].tolist() == ["", "left"]
    assert names(layout) == {
        ("1.nwb", "left"): "left", ("1.nwb", "right"): "right", ("2.nwb", "right"): "right",
    }  # fmt: skip
    assert "have exactly the pixels of another: right = left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("share", "kept"), [(1, ["b"]), (0.67, ["b"]), (0.66, ["b", "c"]), (0.1, ["a", "b", "c"])]
)
def test_images_too_few_files_hold_are_left_out_and_said(data, make, capsys, share, kept):
    container(data / "1.nwb", {"a": PICTURES[0], "b": PICTURES[1]})
    container(data / "2.nwb", {"c": PICTURES[2], "b": PICTURES[1]})
    container(data / "3.nwb", {"b": PICTURES[1], "c": PICTURES[2]})
    layout = make(stimuli={**SPEC, "shared": share})
    assert sorted(written(layout)) == kept
    assert ("images are held by fewer than" in capsys.readouterr().err) == (len(kept) < 3)
    ids = names_of(layout, "objects").naming.ids(data / "1.nwb", np.array(["a"]))
    assert ids.tolist() == (["a"] if "a" in kept else [""])


def test_files_that_share_nothing_are_said(data, make):
    container(data / "1.nwb", {"a": PICTURES[0]})
    container(data / "2.nwb", {"a": PICTURES[1]})
    message = "no image is held by 2 of the 2 files, the commonest by 1; lower it"
    with pytest.raises(IsomorphError, match=message):
        make(stimuli={**SPEC, "shared": 1})


def test_a_recording_without_images_uses_names_that_mean_the_same_everywhere(data, make):
    container(data / "1.nwb", {"x": PICTURES[0], "y": PICTURES[1]})
    container(data / "2.nwb", {"x": PICTURES[2], "y": PICTURES[1]})
    (data / "elsewhere.txt").write_text("no images")
    found = names_of(make(stimuli=SPEC), "objects").naming
    assert found.ids(data / "elsewhere.txt", np.array(["y"])).tolist() == ["y"]
    message = r'elsewhere\.txt: uses the name "x", which stands for different images'
    with pytest.raises(IsomorphError, match=message):
        found.ids(data / "elsewhere.txt", np.array(["x"]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2766534.015976", "2766534.015976"),
        (r"newolddelay\houses\1101.jpg", "newolddelay-houses-1101"),
        ("../../escape", "..-..-escape"),
    ],
)
def test_names_are_kept_as_text_and_stay_in_their_folder(data, make, name, expected):
    times = [1.0, 2.0]
    series(data / "1.nwb", PICTURES[:2], times)
    trials(data / "1.nwb", on=times, image=[name, "2766534.016"], category=["x", "y"])
    layout = make(stimuli=NAMED)
    assert set(written(layout)) == {expected, "2766534.016"}
    ids = names_of(layout, "objects").naming.ids(data / "1.nwb", np.array([name]))
    assert ids.tolist() == [expected]


def test_numbers_float32_would_merge_stay_apart(data, make):
    ids = np.array([2766534.015976, 2766534.016])
    assert np.float32(ids[0]) == np.float32(ids[1])
    series(data / "1.nwb", PICTURES[:2], [1.0, 2.0])
    trials(data / "1.nwb", on=[1.0, 2.0], image=ids, category=["x", "y"])
    assert set(written(make(stimuli=NAMED))) == {"2766534.015976", "2766534.016"}


@pytest.mark.parametrize("other", ["image_2", "kitten"])
def test_names_without_a_stimulus_are_said_with_the_nearest(data, make, capsys, other):
    for name in ("image_1", "image_3"):
        Image.fromarray(PICTURES[0]).save(data / f"{name}.png")
    found = names_of(make(stimuli={"kind": "folder", "files": "*.png"}), "objects").naming
    found.ids(data / "1.nwb", np.array(["image_1", other, other, "", "zebra"]))
    near = "did you mean" if other == "image_2" else 'stimuli are called "image_1" and so on'
    said = capsys.readouterr().err
    assert "1.nwb: 2 names are those of no stimulus of" in said
    assert f'stimuli.csv: "{other}", "zebra"; {near}' in said


def test_images_that_were_left_out_are_said_without_another(data, make, capsys):
    container(data / "1.nwb", {"image_1": PICTURES[0], "image_2": PICTURES[1]})
    container(data / "2.nwb", {"image_1": PICTURES[0]})
    found = names_of(make(stimuli={**SPEC, "shared": 1}), "objects").naming
    assert found.ids(data / "1.nwb", np.array(["image_2"])).tolist() == [""]
    assert 'names.csv: "image_2"; their presentations do not count' in capsys.readouterr().err


# ---------------------------------------------------------------- channels, axes, levels


@pytest.mark.parametrize(
    ("stored", "changes"),
    [
        (lambda rgb: rgb[:, :, ::-1], {"channels": "bgr"}),
        (lambda rgb: rgb.swapaxes(0, 1), {"transposed": True}),
        (lambda rgb: rgb.swapaxes(0, 1)[:, :, ::-1], {"transposed": True, "channels": "bgr"}),
        (lambda rgb: rgb / 255, {}),
        (lambda rgb: (rgb / 255).astype(np.float32), {}),
        (lambda rgb: rgb.astype(np.float64), {}),
        (lambda rgb: rgb.astype(np.int32), {}),
        (lambda rgb: rgb.astype(np.uint16) * 257, {}),
        (lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]), {}),
    ],
)
def test_pixels_come_out_as_they_were_seen(data, make, stored, changes):
    container(data / "1.nwb", {"a": stored(PICTURES[0]), "b": stored(PICTURES[1])})
    equal(written(make(stimuli={**SPEC, **changes})), {"a": PICTURES[0], "b": PICTURES[1]})


@pytest.mark.parametrize("transposed", [False, True])
def test_grey_is_repeated_in_all_channels(data, make, transposed):
    grey = PICTURES[0][:, :, 0]
    container(data / "1.nwb", {"a": grey.T if transposed else grey})
    layout = make(stimuli={**SPEC, "transposed": transposed, "channels": "bgr"})
    equal(written(layout), {"a": np.repeat(grey[:, :, None], 3, axis=2)})


def test_a_dark_image_among_fractions_stays_dark(data, make):
    dark, bright = np.full((4, 4), 0.5), np.full((4, 4), 200.0)
    series(data / "1.nwb", np.stack([dark, bright]), control_description=["dark", "bright"])
    found = written(make(stimuli={**SPEC, "images": [SERIES]}))
    assert (found["dark"] <= 1).all()
    assert (found["bright"] == 200).all()


def test_pixels_nobody_saw_are_mid_grey_and_said(data, make, capsys):
    image = PICTURES[0][:, :, 0].astype(float)
    image[:2] = np.nan
    series(data / "1.nwb", image[None], control_description=["a"])
    found = written(make(stimuli={**SPEC, "images": [SERIES]}))["a"]
    assert (found[:2] == 128).all()
    assert np.array_equal(found[2:, :, 0], PICTURES[0][2:, :, 0])
    assert "1 images with pixels that have no value (NaN)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((4, 4), 300.0), "holds pixels from 300 to 300, expected 0 to 255"),
        (np.full((4, 4), -1.0), "holds pixels from -1 to -1"),
        (np.full((4, 4), np.nan), "holds not one pixel with a value, only NaN"),
        (np.full((4, 4), np.inf), "expected 0 to 255"),
        (np.zeros((4, 4, 5), np.uint8), r"is of shape \(4, 4, 5\), expected \(height, width\)"),
    ],
)
def test_numbers_no_image_has_are_refused(data, make, image, message):
    container(data / "1.nwb", {"a": image})
    with pytest.raises(IsomorphError, match=message):
        make(stimuli=SPEC)


@given(arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3))))
def test_any_picture_survives_matlab_and_opencv(tmp_path_factory, pixels):
    from isomorph.stimuli.looks import Look, measured, read_pixels

    file = tmp_path_factory.mktemp("any") / "1.nwb"
    with h5py.File(file, "w") as nwb:
        # all axes reversed, as MATLAB writes (frame, row, column, channel); blue first
        nwb["frames"] = np.stack([pixels, pixels // 2])[..., ::-1].T / 255
        look = measured(Look(bgr=True, reversed=True), [(nwb["frames"], [0, 1])], "frames")
        found = [read_pixels(nwb["frames"], place, look, "frames") for place in (0, 1)]
    if pixels.max() > 0:
        assert np.array_equal(found[0], pixels)
        assert np.array_equal(found[1], pixels // 2)


# ---------------------------------------------------------------- series


def test_frames_are_named_by_their_time_and_never_by_position(data, make, capsys):
    # six frames, one row truncated, one row of a picture whose frame is missing, rows out of order
    times = np.array([10.0, 12.0, 14.0, 16.0, 18.0, 20.0])
    shown = PICTURES[[0, 1, 2, 0, 3, 4]]
    series(data / "1.nwb", shown, times)
    trials(
        data / "1.nwb",
        on=[18.01, 10.0, 15.99, 14.0, 20.0, 30.0],
        image=["d", "a", "a", "c", "e", "f"],
        category=["x", "x", "x", "y", "y", "y"],
    )
    layout = make(stimuli=NAMED)
    equal(
        written(layout),
        {"a": PICTURES[0], "c": PICTURES[2], "d": PICTURES[3], "e": PICTURES[4]},
    )
    table = read_stimuli(layout, "objects").set_index("stimulus")
    assert table["category"].to_dict() == {"a": "x", "c": "y", "d": "x", "e": "y"}
    said = capsys.readouterr().err
    assert "1 images that no row of trials shows" in said
    assert "1 rows of trials that show no image" in said


def test_rows_may_be_chosen(data, make):
    series(data / "1.nwb", PICTURES[:2], [1.0, 2.0])
    trials(
        data / "1.nwb",
        on=[1.0, 2.0], image=["a", "b"], category=["x", "y"], good=np.array([True, False]),
    )  # fmt: skip
    named_by = {**NAMED["named_by"], "where": {"good": ["True"]}}
    assert set(written(make(stimuli={**NAMED, "named_by": named_by}))) == {"a"}


def test_one_name_for_two_images_in_one_file_is_left_out(data, make, capsys):
    series(data / "1.nwb", PICTURES[:3], [1.0, 2.0, 3.0])
    trials(data / "1.nwb", on=[1.0, 2.0, 3.0], image=["a", "a", "b"], category=["x"] * 3)
    layout = make(stimuli=NAMED)
    equal(written(layout), {"b": PICTURES[2]})
    message = "1 names that stand for several images each, left out: a"
    assert message in capsys.readouterr().err


def test_all_axes_reversed_are_told_by_the_number_of_times(data, make):
    times = np.arange(5.0)
    series(data / "1.nwb", PICTURES[:5].T, times)  # (channel, column, row, frame)
    trials(data / "1.nwb", on=times, image=list("abcde"), category=["x"] * 5)
    equal(written(make(stimuli=NAMED)), dict(zip("abcde", PICTURES, strict=False)))


def test_reversed_frames_at_a_steady_rate_have_a_time_each(data, make):
    """Six frames of channels first: times are counted along the axis of frames."""
    file = data / "1.nwb"
    series(file, PICTURES[:6].T, starting_time=10.0)  # (channel, column, row, frame)
    with h5py.File(file, "a") as nwb:
        nwb[f"{SERIES}/starting_time"].attrs["rate"] = 0.5
    trials(file, on=10 + 2 * np.arange(6.0), image=list("abcdef"), category=["x"] * 6)
    equal(written(make(stimuli=NAMED)), dict(zip("abcdef", PICTURES, strict=False)))


def test_frames_may_name_themselves(data, make):
    template = "stimulus/templates/Natural_set_G_2019.05.26"
    warped = PICTURES[:3, :, :, 0]
    unwarped = PICTURES[3:6, :, :, 0].astype(float)
    described = {
        **{"control": np.arange(3), "control_description": ["im036", "im012", "im044"]},
        "unwarped": unwarped,
    }
    series(data / "1.nwb", warped, np.full(3, np.nan), template, **described)
    place = "stimulus/templates/Natural_set_*_2019*"
    found = written(make(stimuli={**SPEC, "images": [place]}))
    equal({n: p[:, :, 0] for n, p in found.items()},
          {"im012": warped[1], "im036": warped[0], "im044": warped[2]})  # fmt: skip
    found = written(make(stimuli={**SPEC, "images": [f"{place}/unwarped"]}))
    assert np.array_equal(found["im044"][:, :, 0], unwarped[2])


def test_a_field_that_varies_names_the_stimulus(data, make):
    for file, category in (("1.nwb", "x"), ("2.nwb", "y")):
        series(data / file, PICTURES[:2], [1.0, 2.0])
        trials(data / file, on=[1.0, 2.0], image=["a", "b"], category=["x", category])
    message = r'stimulus "b": "category" is not constant, it is "x" and "y"; leave it out'
    with pytest.raises(IsomorphError, match=message):
        make(stimuli=NAMED)


times_of = st.lists(st.floats(0, 100), min_size=1, max_size=12)


@given(times_of, times_of)
def test_partners_are_each_others_nearest(frames, onsets):
    frames, onsets = np.array(frames), np.array(onsets)
    found = partners(frames, onsets, 1.0)
    matched = found[found >= 0]
    assert len(set(matched.tolist())) == len(matched)
    for place, row in enumerate(found):
        distance = np.abs(onsets - frames[place])
        if row >= 0:
            assert distance[row] == distance.min() <= 1.0
            assert distance[row] == np.abs(frames - onsets[row]).min()
        elif distance.min() <= 1.0:  # somebody stands nearer to each onset that is nearest
            for onset in onsets[distance == distance.min()]:
                assert np.abs(frames - onset).min() <= distance.min()


def test_unknown_times_have_no_partner():
    found = partners(np.array([np.nan, 2.0]), np.array([2.0, np.nan]), 0.1)
    assert found.tolist() == [-1, 0]
    assert partners(np.array([1.0]), np.array([np.nan]), 0.1).tolist() == [-1]
    assert partners(np.zeros(0), np.zeros(0), 0.1).tolist() == []


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": ["stimulus/templates/Stimulus"]}, r'did you mean "stimulus/templates/Stimu'),
        ({"images": ["general"]}, "general: holds no images, expected datasets of pixels"),
        ({"images": [SERIES]}, "its frames have no names of their own; say in stimuli.named_by"),
        ({"files": "2.nwb"}, 'no file matches "2.nwb"'),
        (
            {"images": [SERIES], "named_by": {"onset": "late", "column": "image"}},
            r"no frame stands within 0.05 s of an onset of trials; frames lie between 1 and 2 s, "
            "onsets between 101 and 102 s",
        ),
        (
            {"images": [SERIES], "named_by": {"onset": "image", "column": "image"}},
            'column "image" must hold onsets in seconds',
        ),
        (
            {"images": [SERIES], "named_by": {"onset": "on", "column": "imag"}},
            'no column "imag", did you mean "image"',
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(data, make, changes, message):
    container(data / "1.nwb", {"a": PICTURES[0]})
    series(data / "1.nwb", PICTURES[:2], [1.0, 2.0])
    trials(data / "1.nwb", on=[1.0, 2.0], late=[101.0, 102.0], image=["a", "b"])
    with h5py.File(data / "1.nwb", "a") as nwb:
        nwb["general/institution"] = "none"
    with pytest.raises(IsomorphError, match=message):
        make(stimuli={**SPEC, **changes})


def test_frames_on_another_clock_are_refused_though_some_meet_a_row(data, make):
    """Frames in milliseconds: two of six stand where some row begins, by chance."""
    series(data / "1.nwb", PICTURES[:6], [10.0, 12.0, 1e4, 1.2e4, 1.4e4, 1.6e4])
    on = [10.0, 12.0, 14.0, 16.0, 18.0, 20.0]
    trials(data / "1.nwb", on=on, image=list("abcdef"), category=["x"] * 6)
    message = "only 2 of 6 frames stand within 0.05 s of an onset of trials; frames lie between 10"
    with pytest.raises(IsomorphError, match=message):
        make(stimuli=NAMED)


def test_single_images_of_a_container_may_be_named(data, make):
    container(data / "1.nwb", {"face_1": PICTURES[0], "face_2": PICTURES[1], "bar": PICTURES[2]})
    found = written(make(stimuli={**SPEC, "images": [f"{TEMPLATES}/face_*"]}))
    equal(found, {"face_1": PICTURES[0], "face_2": PICTURES[1]})


def test_frames_that_cannot_be_told_by_time_are_refused(data, make):
    series(data / "1.nwb", PICTURES[:3], [1.0, 2.0])
    trials(data / "1.nwb", on=[1.0, 2.0], image=["a", "b"], category=["x", "y"])
    with pytest.raises(IsomorphError, match="has 3 frames and 2 times, so that no frame can"):
        make(stimuli=NAMED)


def test_a_file_that_ends_early_is_said(data, make):
    container(data / "1.nwb", {"a": PICTURES[0]})
    whole = (data / "1.nwb").read_bytes()
    (data / "1.nwb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IsomorphError, match=r"1\.nwb: cannot be read as an HDF5 file"):
        make(stimuli=SPEC)


def test_a_file_that_changed_is_refused_and_the_old_names_stay(data, make):
    container(data / "1.nwb", {"a": PICTURES[0]})
    layout = make(stimuli=SPEC)
    before = {p: p.read_bytes() for p in layout.stimuli("objects").parent.rglob("*.csv")}
    assert len(before) == 2
    container(data / "1.nwb", {"b": PICTURES[1]}, "stimulus/templates/others")
    with pytest.raises(IsomorphError, match=r"1\.nwb: has changed since objects was fetched"):
        stimuli.run(layout, "objects")
    assert {p: p.read_bytes() for p in before} == before


def test_names_of_another_kind_are_their_own_ids_and_old_tables_go(data, make):
    container(data / "1.nwb", {"a": PICTURES[0]})
    layout = make(stimuli=SPEC)
    assert layout.stimuli("objects").with_name("names.csv").is_file()
    Image.fromarray(PICTURES[0]).save(data / "f01.png")
    layout = make(stimuli={"kind": "folder", "files": "*.png"})
    assert not layout.stimuli("objects").with_name("names.csv").exists()
    naming = names_of(layout, "objects").naming
    found = naming.ids(data / "1.nwb", np.array(["f01", "f01.png", "f02"]))
    assert found.tolist() == ["f01", "f01", ""]


def test_a_table_of_names_that_has_gone_is_said(data, make):
    container(data / "1.nwb", {"a": PICTURES[0]})
    layout = make(stimuli=SPEC)
    layout.stimuli("objects").with_name("names.csv").unlink()
    with pytest.raises(IsomorphError, match=r'names\.csv: no such file; make the stimuli of "obj'):
        names_of(layout, "objects")


def test_a_table_beside_the_yaml_describes_the_images(data, make, make_layout, tmp_path):
    container(data / "1.nwb", {"image_2": PICTURES[0], "image_10": PICTURES[1]})
    make_layout()
    (tmp_path / "config" / "about.tsv").write_text("stimulus\tkind\nimage_10\tcar\nimage_2\tn/a\n")
    table = read_stimuli(make(stimuli={**SPEC, "table": "about.tsv"}), "objects")
    assert table["kind"].tolist() == ["", "car"]


def test_one_image_is_held_at_a_time(data, make, monkeypatch):
    """The listing holds no pixels: every image is read again when it is written."""
    container(data / "1.nwb", {f"image_{n}": PICTURES[n] for n in range(4)})
    layout = make(stimuli=SPEC)
    fetch.run(layout, "objects")
    spec = layout.study.dataset("objects").stimuli
    listed = list_stimuli(files_of(layout, "objects"), spec)
    assert all(one.original is None for one in listed)
    assert not re.search("ndarray", repr([one.pixels.args for one in listed]))
