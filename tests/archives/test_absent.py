"""Files that are there by their name only: refused where the study asks for them, else counted."""

import json
import os
import re
import socket
import stat
from typing import get_args

import pytest

from isomorph import archives
from isomorph.archives.asked import RECORDINGS, belongs, patterns
from isomorph.archives.patterns import asks_for, filled
from isomorph.archives.readiness import readiness
from isomorph.beside import RESPONSES, STIMULI
from isomorph.errors import IsomorphError
from isomorph.foreign import lack_of_content
from isomorph.responses.kinds import RESPONSES as READERS
from isomorph.stages import fetch
from isomorph.stages.responses import run as run_responses
from isomorph.stimuli.stimulus_kinds import STIMULI as LISTINGS
from isomorph.study import Spec
from isomorph.study.responses import ResponsesSpec
from isomorph.study.stimuli import StimuliSpec

ANNEX = "../../.git/annex/objects/aa/bb/MD5E-s9--{0}/MD5E-s9--{0}.nii.gz".format("0" * 32)
POINTER = b"/annex/objects/MD5E-s9--00000000000000000000000000000003.nii.gz\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"

BIDS = {
    "subjects": ["01"],
    "stimuli": {
        "kind": "conditions",
        "files": "sub-{subject}/func/*_events.tsv",
        "column": "trial_type",
    },
    "responses": {
        "kind": "bids",
        "bold": "sub-{subject}/func/*_bold.nii.gz",
        "events": {"files": "sub-{subject}/func/*_events.tsv"},
        "confounds": {"strategy": ["motion"]},
        "regions": {"kind": "whole", "file": "masks/sub-{subject}_mask.nii.gz", "region": "IT"},
    },
}
FILES = [
    "task-look_bold.json",
    "participants.tsv",
    "masks/sub-01_mask.nii.gz",
    "masks/sub-02_mask.nii.gz",
    *(
        f"sub-{subject}/func/sub-{subject}_task-look_run-{run}_{rest}"
        for subject in ("01", "02")
        for run in (1, 2)
        for rest in ("bold.nii.gz", "events.tsv", "desc-confounds_timeseries.tsv", "sbref.nii.gz")
    ),
]
RUN = "sub-01/func/sub-01_task-look_run-2_bold.nii.gz"


@pytest.fixture
def data(tmp_path):
    """A BIDS folder of two subjects, of whom the study names the first."""
    folder = tmp_path / "files"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"content of " + name.encode())
    return folder


@pytest.fixture
def layout(data, make_layout):
    return make_layout({"kind": "local", "path": str(data)}, **BIDS)


def dead_link(file):
    file.unlink()
    file.symlink_to(ANNEX)


def dead_plain_link(file):
    file.unlink()
    file.symlink_to("../elsewhere")


def circle(file):
    file.unlink()
    file.symlink_to(file.name)


def pointer(file):
    file.write_bytes(POINTER)


def lfs(file):
    file.write_bytes(LFS)


def empty(file):
    file.write_bytes(b"")


def pipe(file):
    file.unlink()
    os.mkfifo(file)


WAYS = [
    (dead_link, "is a link into git-annex, its content was not fetched; run `datalad get` on it"),
    (pointer, "is a pointer of git-annex, its content was not fetched; run `datalad get` on it"),
    (lfs, "is a pointer of Git LFS, its content was not fetched; run `git lfs pull`"),
    (dead_plain_link, "is a link to ../elsewhere, where there is nothing"),
    (circle, "which cannot be followed (Too many levels of symbolic links)"),
    (empty, "is empty, 0 bytes"),
    (pipe, "is a named pipe, expected a regular file"),
]


@pytest.mark.parametrize(("spoil", "why"), WAYS)
def test_what_the_study_asks_for_is_refused_and_named(spoil, why, data, layout):
    spoil(data / RUN)
    for stage in (fetch.run, readiness):  # `isomorph check` says the same
        with pytest.raises(IsomorphError) as caught:
            stage(layout, "objects")
        message = str(caught.value)
        assert 'responses.bold: "sub-01/func/*_bold.nii.gz" asks for' in message
        assert f"{data / RUN}, which " in message
        assert why in message
        assert "\n" not in message
    assert not layout.manifest("objects").exists()


