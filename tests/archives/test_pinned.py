"""The frame around a lock: what it must hold, what comes, and what the manifest says."""

import errno
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pinned_set import KEY, digest, files_below, noise, object_of, put, write_locked

from isomorph import archives
from isomorph.archives import pinned
from isomorph.archives.download import download
from isomorph.archives.hashes import Pin
from isomorph.archives.held import held, lock_of
from isomorph.archives.lock import Lock, LockedFile, lock_file
from isomorph.archives.readiness import bytes_to_come, readiness
from isomorph.archives.transfer import announce, bytes_here, part_of, sweep
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.runs.coming import announcement
from isomorph.stages import fetch
from isomorph.study import load_study

SUBJECTS = ["sub-01", "sub-02"]


def source(include, **more):
    return {"dataset": KEY, "version": "1.0.0", "include": include, **more}


RAW = source(["README", "{subject}/*_bold.nii", "{subject}/*_events.tsv"])


@pytest.fixture
def locked(objects):
    """A set of two subjects in a bucket, pinned."""
    names = ["README"]
    for subject in SUBJECTS:
        names += [f"{subject}/run-{n}_{end}" for n in (1, 2) for end in ("bold.nii", "events.tsv")]
    return [put(objects, name, noise(500, n)) for n, name in enumerate(names)]


def paths(layout):
    return [one.path for one in archives.read_manifest(layout, "objects").files]


def test_manifest_is_what_lock_and_patterns_name_together(objects, locked, make_layout):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    stray = layout.archive("objects") / "sub-01" / "run-9_bold.nii"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"mine")
    fetch.run(layout, "objects")
    manifest = archives.read_manifest(layout, "objects")
    assert [one.path for one in manifest.files] == sorted(file.path for file in locked)
    for record, file in zip(manifest.files, sorted(locked, key=lambda f: f.path), strict=True):
        right = (objects.root / object_of(file)[1:]).read_bytes()
        assert (record.size, record.sha256) == (500, digest(right, "sha256"))
    assert manifest.provenance.source == "OpenNeuro ds000001 1.0.0, 9 files, 4.5 kB"
    assert next(iter(manifest.provenance.inputs)).endswith("objects.lock.tsv")
    assert stray.read_bytes() == b"mine"


def test_second_run_asks_nobody_and_touches_nothing(objects, locked, make_layout):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    fetch.run(layout, "objects")
    asked, before = len(objects.log), layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    assert len(objects.log) == asked
    assert layout.manifest("objects").stat().st_mtime_ns == before


def test_one_subject_out_of_the_lock_of_all(objects, locked, make_layout, capsys):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=["sub-02"])
    fetch.run(layout, "objects")
    assert paths(layout) == ["README", *(f.path for f in locked if f.path.startswith("sub-02"))]
    said = capsys.readouterr().err
    assert "objects: 4 of the 9 files in the lock are of subjects or patterns" in said
    assert "objects: 5 files, 2.5 kB, 0 bytes of it here already" in said
    assert len(objects.log) == 5


def test_files_an_older_lock_named_leave_the_manifest(objects, locked, make_layout):
    fetch.run(write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS), "objects")
    fewer = [file for file in locked if "run-2" not in file.path]
    layout = write_locked(make_layout, fewer, sources=[RAW], subjects=SUBJECTS)
    fetch.run(layout, "objects")
    assert paths(layout) == sorted(file.path for file in fewer)
    assert len(files_below(layout.archive("objects"))) == 11  # nothing was deleted


def test_studies_of_other_subjects_share_a_folder(objects, locked, make_layout):
    both = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    fetch.run(both, "objects")
    whole, before = paths(both), both.manifest("objects").stat().st_mtime_ns
    one = write_locked(make_layout, locked, sources=[RAW], subjects=["sub-02"])
    assert Fitting(one).own(Job("fetch", ("objects",))) == ""  # no workflow fetches again
    fetch.run(one, "objects")
    assert both.manifest("objects").stat().st_mtime_ns == before
    found = archives.find_files(one, "objects", "*/*_bold.nii")
    assert {file.parent.name for file in found} == {"sub-02"}  # no more than it asked for
    one.manifest("objects").unlink()  # as a workflow engine does
    fetch.run(one, "objects")
    assert paths(both) == whole
    (one.archive("objects") / "sub-01" / "run-1_bold.nii").unlink()
    fetch.run(one, "objects")
    assert len(paths(one)) == 5
    with pytest.raises(IsomorphError, match=r"it lacks sub-01; fetch the dataset .* again"):
        archives.find_files(both, "objects", "sub-02/*")


