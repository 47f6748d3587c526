"""Stimuli from image files, with and without a table."""

import errno
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isomorph.artefacts import provenance, read_provenance, read_table, write_table
from isomorph.errors import IsomorphError
from isomorph.stages import fetch, stimuli
from isomorph.stages.datasets import images_of, names_of, read_stimuli
from isomorph.stimuli.stimulus_kinds import STIMULI
from pictures import read_images

RNG = np.random.default_rng(78)
FOLDER = {"kind": "folder", "files": "*.*"}


def noise(height=12, width=16):
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(folder, name, pixels):
    Image.fromarray(pixels).save(folder / name)
    return pixels


@pytest.fixture
def three(data):
    """Three images, named against the order of their making."""
    return {name: save(data, f"{name}.png", noise()) for name in ("c", "a", "b")}


def test_table_stands_in_the_order_of_names(three, make):
    layout = make(stimuli=FOLDER)
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist() == ["a", "b", "c"]
    assert table["file"].tolist() == ["images/a.png", "images/b.png", "images/c.png"]
    assert list(table.columns) == [
        *("stimulus", "file", "sha256", "width", "height", "duplicate_of", "near_duplicate_of")
    ]
    assert table["width"].tolist() == [16] * 3
    assert table["height"].tolist() == [12] * 3
    assert (table["duplicate_of"] == "").all()


@pytest.mark.parametrize(
    ("names", "said"),
    [(["7", "a", "b2"], False), (["7", "a10", "a2"], True)],
)
def test_only_numbers_out_of_order_are_said(data, make, capsys, names, said):
    for name in names:
        save(data, f"{name}.png", noise())
    make(stimuli=FOLDER)
    assert ("stand in the order of their names" in capsys.readouterr().err) == said


def test_an_image_changed_after_fetching_is_refused(three, data, make_layout):
    layout = make_layout(stimuli=FOLDER)
    fetch.run(layout, "objects")
    save(data, "b.png", noise())
    with pytest.raises(IsomorphError, match=r"b\.png: has changed since objects was fetched"):
        stimuli.run(layout, "objects")
    assert not layout.stimuli("objects").exists()


def test_hash_is_of_shape_and_pixels(three, make):
    table = read_stimuli(make(stimuli=FOLDER), "objects").set_index("stimulus")
    for name, pixels in three.items():
        expected = hashlib.sha256(b"12 16 3\n" + pixels.tobytes()).hexdigest()
        assert table.loc[name, "sha256"] == expected


def test_originals_are_copied_byte_for_byte_and_others_become_png(data, make):
    Image.fromarray(noise()).save(data / "a.jpg", quality=60)
    pixels = save(data, "b.bmp", noise())
    layout = make(stimuli=FOLDER)
    images = layout.stimuli("objects").parent / "images"
    assert (images / "a.jpg").read_bytes() == (data / "a.jpg").read_bytes()
    assert np.array_equal(np.asarray(Image.open(images / "b.png")), pixels)


def test_provenance_names_manifest_settings_and_code(three, make):
    layout = make(stimuli=FOLDER)
    stamp = read_provenance(layout.stimuli("objects"))
    assert stamp.stage == "stimuli"
    assert list(stamp.inputs) == ["data/archive/objects/manifest.json"]
    assert stamp.made_for == {"dataset": "objects"}
    assert stamp.settings["stimuli"]["kind"] == "folder"
    assert stamp.code


def test_second_run_gives_the_same_and_forgets_images_that_went(three, data, make):
    layout = make(stimuli=FOLDER)
    before = layout.stimuli("objects").read_bytes()
    make(stimuli=FOLDER)
    assert layout.stimuli("objects").read_bytes() == before
    (data / "b.png").unlink()
    make(stimuli=FOLDER)
    folder = layout.stimuli("objects").parent
    assert sorted(p.name for p in (folder / "images").iterdir()) == ["a.png", "c.png"]
    assert sorted(p.name for p in folder.iterdir()) == ["images", "stimuli.csv", "stimuli.json"]


def test_duplicates_are_marked_and_reported(data, make, capsys):
    pixels = save(data, "first.png", noise())
    save(data, "second.bmp", pixels)  # the same picture in another format
    save(data, "third.png", pixels.reshape(16, 12, 3))  # the same bytes in another shape
    table = read_stimuli(make(stimuli=FOLDER), "objects")
    assert table["duplicate_of"].tolist() == ["", "first", ""]
    assert "1 stimuli have exactly the pixels of another: second = first" in capsys.readouterr().err


@pytest.mark.parametrize("names", [("1", "2", "10"), ("image_1", "image_2", "image_10")])
def test_unpadded_numbers_are_warned_of(data, make, capsys, names):
    for name in names:
        save(data, f"{name}.png", noise())
    table = read_stimuli(make(stimuli=FOLDER), "objects")
    assert table["stimulus"].tolist() == sorted(names)
    assert f'"{names[2]}" before "{names[1]}"' in capsys.readouterr().err