@pytest.mark.parametrize(("spoil", "_why"), WAYS)
def test_what_nothing_asks_for_is_counted(spoil, _why, data, layout, capsys):
    others = [name for name in FILES if "sub-02" in name or "sbref" in name]
    for name in others:
        spoil(data / name)
    fetch.run(layout, "objects")
    said = f"{len(others)} files have no content here, and nothing of the study asks for them: "
    assert said in capsys.readouterr().err
    assert said in readiness(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert sorted(manifest.absent) == sorted(others)
    assert sorted(record.path for record in manifest.files) == sorted(set(FILES) - set(others))
    assert archives.watched_files(layout, "objects") == [
        data / record.path for record in manifest.files
    ]


@pytest.mark.parametrize(
    ("name", "asks"),
    [
        ("masks/sub-01_mask.nii.gz", "responses.regions.file: "),
        ("sub-01/func/sub-01_task-look_run-1_events.tsv", "stimuli.files: "),
        ("task-look_bold.json", f"{RUN.replace('run-2', 'run-1')} needs"),
        (
            "sub-01/func/sub-01_task-look_run-2_desc-confounds_timeseries.tsv",
            f"{RUN} needs",
        ),
    ],
)
def test_masks_events_and_partners_are_asked_for_too(name, asks, data, layout):
    dead_link(data / name)
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert asks in str(caught.value)
    assert str(data / name) in str(caught.value)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        (
            "sub-01/func/sub-01_task-look_run-1_bold.hdr",
            "sub-01/func/sub-01_task-look_run-1_bold.img",
        ),
        ("sub-01/func/sub-01_run-1_bold+orig.HEAD", "sub-01/func/sub-01_run-1_bold+orig.BRIK.gz"),
        ("masks/sub-01_mask.hdr", "masks/sub-01_mask.img"),
    ],
)
def test_the_other_half_of_an_image_is_asked_for(header, values, data, make_layout):
    responses = BIDS["responses"] | {
        "bold": "sub-{subject}/func/*_bold*.[hH]*",
        "regions": {"kind": "whole", "file": "masks/sub-{subject}_mask.h*", "region": "IT"},
    }
    layout = make_layout({"kind": "local", "path": str(data)}, **BIDS | {"responses": responses})
    (data / header).write_bytes(b"header")
    (data / values).symlink_to(ANNEX)
    others = (values.replace("01", "02"), "masks/of_nothing.img")
    for other in others:
        (data / other).symlink_to(ANNEX)
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert f"{header} needs {data / values}, which" in str(caught.value)
    (data / values).unlink()
    (data / values).write_bytes(b"values")
    fetch.run(layout, "objects")
    assert sorted(archives.read_manifest(layout, "objects").absent) == sorted(others)


def test_many_are_counted(data, layout):
    for name in FILES:
        dead_link(data / name)
    with pytest.raises(IsomorphError, match="likewise 7 more"):
        fetch.run(layout, "objects")


def test_a_file_the_archive_names_outright_is_asked_for(data, make_layout):
    dead_link(data / "participants.tsv")
    files = ["participants.tsv", "**/*.nii.gz", "**/*.tsv"]
    layout = make_layout({"kind": "local", "path": str(data), "files": files}, **BIDS)
    with pytest.raises(
        IsomorphError, match=r'archive\.files\.0: "participants\.tsv" names .*annex'
    ):
        fetch.run(layout, "objects")


def test_another_study_of_the_same_folder_may_ask_for_more(data, layout, make_layout):
    other = "sub-02/func/sub-02_task-look_run-1_bold.nii.gz"
    dead_link(data / other)
    dead_link(data / "sub-02/func/sub-02_task-look_run-1_desc-confounds_timeseries.tsv")
    fetch.run(layout, "objects")
    both = make_layout({"kind": "local", "path": str(data)}, **{**BIDS, "subjects": ["01", "02"]})
    with pytest.raises(IsomorphError, match=r"run-1_bold\.nii\.gz: is a link into git-annex"):
        archives.find_files(both, "objects", "sub-02/func/*_bold.nii.gz")
    (data / other).unlink()
    (data / other).write_bytes(b"fetched")
    with pytest.raises(IsomorphError, match="has some now; fetch the dataset"):
        archives.find_files(both, "objects", "sub-02/func/*_bold.nii.gz")
    archives.find_files(both, "objects", "sub-01/func/*_bold.nii.gz")
    with pytest.raises(IsomorphError, match=r"run-1_bold\.nii\.gz, which had no content .* 1 more"):
        run_responses(both, "objects", "02")  # the other is the run's table of confounds