def test_a_subject_more_is_added_to_what_is_there(objects, locked, make_layout):
    first = write_locked(make_layout, locked, sources=[RAW], subjects=["sub-01"])
    fetch.run(first, "objects")
    second = write_locked(make_layout, locked, sources=[RAW], subjects=["sub-02"])
    fetch.run(second, "objects")
    assert len(objects.log) == 9
    assert len(paths(first)) == 9
    assert len(archives.find_files(first, "objects", "**")) == 5
    assert Fitting(first).own(Job("fetch", ("objects",))) == ""
    assert Fitting(second).own(Job("fetch", ("objects",))) == ""


def test_a_manifest_of_other_patterns_is_refused(objects, locked, make_layout):
    narrow = source(["README", "{subject}/*_bold.nii"])
    fetch.run(write_locked(make_layout, locked, sources=[narrow], subjects=SUBJECTS), "objects")
    wide = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    with pytest.raises(IsomorphError, match="was written for other settings of `archive`") as said:
        archives.find_files(wide, "objects", "*/*_bold.nii")
    assert "\n" not in str(said.value)
    fetch.run(wide, "objects")
    assert len(archives.find_files(wide, "objects", "**")) == 9


@pytest.mark.parametrize(
    ("subjects", "changes", "said"),
    [
        (["sub-01", "sub-03"], {}, 'no file of subject "sub-03"'),
        (SUBJECTS, {"include": ["README", "{subject}/*.nii", "CHANGES"]}, 'matches "CHANGES"'),
        (SUBJECTS, {"exclude": ["sub-02/**"]}, 'no file of subject "sub-02"'),
    ],
)
def test_lock_that_lacks_what_is_asked_for_is_refused(
    objects, locked, make_layout, subjects, changes, said
):
    layout = write_locked(make_layout, locked, sources=[{**RAW, **changes}], subjects=subjects)
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    message = str(caught.value)
    assert "objects.lock.tsv: does not hold what the dataset asks for" in message
    assert said in message
    assert f"isomorph lock --study {layout.study.path} --dataset objects` locks it again" in message
    assert "\n" not in message
    assert objects.log == []


def test_no_lock_names_the_command(make_layout):
    layout = make_layout({"kind": "openneuro", "sources": [RAW]})
    with pytest.raises(IsomorphError, match=r"objects\.lock\.tsv: no such file; `isomorph lock"):
        fetch.run(layout, "objects")


def test_sources_and_buckets_each_have_their_folder(objects, make_layout):
    derived = put(
        objects, "fmriprep/sub-01/bold.nii", b"derived", bucket="openneuro-derivatives",
        address="https://openneuro-derivatives.s3.amazonaws.com", key="",
    )  # fmt: skip
    derived = LockedFile(
        "derivatives/fmriprep/sub-01/bold.nii", *(derived.size, derived.algorithm, derived.hash),
        derived.url.replace(".com//", ".com/"),
    )  # fmt: skip
    picture = put(objects, "set/images/1.png", b"pixels", bucket="pictures", key="x")
    picture = LockedFile(
        "images/1.png", *(picture.size, picture.algorithm, picture.hash), picture.url
    )
    layout = write_locked(
        make_layout,
        [put(objects, "sub-01/bold.nii", b"raw"), derived, picture],
        sources=[
            source(["{subject}/bold.nii", "**/*.nii"]),
            source(["{subject}/*.nii"], dataset="ds000001-fmriprep", into="derivatives/fmriprep"),
        ],
        subjects=["sub-01"],
        also=[{"kind": "bucket", "bucket": "pictures", "prefix": "x/set/images", "into": "images",
               "include": ["*.png"]}],
    )  # fmt: skip
    fetch.run(layout, "objects")
    contents = {
        one.path: (layout.archive("objects") / one.path).read_bytes()
        for one in archives.read_manifest(layout, "objects").files
    }
    assert contents == {
        "sub-01/bold.nii": b"raw",
        "derivatives/fmriprep/sub-01/bold.nii": b"derived",
        "images/1.png": b"pixels",
    }
    assert archives.read_manifest(layout, "objects").provenance.source == (
        "OpenNeuro ds000001 1.0.0, 1 file, 3 bytes; OpenNeuro ds000001-fmriprep 1.0.0, 1 file, "
        "7 bytes; bucket pictures/x/set/images, 1 file, 6 bytes"
    )