def test_padded_numbers_are_not(data, make, capsys):
    for name in ("image_01", "image_02", "image_10"):
        save(data, f"{name}.png", noise())
    make(stimuli=FOLDER)
    assert capsys.readouterr().err == ""


# ---------------------------------------------------------------- a table


WITH_TABLE = {"kind": "folder", "files": "*.png", "table": "about.csv"}


def test_table_is_joined_by_name(three, data, make):
    (data / "about.csv").write_text("stimulus,category,size\nb,face,2.5\na,None,1\nc,house,n/a\n")
    table = read_stimuli(make(stimuli=WITH_TABLE), "objects")
    assert table["stimulus"].tolist() == ["a", "b", "c"]
    assert table["category"].tolist() == ["None", "face", "house"]
    assert table["size"].tolist()[:2] == [1, 2.5]
    assert np.isnan(table["size"].iloc[2])


def test_numbers_as_names_keep_their_zeros(data, make):
    for name in ("001", "002"):
        save(data, f"{name}.png", noise())
    (data / "about.csv").write_text("stimulus,category\n001,face\n002,house\n")
    table = read_stimuli(make(stimuli=WITH_TABLE), "objects")
    assert table["stimulus"].tolist() == ["001", "002"]
    assert table["category"].tolist() == ["face", "house"]


def test_an_accent_is_one_character_however_it_is_written(data, make):
    save(data, "e\u0301.png", noise())
    save(data, "0.png", noise())
    (data / "about.csv").write_text("stimulus,category\n\u00e9,face\n0,house\n")
    table = read_stimuli(make(stimuli=WITH_TABLE), "objects")
    assert dict(zip(table["stimulus"], table["category"], strict=True)) == {
        "\u00e9": "face", "0": "house",
    }  # fmt: skip
    save(data, "\u00e9.png", noise())
    with pytest.raises(IsomorphError, match='are both named "\u00e9"'):
        make(stimuli=WITH_TABLE)


def test_a_row_of_another_fraction_describes_no_image(data, make):
    save(data, "0.png", noise())
    save(data, "1.png", noise())
    (data / "about.csv").write_text("stimulus,category\n0.7,face\n1.2,house\n")
    with pytest.raises(IsomorphError, match='does not list "0", "1"'):
        make(stimuli=WITH_TABLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stimulus,x\na,1\nb,2\n", 'does not list "c"; it must have one row for each of the 3'),
        ("stimulus,x\na,1\nb,2\nc,3\nd,4\ne,5\n", 'lists, without an image, "d", "e"; it must'),
        ("stimulus,x\na,1\nb,2\nc,3\na,4\n", 'lists twice "a"'),
        ("stimuli,x\na,1\n", 'no column "stimulus", did you mean "stimuli"'),
        (
            "stimulus,file,file_given\na,1,1\nb,1,1\nc,1,1\n",
            '"file" is a column isomorph writes itself, and "file_given"',
        ),
        ("\n", "is empty, expected a table with a header"),
    ],
)
def test_table_that_does_not_fit_is_refused(three, data, make_layout, text, message):
    (data / "about.csv").write_text(text)
    layout = make_layout(stimuli=WITH_TABLE)
    fetch.run(layout, "objects")
    with pytest.raises(IsomorphError) as caught:
        stimuli.run(layout, "objects")
    assert message in str(caught.value)
    assert str(data / "about.csv") in str(caught.value)
    assert not layout.stimuli("objects").exists()


@pytest.mark.parametrize("column", ["stimulus", "image name", "file"])
def test_the_column_of_ids_can_be_named(three, data, make, column):
    (data / "about.csv").write_text(f"size,{column}\n3,pictures/c.png\n1,a\n2,b.png\n")
    table = read_stimuli(make(stimuli={**WITH_TABLE, "id": column}), "objects")
    assert table["stimulus"].tolist() == ["a", "b", "c"]
    assert table["size"].tolist() == [1, 2, 3]
    assert table["file"].tolist() == ["images/a.png", "images/b.png", "images/c.png"]


def test_a_column_of_ids_that_is_not_there(three, data, make):
    (data / "about.csv").write_text("image,size\na,1\nb,2\nc,3\n")
    with pytest.raises(IsomorphError, match='no column "images", did you mean "image"'):
        make(stimuli={**WITH_TABLE, "id": "images"})
    with pytest.raises(IsomorphError, match=r'size: does not list "a", "b".*`stimuli\.id` names'):
        make(stimuli={**WITH_TABLE, "id": "size"})