def test_content_that_came_is_listed_again(data, layout):
    dead_link(data / "participants.tsv")
    fetch.run(layout, "objects")
    (data / "participants.tsv").unlink()
    (data / "participants.tsv").write_bytes(b"fetched")
    fetch.run(layout, "objects")
    assert "absent" not in json.loads(layout.manifest("objects").read_text())


def test_folder_that_may_not_be_listed(data, layout, monkeypatch):
    scan = os.scandir

    def scandir(path="."):
        if os.fspath(path).endswith(closed):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed = "sub-02"  # another group's
    fetch.run(layout, "objects")
    assert list(archives.read_manifest(layout, "objects").absent) == ["sub-02/"]
    closed = "sub-01/func"
    with pytest.raises(
        IsomorphError, match=r"sub-01/func, which is a folder that cannot be listed"
    ):
        fetch.run(layout, "objects")
    closed = "files"
    with pytest.raises(IsomorphError, match="files: is a folder that cannot be listed"):
        fetch.run(layout, "objects")


def test_file_that_may_not_be_read(data, layout, monkeypatch):
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path) != str(data / RUN) and access(path, mode)
    )
    with pytest.raises(IsomorphError, match="which may not be read; change its permissions"):
        fetch.run(layout, "objects")


def test_subdataset_that_was_not_fetched(data, layout):
    (data / ".gitmodules").write_text(
        '[submodule "sub-01"]\n\tpath = sub-01/func\n\turl = x\n'
        '[submodule "raw"]\n\tpath = sourcedata/raw\n\turl = y\n'
    )
    (data / "sourcedata/raw").mkdir(parents=True)
    (data / "nothing").mkdir()
    fetch.run(layout, "objects")
    assert list(archives.read_manifest(layout, "objects").absent) == ["sourcedata/raw/"]
    for file in (data / "sub-01/func").iterdir():
        file.unlink()
    with pytest.raises(IsomorphError, match="sub-01/func, which is a subdataset that was not"):
        fetch.run(layout, "objects")


def test_link_to_a_folder_that_is_not_mounted(data, layout):
    for file in (data / "sub-01/func").iterdir():
        file.unlink()
    (data / "sub-01/func").rmdir()
    (data / "sub-01/func").symlink_to("/nowhere/func")
    with pytest.raises(IsomorphError, match="sub-01/func, which is a link to /nowhere/func"):
        fetch.run(layout, "objects")


def test_table_beside_the_datasets_file(data, make_layout, tmp_path):
    stimuli = {**BIDS["stimuli"], "descriptions": "about.csv"}
    layout = make_layout({"kind": "local", "path": str(data)}, **{**BIDS, "stimuli": stimuli})
    (tmp_path / "config/about.csv").symlink_to(ANNEX)
    with pytest.raises(IsomorphError, match=r"stimuli\.descriptions asks for .*about\.csv, which"):
        fetch.run(layout, "objects")
    (tmp_path / "config/about.csv").unlink()
    (tmp_path / "config/about.csv").write_bytes(LFS)
    with pytest.raises(IsomorphError, match=r"about\.csv, which is a pointer of Git LFS"):
        readiness(layout, "objects")