def test_an_asset_of_dandi_comes_by_its_id_and_images_from_a_bucket(
    objects, make_layout, monkeypatch
):
    brought = []

    def bring(_layout, _dataset, files, folder, _lacking):
        brought.extend(file.path for file in files)
        for file in files:
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.path).write_bytes(b"session")
        return archives.describe_files(folder, brought)

    monkeypatch.setattr("isomorph.archives.dandi.bring", bring)
    session = put(objects, "sub-1/sub-1.nwb", b"session", "sha256")
    picture = put(objects, "images/1.png", b"pixels", bucket="pictures")
    archive = {"dandiset": "000001", "version": "0.1", "include": ["{subject}/*.nwb"]}
    side = {"kind": "bucket", "bucket": "pictures", "prefix": KEY, "into": "images"}
    layout = write_locked(make_layout, [session, picture], subjects=["sub-1"])
    layout = make_layout({"kind": "dandi", **archive}, subjects=["sub-1"], also=[side])
    fetch.run(layout, "objects")
    assert brought == ["sub-1/sub-1.nwb"]
    assert [request.path for request in objects.log] == [object_of(picture, "pictures")]
    assert [(one.path, one.sha256) for one in archives.read_manifest(layout, "objects").files] == [
        ("images/1.png", digest(b"pixels", "sha256")),
        ("sub-1/sub-1.nwb", session.hash),
    ]


def test_what_is_streamed_is_listed_as_it_came(objects, make_layout, monkeypatch):
    def bring(_layout, _dataset, files, folder, _lacking):
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.path).write_bytes(b"the wanted objects")
        return archives.describe_files(folder, [file.path for file in files])

    monkeypatch.setattr("isomorph.archives.dandi.bring", bring)
    huge = LockedFile("sub-1.nwb", 10**15, "sha256", "0" * 64, "https://a.org/assets/1")
    write_locked(make_layout, [huge])
    layout = make_layout(
        {"kind": "dandi", "dandiset": "000001", "version": "draft", "include": ["*.nwb"],
         "access": "stream", "keep": ["units/spike_times"]},
    )  # fmt: skip
    fetch.run(layout, "objects")  # a petabyte would not fit the disk
    (record,) = archives.read_manifest(layout, "objects").files
    assert record.sha256 == digest(b"the wanted objects", "sha256")
    before = layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    assert layout.manifest("objects").stat().st_mtime_ns == before


def test_manifest_goes_while_a_file_is_missing(objects, locked, make_layout, monkeypatch):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    fetch.run(layout, "objects")
    (layout.archive("objects") / locked[3].path).unlink()
    seen = []

    def look(*which):
        seen.append(layout.manifest("objects").exists())
        return archive(*which)

    archive = pinned.transfer
    monkeypatch.setattr("isomorph.archives.pinned.transfer", look)
    fetch.run(layout, "objects")
    assert seen == [False]
    assert layout.manifest("objects").exists()


def test_manifest_goes_before_a_wrong_file_of_the_right_size_does(
    objects, locked, make_layout, monkeypatch
):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    fetch.run(layout, "objects")
    (layout.archive("objects") / locked[3].path).write_bytes(noise(500, 99))
    seen = []

    def look(*which, **more):
        seen.append(layout.manifest("objects").exists())
        return download(*which, **more)

    monkeypatch.setattr("isomorph.archives.transfer.download", look)
    fetch.run(layout, "objects")
    assert seen == [False]


@pytest.mark.parametrize("how", ["file", "loop", "manifest", "part"])
def test_what_stands_in_the_way_is_said_in_a_sentence(objects, locked, make_layout, how):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    folder = layout.archive("objects")
    folder.parent.mkdir(parents=True)
    if how == "file":
        folder.write_text("in the way")
    elif how == "loop":
        folder.symlink_to(folder)
    elif how == "manifest":
        layout.manifest("objects").mkdir(parents=True)
    else:
        (folder / f"README.{'0' * 12}.part").mkdir(parents=True)
        fetch.run(layout, "objects")  # of no use, and no harm
        return
    with pytest.raises(IsomorphError, match=r"cannot be (written|read), ") as caught:
        fetch.run(layout, "objects")
    assert "\n" not in str(caught.value)


def test_readiness_counts_what_is_whole(objects, locked, make_layout):
    responses = {
        "kind": "nwb", "files": "{subject}/*_bold.nii", "window": [0.0, 0.1],
        "presentations": {"stimulus": "stimulus"},
    }  # fmt: skip
    layout = write_locked(
        make_layout, locked, sources=[RAW], subjects=SUBJECTS, responses=responses,
        stimuli={"kind": "folder", "files": "*/*_events.tsv"},
    )  # fmt: skip
    assert bytes_to_come(layout, "objects") == sum(file.size for file in locked)
    assert announcement(layout, ["objects"]) == "to be fetched: objects 4.5 kB"
    fetch.run(layout, "objects")
    assert bytes_to_come(layout, "objects") == 0
    assert announcement(layout, ["objects"]) == ""
    for file in locked:
        (layout.archive("objects") / file.path).write_bytes(b"short")
    assert "0 bytes of it here" in readiness(layout, "objects")
    assert bytes_to_come(layout, "objects") == sum(file.size for file in locked)