def test_columns_isomorph_writes_itself_keep_the_users_under_another_name(
    three, data, make, capsys
):
    (data / "about.csv").write_text("stimulus,file,size\na,x.jpg,1\nb,y.jpg,2\nc,z.jpg,3\n")
    layout = make(stimuli={**WITH_TABLE, "fields_from": "(?P<width>[abc])"})
    table = read_stimuli(layout, "objects")
    assert table["file"].tolist() == ["images/a.png", "images/b.png", "images/c.png"]
    assert table["file_given"].tolist() == ["x.jpg", "y.jpg", "z.jpg"]
    assert table["width_given"].tolist() == ["a", "b", "c"]
    assert table["width"].dtype == "int64"
    assert 'the column "file" is kept as "file_given"' in capsys.readouterr().err


def test_table_pattern_must_name_one_file(three, data, make):
    (data / "about.csv").write_text("stimulus\na\nb\nc\n")
    (data / "more.csv").write_text("stimulus\na\nb\nc\n")
    message = (
        r'stimuli\.table: "\*\.csv" matches 2 files, about\.csv and more\.csv among them; name one'
    )
    with pytest.raises(IsomorphError, match=message):
        make(stimuli={**WITH_TABLE, "table": "*.csv"})


def test_a_table_of_bids_may_stand_beside_the_yaml(three, make, make_layout, tmp_path):
    make_layout()
    text = "stimulus\tcategory\na\tn/a\nb\tface\nc\thouse\n"
    (tmp_path / "config" / "stimuli.tsv").write_text(text)
    layout = make(stimuli={**FOLDER, "files": "*.png", "table": "stimuli.tsv"})
    assert read_stimuli(layout, "objects")["category"].tolist() == ["", "face", "house"]


# ---------------------------------------------------------------- paths


@pytest.fixture
def two_folders(data):
    """Files of one name in two folders."""
    for folder in ("faces", "houses"):
        (data / "stimuli" / folder).mkdir(parents=True)
        for name in ("1.bmp", "2.bmp"):
            save(data / "stimuli" / folder, name, noise())


def test_ids_may_be_paths_and_paths_may_name_categories(two_folders, data, make):
    spec = {
        **{"kind": "folder", "files": "stimuli/**/*.bmp", "ids": "path"},
        "fields_from": "(?P<category>[a-z]+)/(?P<exemplar>[0-9]+)",
    }
    layout = make(stimuli=spec)
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist() == ["faces-1", "faces-2", "houses-1", "houses-2"]
    assert table["category"].tolist() == ["faces", "faces", "houses", "houses"]
    assert table["exemplar"].tolist() == [1, 2, 1, 2]
    assert read_images(images_of(layout, "objects"), 8).shape == (4, 3, 8, 8)
    naming = names_of(layout, "objects").naming
    found = naming.ids(data / "any", np.array(["faces/2.bmp", "houses\\1.bmp"]))
    assert found.tolist() == ["faces-2", "houses-1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, r'are both named "1".* or say stimuli\.ids: path'),
        (
            {"ids": "path", "fields_from": "(?P<a>faces)/"},
            r'"\(\?P<a>faces\)/" is not found in "st',
        ),
        ({"fields_from": "faces"}, "fields_from: names no field; write each as"),
        ({"fields_from": "(?P<a"}, "fields_from: is not a regular expression"),
    ],
)
def test_mistakes_in_paths_are_one_sentence(two_folders, make, changes, message):
    with pytest.raises(IsomorphError, match=message):
        make(stimuli={"kind": "folder", "files": "stimuli/**/*.bmp", **changes})


def test_numbered_tiffs_of_sixteen_bits_become_png(data, make):
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    for number in (0, 9, 10):
        Image.fromarray((levels + number).clip(0, 255).astype(np.uint16) * 257).save(
            data / f"{number:03}.tiff"
        )
    layout = make(stimuli=FOLDER)
    table = read_stimuli(layout, "objects")
    assert table["file"].tolist() == ["images/000.png", "images/009.png", "images/010.png"]
    first = np.asarray(Image.open(layout.stimuli("objects").parent / "images" / "000.png"))
    assert np.array_equal(first, np.repeat(levels[:, :, None], 3, axis=2))


# ---------------------------------------------------------------- mistakes


def test_missing_images_are_said_with_the_nearest_file(three, make):
    with pytest.raises(IsomorphError, match=r'no file matches "a\.jpg" among the 3.*"a\.png"'):
        make(stimuli={"kind": "folder", "files": "a.jpg"})


def test_two_files_of_one_name_are_refused(three, data, make):
    save(data, "a.bmp", noise())
    with pytest.raises(IsomorphError, match=r'a\.(bmp|png): are both named "a"'):
        make(stimuli=FOLDER)


