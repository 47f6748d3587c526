"""Films as stimuli: which frames, at which times, from which files, and what is refused."""

import sys

import h5py
import numpy as np
import pytest
from film_files import UNEVEN, picture, write_video
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.stages.datasets import read_stimuli
from isomorph.stimuli.film import frames_before, list_frames, open_film
from isomorph.stimuli.film.frames_by_film import FILM_COLUMNS
from isomorph.stimuli.film.video import FORMATS
from isomorph.stimuli.listed_images import list_clips, list_images
from isomorph.study.axes import axes_of

EVERY = {"kind": "film", "every": 0.2}
STACK = np.stack([picture(number)[..., 0] for number in range(30)])  # (frame, row, column)


def grey(film, number):
    return int(film.frame(number)[-1, -1, 0])


def test_avi_counts_time_and_not_frames(tmp_path):
    film = open_film(write_video(tmp_path / "a.avi", np.arange(8) / 25, codec="mpeg4"))
    assert film.count == 8
    assert film.times == pytest.approx(np.arange(8) / 25)
    assert grey(film, 5) == pytest.approx(40, abs=4)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_frames_stand_at_their_own_times_and_in_any_order(tmp_path, ending):
    film = open_film(write_video(tmp_path / f"city.{ending}"))
    assert film.name == "city"
    assert film.times == pytest.approx(UNEVEN)
    assert film.length == pytest.approx(UNEVEN[-1] + 0.033, abs=0.002)
    for number in (0, 7, 3, 30, 12):
        assert grey(film, number) == pytest.approx(8 * number, abs=2)


@pytest.mark.parametrize(("codec", "pixels"), [("ffv1", "gray16le"), ("ffv1", "bgr0")])
def test_odd_formats_of_pixels_become_rgb(tmp_path, codec, pixels):
    frame = open_film(write_video(tmp_path / "a.mkv", codec=codec, pixels=pixels)).frame(5)
    assert frame.shape == (48, 64, 3)
    assert frame[-1, -1] == pytest.approx([40, 40, 40], abs=2)


def turned(path):
    """Let an MP4 say, as a telephone does, that it is to be turned by a quarter clockwise."""
    whole = bytearray(path.read_bytes())
    at = whole.find(b"tkhd") + 44
    matrix = np.array([0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30], ">i4")
    whole[at : at + 36] = matrix.tobytes()
    path.write_bytes(whole)
    return path


def test_a_film_that_lies_on_its_side_is_set_upright(tmp_path):
    frame = open_film(turned(write_video(tmp_path / "a.mp4"))).frame(0)
    assert frame.shape == (64, 48, 3)
    assert frame[3, -3, 0] > 150 > frame[3, 3, 0]  # the corner up on the left is up on the right


def test_pixels_are_made_square(tmp_path):
    film = open_film(write_video(tmp_path / "a.mp4", sample_aspect_ratio=2))
    assert film.frame(0).shape == (48, 128, 3)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm"])
def test_a_film_cut_short_is_refused(tmp_path, ending):
    codec = {"webm": "libvpx-vp9"}.get(ending, "libx264")
    whole = write_video(tmp_path / f"whole.{ending}", codec=codec).read_bytes()
    short = tmp_path / f"short.{ending}"
    short.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(IsomorphError, match=r"short\.\w+: (is cut short|holds no pictures|cannot)"):
        open_film(short)


def test_a_list_of_other_files_is_no_video(tmp_path):
    write_video(tmp_path / "secret.mp4")
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{tmp_path}/secret.mp4\n")
    with pytest.raises(IsomorphError, match="cannot be read as a video"):
        open_film(tmp_path / "a.mp4")
    assert not {"hls", "concat", "image2", "dash"} & set(FORMATS)