def test_sockets_and_devices_are_never_opened(tmp_path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        assert lack_of_content(tmp_path / "s") == "is a socket, expected a regular file"
    try:
        os.mknod(tmp_path / "d", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # endless zeros
    except PermissionError:
        return
    assert lack_of_content(tmp_path / "d") == "is a device, expected a regular file"


def test_large_text_that_begins_like_a_pointer_is_content(tmp_path):
    (tmp_path / "notes.txt").write_bytes(POINTER * 100)
    assert lack_of_content(tmp_path / "notes.txt") == ""


@pytest.mark.parametrize(
    ("pattern", "path", "asked"),
    [
        ("sub-01/**", "sub-01/", True),
        ("sub-01/func/*.nii", "sub-01/", True),
        ("sub-01/func/*.nii", "sub-01/func/", True),
        ("sub-01/func/*.nii", "sub-01/anat/", False),
        ("sub-01/*.nii", "sub-01/func/", False),
        ("sub-0[1-2]/*.nii", "sub-02/", True),
        ("**/*.nii", "anything/below/", True),
        ("*.nii", "sub-01", False),
        ("sub-01/*", "sub-01/func", True),
        ("sub-01/*.nii", "sub-01/a.nii", True),
        ("sub-01/*.nii/x", "sub-01/a.nii", False),
        ("sub-01/*_meg.ds", "sub-01/task-x_meg.ds/task-x.meg4", True),
        ("sub-01/*", "sub-01/func/a.nii", False),
    ],
)
def test_patterns_that_reach_below_a_folder(pattern, path, asked):
    assert asks_for(pattern, path) is asked


@pytest.mark.parametrize(
    ("path", "recording", "kind", "needed"),
    [
        ("meg/sub-1_task-x_split-02_meg.fif", "meg/sub-1_task-x_split-01_meg.fif", "epochs", True),
        ("eeg/sub-1_task-x_eeg.eeg", "eeg/sub-1_task-x_eeg.vhdr", "epochs", True),
        ("task-x_events.tsv", "sub-1/eeg/sub-1_task-x_eeg.vhdr", "epochs", True),
        ("task-y_events.tsv", "sub-1/eeg/sub-1_task-x_eeg.vhdr", "epochs", False),
        ("eeg/sub-1_task-x_channels.tsv", "eeg/sub-1_task-x_eeg.edf", "epochs", True),
        ("eeg/sub-1_electrodes.tsv", "eeg/sub-1_task-x_eeg.edf", "epochs", False),
        ("sub-2/task-x_bold.json", "sub-1/func/sub-1_task-x_bold.nii", "bids", False),
        ("sub-1/func/sub-1_task-x_desc-brain_mask.nii", "sub-1/func/sub-1_task-x_bold.nii", "bids",
         False),
        ("sub-1_task-x_run-1_bold.json", "sub-1_task-x_run-01_bold.nii", "bids", True),
        ("sub-1_task-x_run-2_bold.json", "sub-1_task-x_run-01_bold.nii", "bids", False),
        ("sub-1_task-x_space-A_bold.json", "sub-1_task-x_space-B_bold.nii", "bids", False),
        ("sub-1_task-x_desc-confounds_timeseries.tsv", "sub-1_task-x_desc-preproc_bold.nii", "bids",
         True),
        ("one.npy.json", "one.npy", "arrays", False),
    ],
)  # fmt: skip
def test_partners_by_their_names(path, recording, kind, needed):
    assert belongs(path, recording, kind) is needed


def test_images_of_a_folder(tmp_path, make_layout):
    (tmp_path / "mine").mkdir()
    for number in range(4):
        (tmp_path / f"mine/im{number}.png").write_bytes(b"image")
    dead_link(tmp_path / "mine/im2.png")
    layout = make_layout({"kind": "local", "path": str(tmp_path / "mine")})
    with pytest.raises(IsomorphError, match=r'stimuli\.files: "\*\.png" asks for .*im2\.png'):
        fetch.run(layout, "objects")


def test_every_kind_says_which_settings_name_files(layout):
    assert set(STIMULI) == {*LISTINGS, "like"}
    assert set(RESPONSES) == set(READERS)
    asked = {one.key: one.pattern for one in patterns(layout, "objects")}
    assert asked == {
        "stimuli.files": "sub-01/func/*_events.tsv",
        "responses.bold": "sub-01/func/*_bold.nii.gz",
        "responses.events.files": "sub-01/func/*_events.tsv",
        "responses.regions.file": "masks/sub-01_mask.nii.gz",
    }


NO_FILE = {
    "stimuli.conditions.table": "a table inside NWB files",
    "stimuli.nwb.named_by.table": "likewise",
    "stimuli.variable.table": "likewise",
    "stimuli.variable.variables.table": "likewise",
    "stimuli.variable.epochs.table": "likewise",
    "stimuli.folder.fields_from": "an expression over paths",
    **{
        f"responses.{kind}.{key}": why
        for kind in ("nwb", "traces", "rasters", "rates")
        for key, why in {
            "presentations.table": "a table inside NWB files",
            "presentations.film.tables": "likewise",
            "region.file": "a column",
            "companion": "a name beside a recording, see `RECORDINGS`",
        }.items()
    },
}
"""Settings that read as if they named files of the archive."""

NAMES_OF_FILES = re.compile(r"(?:^|\.)(?:files?|tables?|companion)$")
SAYS_A_FILE = re.compile(r"glob patterns? of|inside the archive|\b[CT]SV\b", re.IGNORECASE)


def models_in(annotation):
    """Return the specs a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [annotation]
    return [one for inner in get_args(annotation) for one in models_in(inner)]


def settings_in(model, above=()):
    """Yield every setting of a spec and of those in it, with what it is said to be.

    A spec may stand in itself twice, as lists of places point into lists.
    """
    for name, field in model.model_fields.items():
        yield name, field.description or ""
        for inner in models_in(field.annotation):
            if (*above, model).count(inner) < 3:
                found = settings_in(inner, (*above, model))
                yield from ((f"{name}.{key}", said) for key, said in found)


@pytest.mark.parametrize(
    ("place", "registry", "spec"),
    [("stimuli", STIMULI, StimuliSpec), ("responses", RESPONSES, ResponsesSpec)],
)
def test_no_setting_that_names_files_is_forgotten(place, registry, spec):
    models = {get_args(one.model_fields["kind"].annotation)[0]: one for one in models_in(spec)}
    assert set(models) == set(registry)
    for kind, model in models.items():
        settings = set(settings_in(model))
        like = {key for key, said in settings
                if NAMES_OF_FILES.search(key) or SAYS_A_FILE.search(said)}  # fmt: skip
        listed, there = set(registry[kind]), {key for key, _ in settings}
        assert {key for key in like if f"{place}.{kind}.{key}" not in NO_FILE} <= listed, kind
        assert listed <= there, kind
        assert not {f"{place}.{kind}.{key}" for key in listed} & NO_FILE.keys()


def test_recordings_are_among_the_settings_that_name_files():
    known = {f"responses.{key}" for keys in RESPONSES.values() for key in keys}
    assert known >= {*RECORDINGS}


@pytest.mark.parametrize("kind", ["nwb", "traces"])
def test_table_of_regions_without_content_is_refused(data, make_layout, kind):
    (data / "regions.csv").write_text("unit,region")
    dead_link(data / "regions.csv")
    (data / "sub-01.nwb").write_bytes(b"data")
    responses = {
        "kind": kind, "files": "sub-{subject}.nwb", "presentations": {"stimulus": "image"},
        "window": [0, 0.1], "region": {"table": "regions.csv"},
        **({"signal": "processing/ophys/F"} if kind == "traces" else {}),
    }  # fmt: skip
    layout = make_layout({"kind": "local", "path": str(data)}, **{**BIDS, "responses": responses})
    with pytest.raises(IsomorphError, match=r'region\.table: "regions\.csv" asks for .*regions'):
        fetch.run(layout, "objects")


@pytest.mark.parametrize(
    ("recording", "companion", "absent"),
    [
        ("rec[1]_ecephys.nwb", "{stem}_im*.nwb", "rec[1]_ecephys_image.nwb"),
        ("day[1]/rec_ecephys.nwb", "{stem}_im*.nwb", "day[1]/rec_ecephys_image.nwb"),
        ("rec_ecephys.nwb", "{subject}_{session}_*.nwb", "m1_[2]_behavior.nwb"),
    ],
)
def test_companion_without_content_is_refused_whatever_its_name_holds(
    data, make_layout, recording, companion, absent
):
    for name in (recording, absent):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(b"data")
    dead_link(data / absent)
    responses = {
        "kind": "nwb", "files": "**/*_ecephys.nwb", "presentations": {"stimulus": "image"},
        "window": [0, 0.1], "companion": companion,
    }  # fmt: skip
    layout = make_layout({"kind": "local", "path": str(data)}, **{**BIDS, "responses": responses})
    with pytest.raises(IsomorphError, match="ecephys.nwb needs .*" + re.escape(absent)):
        fetch.run(layout, "objects")


def test_companion_is_sought_beside_the_recording_only(data, make_layout, capsys):
    for name in ("day1/rec_ecephys.nwb", "day2/rec_ecephys_image.nwb"):
        (data / name).parent.mkdir()
        (data / name).write_bytes(b"data")
    dead_link(data / "day2/rec_ecephys_image.nwb")
    responses = {
        "kind": "nwb", "files": "**/*_ecephys.nwb", "presentations": {"stimulus": "image"},
        "window": [0, 0.1], "companion": "{stem}_image.nwb",
    }  # fmt: skip
    layout = make_layout({"kind": "local", "path": str(data)}, **{**BIDS, "responses": responses})
    fetch.run(layout, "objects")
    assert "nothing of the study asks for it: day2/rec_ecephys_image.nwb" in capsys.readouterr().err


def test_values_are_filled_in_literally_and_once():
    assert filled("{stem}_*.nwb", stem="a[1]*?") == "a[[]1][*][?]_*.nwb"
    assert filled("{a}-{b}-{c}", a="{b}", b="x") == "{b}-x-{c}"
    assert filled("{a}-{b}", a="1", b=None) == "1-*"