def test_expected_number_is_checked_before_anything_is_written(three, make_layout):
    layout = make_layout(stimuli=FOLDER, expected={"stimuli": 4})
    fetch.run(layout, "objects")
    with pytest.raises(IsomorphError) as caught:
        stimuli.run(layout, "objects")
    assert "objects.yaml: expected.stimuli says 4, there are 3" in str(caught.value)
    assert not layout.stimuli("objects").parent.exists()


@pytest.mark.parametrize("content", [b"", b"no image", "cut", "flipped"])
def test_unreadable_image_leaves_what_stood_before(three, data, make, content):
    layout = make(stimuli=FOLDER)
    folder = layout.stimuli("objects").parent
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    whole = (data / "b.png").read_bytes()
    if content == "cut":
        content = whole[: len(whole) // 2]
    elif content == "flipped":
        content = whole[:60] + bytes(byte ^ 0xFF for byte in whole[60:90]) + whole[90:]
    (data / "b.png").write_bytes(content)
    said = "cannot be read as an image, such as a whole" if content else "is empty, 0 bytes"
    with pytest.raises(IsomorphError, match=rf"b\.png[:,] (which )?{said}"):
        make(stimuli=FOLDER)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []


def test_full_disk_leaves_nothing(three, make_layout, monkeypatch):
    layout = make_layout(stimuli=FOLDER)
    fetch.run(layout, "objects")
    copied = []

    def fill(source, target):
        copied.append(target)
        Path(target).write_bytes(b"half")
        if len(copied) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("isomorph.stages.stimuli.shutil.copyfile", fill)
    with pytest.raises(IsomorphError, match=r"stimuli\.csv: cannot be written, the disk is full"):
        stimuli.run(layout, "objects")
    assert list(layout.stimuli("objects").parent.iterdir()) == []


def test_borrowed_stimuli_are_made_by_their_owner(three, data, make_layout, tmp_path):
    from isomorph.layout import Layout
    from isomorph.study import load_study

    make_layout(stimuli=FOLDER)
    config = tmp_path / "config"
    text = (config / "objects.yaml").read_text()
    text = text.replace("name: objects", "name: borrower")
    text = text.replace("files: '*.*'\n  kind: folder", "dataset: objects\n  kind: like")
    (config / "borrower.yaml").write_text(text)
    study = (config / "study.yaml").read_text()
    (config / "study.yaml").write_text(
        study.replace("- objects.yaml", "- objects.yaml\n- borrower.yaml")
    )
    layout = Layout(load_study(config / "study.yaml"), tmp_path)
    with pytest.raises(IsomorphError, match=r'borrower\.yaml: stimuli: are those of "objects"'):
        stimuli.run(layout, "borrower")
    fetch.run(layout, "objects")
    stimuli.run(layout, "objects")
    assert read_stimuli(layout, "borrower").equals(read_stimuli(layout, "objects"))
    assert read_images(images_of(layout, "borrower"), 8).shape == (3, 3, 8, 8)


def test_stimuli_not_made_yet_are_said(make_layout):
    with pytest.raises(
        IsomorphError, match=r'stimuli\.csv: no such file; make the stimuli of "objects"'
    ):
        read_stimuli(make_layout(), "objects")


def test_name_twice_in_the_table_is_refused(three, make):
    layout = make(stimuli=FOLDER)
    file = layout.stimuli("objects")
    table = read_table(file, "stimuli").replace({"stimulus": {"c": "a"}})
    write_table(file, table, "stimuli", provenance("stimuli"))
    with pytest.raises(IsomorphError, match='stimulus "a" stands in two rows'):
        read_stimuli(layout, "objects")


def test_every_kind_of_stimuli_has_its_listing():
    from typing import get_args

    from isomorph.study.stimuli import StimuliSpec

    union = get_args(get_args(StimuliSpec)[0])
    kinds = {get_args(spec.model_fields["kind"].annotation)[0] for spec in union}
    assert {*STIMULI, "like"} == kinds


REAL = Path(__file__).parents[3] / "shared" / "data" / "algonauts78"


@pytest.mark.skipif(not REAL.is_dir(), reason="the Algonauts photographs are not here")
def test_real_photographs(make_layout, data):
    data.rmdir()
    data.symlink_to(REAL)
    layout = make_layout(
        stimuli={"kind": "folder", "files": "stimuli/*.jpg"}, expected={"stimuli": 78}
    )
    fetch.run(layout, "objects")
    stimuli.run(layout, "objects")
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].iloc[[0, -1]].tolist() == ["image_01", "image_78"]
    assert (table["duplicate_of"] == "").all()
    images = read_images(images_of(layout, "objects"), 64)
    assert images.shape == (78, 3, 64, 64)
    assert images.dtype == np.float32
    assert 0.3 < images.mean() < 0.6