def test_a_folder_nobody_may_read_is_said_before_anything_starts(
    objects, locked, make_layout, monkeypatch
):
    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    monkeypatch.setattr("isomorph.archives.transfer.Path.is_file", refuse)
    with pytest.raises(IsomorphError, match=r"README: cannot be read, Permission denied$"):
        readiness(layout, "objects")


def test_what_broke_off_counts_and_what_no_lock_names_goes(tmp_path, monkeypatch):
    file, gone = (
        LockedFile(f"sub-{n}/a.nwb", 40_000_000, "sha256", f"{n}b" * 32, "https://a.org/1")
        for n in (1, 2)
    )
    parts = [part_of(tmp_path / one.path, Pin.of(one)) for one in (file, gone)]
    for part in parts:
        part.parent.mkdir(parents=True)
        with open(part, "wb") as out:
            out.truncate(36_000_000)
    free = SimpleNamespace(free=10_000_000)
    monkeypatch.setattr("isomorph.archives.transfer.shutil.disk_usage", lambda _place: free)
    announce("dandi", [file], tmp_path)
    assert bytes_here([file], tmp_path) == 36_000_000
    with held(parts[1], time.sleep):
        sweep(tmp_path, Lock((file,)))
        assert all(part.exists() for part in parts)
    sweep(tmp_path, Lock((file,)))
    assert [part.exists() for part in parts] == [True, False]


def test_locks_of_a_killed_process_go_where_nothing_is_left_to_resume(tmp_path):
    files = [
        LockedFile(f"{n}.nwb", 4, "sha256", f"{n}b" * 32, "https://a.org/1") for n in range(1, 4)
    ]
    whole, broken_off, held_now = parts = [part_of(tmp_path / f.path, Pin.of(f)) for f in files]
    for part in parts:
        lock_of(part).touch()
    broken_off.write_bytes(b"ab")
    with held(held_now, time.sleep):
        held_now.unlink()
        sweep(tmp_path, Lock(tuple(files)))
        assert [lock_of(part).exists() for part in parts] == [False, True, True]
    assert broken_off.read_bytes() == b"ab"
    assert not whole.exists()


def test_no_room_is_said_before_anything_is_asked(objects, make_layout):
    huge = LockedFile("README", 10**15, "md5", "0" * 32, "https://s3.amazonaws.com/x")
    layout = write_locked(make_layout, [huge])
    with pytest.raises(IsomorphError, match=r"1,000,000\.0 GB are still to come but the disk"):
        fetch.run(layout, "objects")
    assert objects.log == []


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "Manifest.JSON",
        ".fetched.json",
        "a.nii.0123456789ab.part",
        "a.0123456789ab.part.lock",
    ],
)
def test_names_isomorph_writes_itself_are_refused(objects, make_layout, name):
    layout = write_locked(make_layout, [put(objects, "a.nii", b"a"), put(objects, name, b"theirs")])
    with pytest.raises(IsomorphError, match="is a name isomorph itself writes in the archive's"):
        fetch.run(layout, "objects")
    assert objects.log == []
    assert not layout.manifest("objects").exists()


def test_another_name_for_the_same_study_or_line_ending_changes_nothing(
    objects, locked, make_layout, tmp_path, monkeypatch
):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    fetch.run(layout, "objects")
    file, lock = layout.manifest("objects"), lock_file(layout.study, "objects")
    before = file.stat().st_ino  # whatever is written again is a file of its own
    monkeypatch.chdir(tmp_path)
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    for study, root in ((Path("config/study.yaml"), "."), (layout.study.path, tmp_path / "x/..")):
        other = Layout(load_study(study), root)
        fetch.run(other, "objects")
        assert file.stat().st_ino == before
        assert archives.find_files(other, "objects", "README")[0].read_bytes() == noise(500, 0)


def test_bytes_that_are_not_those_expected_leave_no_manifest(objects, locked, make_layout):
    layout = write_locked(
        make_layout, locked, sources=[RAW], subjects=SUBJECTS, expected={"bytes": 1}
    )
    with pytest.raises(IsomorphError, match=r"expected\.bytes says 1, there are 4,500"):
        fetch.run(layout, "objects")
    assert not layout.manifest("objects").exists()


def test_a_lock_of_another_version_is_refused(objects, locked, make_layout):
    layout = write_locked(make_layout, locked, sources=[RAW], subjects=SUBJECTS)
    lock = lock_file(layout.study, "objects")
    old = f"# {KEY} 0.9.9: https://github.com/OpenNeuroDatasets/{KEY}.git, 9 files\n"
    lock.write_text(old + lock.read_text())
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert f"objects.lock.tsv: is of {KEY} 0.9.9, but" in str(caught.value)
    assert "asks for 1.0.0; `isomorph lock" in str(caught.value)
    lock.write_text(lock.read_text().replace("0.9.9", "1.0.0"))
    fetch.run(layout, "objects")