def test_a_video_without_its_reader_says_how_to_get_it(tmp_path, monkeypatch):
    film = write_video(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(IsomorphError, match=r"needs av, which is not installed.*\[film\]"):
        open_film(film)


def stacks(folder):
    np.save(folder / "a.npy", STACK)
    (folder / "misnamed.h5").write_bytes((folder / "a.npy").read_bytes())  # as Allen's films are
    np.savez(folder / "a.npz", film=STACK, rate=np.array(30.0))
    with h5py.File(folder / "a.nwb", "w") as file:
        group = file.create_group("stimulus/templates/a")
        group["data"] = STACK / 255
        group["starting_time"] = np.nan
        group["starting_time"].attrs["rate"] = np.nan
    pages = [Image.fromarray(frame) for frame in STACK]
    pages[0].save(folder / "a.tiff", save_all=True, append_images=pages[1:])
    return {
        "a.npy": None, "misnamed.h5": None, "a.npz": "film", "a.nwb": "stimulus/templates/a",
        "a.tiff": None,
    }  # fmt: skip


def test_stacks_of_frames_are_films_at_the_rate_that_is_given(tmp_path):
    for name, variable in stacks(tmp_path).items():
        film = open_film(tmp_path / name, variable, rate=30)
        assert (film.count, film.length, grey(film, 11)) == (30, 1.0, 88)
        with pytest.raises(IsomorphError, match=r"30 frames have no times; give stimuli\.rate"):
            open_film(tmp_path / name, variable)


def test_a_series_with_a_clock_needs_no_rate(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["s/data"], file["s/timestamps"] = STACK, 100 + np.arange(30) / 10
        file["other/data"] = STACK
    film = open_film(tmp_path / "a.nwb", "s")
    assert (film.name, film.length) == ("s", pytest.approx(3.0))
    assert film.times[:2] == pytest.approx([0, 0.1])
    with pytest.raises(IsomorphError, match=r"holds 2 arrays of frames.*stimuli\.variable"):
        open_film(tmp_path / "a.nwb")


def test_clips_end_with_the_frame_on_screen(tmp_path):
    film = open_film(write_video(tmp_path / "a.mkv", codec="ffv1", pixels="bgr0"))
    clip = frames_before(film, UNEVEN[3] + 0.01, 4, 0.05)
    assert clip.shape == (4, 48, 64, 3)
    # before the film's beginning stands its first frame; .13 - .05 lies after .07
    assert clip[:, -1, -1, 0].tolist() == [0, 0, 16, 24]
    with pytest.raises(IsomorphError, match="nothing is on screen at 9 s"):
        frames_before(film, 9.0, 4, 0.05)


def test_the_table_says_film_frame_and_time_and_clips_are_kept(make, data):
    write_video(data / "city.mkv", codec="ffv1", pixels="bgr0")
    np.save(data / "still.npy", np.repeat(STACK[:1], 30, axis=0))
    layout = make(
        stimuli={**EVERY, "file": "*", "rate": 30, "clips": {"frames": 3, "spacing": 0.1}}
    )
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist()[:3] == ["city_000000", "city_000006", "city_000012"]
    assert table["film"].tolist() == ["city"] * 5 + ["still"] * 5
    assert table["time"].tolist()[:5] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert (table["film_frames"].tolist()[0], table["film_length"].tolist()[-1]) == (31, 1.0)
    assert table["clip"].tolist()[1] == "0 3 6"
    images = dict(list_images(table, layout.stimuli("objects")))
    assert images["city_000012"]()[-1, -1, 0] == 96
    clips = list_clips(table, layout.stimuli("objects"))
    assert clips[2][1]()[:, -1, -1, 0].tolist() == [48, 72, 96]
    kept = layout.stimuli("objects").parent / "clips" / "city_000009.png"
    Image.new("RGB", (64, 48)).save(kept)
    with pytest.raises(IsomorphError, match="make the stimuli again"):
        clips[2][1]()


def test_frames_of_one_film_are_no_duplicates_of_one_another(make, data, capsys):
    still = np.repeat(STACK[:1], 30, axis=0)
    np.save(data / "a.npy", still)
    np.save(data / "b.npy", np.concatenate([still[:20], STACK[20:]]))
    layout = make(stimuli={**EVERY, "file": "*.npy", "rate": 30})
    table = read_stimuli(layout, "objects").set_index("stimulus")
    assert set(table["duplicate_of"][:5]) == {""} == set(table["near_duplicate_of"][:5])
    assert table["duplicate_of"].tolist()[5:] == ["a_000000"] * 4 + [""]  # of another film
    assert axes_of(layout.study.dataset("objects").stimuli)[0].within == "film"


def refusals():
    np_every = {"every": 0.2, "rate": 30}
    return {
        "no rate": ({"every": 0.2}, r"30 frames have no times; give stimuli\.rate"),
        "short": ({**np_every, "every": 0.01}, r"every is 0\.01 s and a frame lasts 0\.0333"),
        "long": ({**np_every, "every": 2}, r"lasts 1 s, of which 1 s are used, too few"),
        "late": ({**np_every, "stop": 9}, r"stop is 9 s, after the film's end at 1 s"),
        "begins late": ({**np_every, "start": 0.9}, r"of which 0\.1 s are used, too few"),
        "inside": ({**np_every, "variable": "x"}, r'names "x" in a file of one array'),
    }


@pytest.mark.parametrize("case", refusals())
def test_what_is_no_film_is_refused_in_one_sentence(make, data, case):
    settings, said = refusals()[case]
    np.save(data / "a.npy", STACK)
    with pytest.raises(IsomorphError, match=said):
        make(stimuli={"kind": "film", "file": "*.npy", **settings})


@pytest.mark.parametrize("shape", [(5, 4), (0, 4, 4), (5, 4, 4, 2)])
def test_arrays_that_are_no_frames_are_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(IsomorphError, match=r"expected pixels|not one frame"):
        open_film(tmp_path / "a.npy", rate=1)


def test_copies_of_a_film_must_be_one_film(make, data):
    for folder, frames in (("a", STACK), ("b", STACK[:, ::-1])):
        (data / folder).mkdir()
        np.save(data / folder / "city.npy", frames)
    with pytest.raises(IsomorphError, match=r"b/city\.npy: frame 0 is not that of .*a/city\.npy"):
        make(stimuli={**EVERY, "file": "*/city.npy", "rate": 30})
    np.save(data / "b" / "city.npy", STACK[:20])
    with pytest.raises(IsomorphError, match=r'is the film "city" as .* is, with 20 frames'):
        make(stimuli={**EVERY, "file": "*/city.npy", "rate": 30})


def test_frames_are_listed_without_a_study(tmp_path):
    np.save(tmp_path / "city.npy", STACK)
    frames = list_frames(tmp_path / "city.npy", every=0.2, rate=30, start=0.2)
    assert frames["stimulus"].tolist()[:2] == ["city_000006", "city_000012"]
    assert {*frames.columns} == FILM_COLUMNS
    with pytest.raises(IsomorphError, match=r"strat: unknown key, did you mean \"start\""):
        list_frames(tmp_path / "city.npy", rate=30, strat=2)


def test_a_frame_that_stays_is_listed_once(make, data, capsys):
    times = [0, 0.1, 0.2, 0.9, 1.0, 1.2]
    write_video(data / "slow.mkv", times, codec="ffv1", pixels="bgr0")
    layout = make(stimuli={"kind": "film", "every": 0.2, "file": "slow.mkv"})
    assert read_stimuli(layout, "objects")["frame"].tolist() == [0, 2, 4]
    assert "at 3 times a frame of slow is on screen" in capsys.readouterr().err
