"""All that a study has is looked at, and the workflow is told what to make again."""

import os
from dataclasses import replace

import h5py
import numpy as np
import pytest

from isomorph.archives import FileRecord, changed, local
from isomorph.archives.on_disk import is_as_listed
from isomorph.artefacts import provenance, read_provenance, read_table, write_table
from isomorph.catalogue import CATALOGUE
from isomorph.cli import main
from isomorph.cli.settling import settle
from isomorph.jobs import jobs
from isomorph.making import other_versions, outputs_of
from isomorph.report.missing import judge
from isomorph.report.page import context
from isomorph.stages import fetch


def verify(layout, capsys):
    status = main(["verify", "--study", str(layout.study.path), "--root", str(layout.root)])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def test_a_whole_study_is_fine_and_what_is_not_made_yet_is_counted(computed, capsys):
    status, out, err = verify(computed, capsys)
    assert (status, err) == (0, [])
    assert out == [
        "looked at 36 artefacts, 17 more not made yet",
        "fine: all of it is whole and what the study now says",
    ]


def test_each_problem_is_a_sentence(layout, capsys):
    own = layout.root / "files" / "small"
    np.save(own / "one.npy", np.load(own / "one.npy") + 1)
    image = layout.stimuli("small").parent / "images" / "image_04.png"
    image.write_bytes((own / "images" / "image_05.png").read_bytes())
    columns = layout.comparisons("small").with_suffix(".parquet")
    columns.write_bytes(columns.read_bytes()[:-9])
    status, _, err = verify(layout, capsys)
    assert status == 1
    assert len(err) == 3
    assert "one.npy: is not the file that was fetched; put it back or fetch" in err[0]
    assert "image_04.png" in err[1]
    assert "comparisons.parquet: has changed since it was written; make it again" in err[2]


def test_every_column_that_a_stage_writes_is_in_the_catalogue(computed):
    own_columns = {"stimuli"}  # whatever a dataset says of its stimuli
    for job in jobs(computed.study):
        for name, file in outputs_of(computed, job).items():
            if CATALOGUE[name].columns and file.is_file() and name not in own_columns:
                known = {column.name for column in CATALOGUE[name].columns}
                assert set(read_table(file, name).columns) <= known, name


def test_a_damaged_manifest_is_one_problem_and_stops_no_one_from_looking(layout, capsys):
    file = layout.manifest("small")
    file.write_text(file.read_text()[:-99])
    status, _, err = verify(layout, capsys)
    assert status == 1
    (said,) = err
    assert "manifest.json: is not a manifest (" in said
    assert settle(layout).keys() == {file}


def test_what_no_stage_wrote_is_a_note(layout, capsys):
    table = read_table(layout.stimuli("small"), "stimuli")
    write_table(layout.stimuli("small"), table, "stimuli", provenance("by hand"))
    status, out, _ = verify(layout, capsys)
    assert status == 0  # it holds the same, so all that was made from it fits
    assert f"{layout.stimuli('small')}: was written by no stage of a study; taken as it is" in out


def test_another_version_of_a_library_is_a_note_and_made_again_on_request(layout, monkeypatch):
    stamp = provenance("rdms")
    older = {**stamp.packages, "scipy": "1.0.0"}
    monkeypatch.setattr("isomorph.making.versions.versions", lambda *_: older)
    (note,) = other_versions([stamp, stamp])
    assert note.startswith("2 files were made with scipy ")
    assert note.endswith("; installed is 1.0.0 now.")
    assert settle(layout) == {}
    again = settle(layout, versions=True)
    assert again.keys() == {layout.stimuli("small")}  # all the rest goes back to it
    assert again[layout.stimuli("small")].endswith("installed is 1.0.0 now")


def with_package(layout, file, name, version):
    """Let the provenance of a netCDF file say that another library computed it too."""
    stamp = read_provenance(file)
    with h5py.File(file, "r+") as data:
        said = replace(stamp, packages={**stamp.packages, name: version}).to_json()
        data.attrs["provenance"] = said


def test_the_page_and_verify_tell_alike_of_other_versions(layout, capsys):
    with_package(layout, layout.activations("small", "pixels"), "timm", "0.1")
    for subject in ("one", "two"):
        with_package(layout, layout.responses("small", subject), "scipy", "1.0.0")
    _, out, _ = verify(layout, capsys)
    notes = context(judge(layout))["other_versions"]
    assert [note.partition(";")[0] for note in notes] == [
        "2 files were made with scipy 1.0.0", "1 file was made with timm 0.1",
    ]  # fmt: skip
    assert all(note in out for note in notes)


# ---------------------------------------------------------------- files of the user


def test_a_file_of_the_users_is_judged_by_its_bytes(layout):
    file = layout.root / "files" / "small" / "one.npy"
    assert changed(layout, "small") == ""
    before = layout.manifest("small").stat().st_mtime_ns
    assert changed(layout, "small") == ""
    assert layout.manifest("small").stat().st_mtime_ns == before  # hashed once is enough
    status = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "one.npy has changed since it was written" in changed(layout, "small")


def test_what_changes_while_files_are_hashed_is_hashed_next_time(layout, monkeypatch):
    file = layout.root / "files" / "small" / "one.npy"
    content = bytearray(file.read_bytes())
    os.utime(file)  # touched: it is hashed
    is_intact = FileRecord.is_intact

    def meanwhile(record, root):
        found = is_intact(record, root)
        if record.path == "one.npy":
            content[-1] ^= 1
            file.write_bytes(content)
        return found

    monkeypatch.setattr(FileRecord, "is_intact", meanwhile)
    assert changed(layout, "small") == ""
    monkeypatch.undo()
    assert "one.npy has changed since it was written" in changed(layout, "small")


def test_a_file_of_the_date_of_its_manifest_may_have_changed_after(layout):
    file, manifest = layout.root / "files" / "small" / "one.npy", layout.manifest("small")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    now = file.stat().st_ctime_ns
    os.utime(manifest, ns=(now, now))
    assert not is_as_listed(layout, "small")
    assert "one.npy has changed since it was written" in changed(layout, "small")


def test_a_file_with_the_date_of_another_is_not_as_listed(layout):
    file = layout.root / "files" / "small" / "one.npy"
    assert changed(layout, "small") == ""
    assert is_as_listed(layout, "small")
    status = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not is_as_listed(layout, "small")


def test_what_changes_while_a_folder_is_listed_is_hashed_next_time(layout, monkeypatch):
    file = layout.root / "files" / "small" / "one.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    sign = local.stamp

    def meanwhile(*arguments, **settings):
        file.write_bytes(content)
        return sign(*arguments, **settings)

    layout.manifest("small").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(local, "stamp", meanwhile)
        fetch.run(layout, "small")
    assert not is_as_listed(layout, "small")
    assert "one.npy has changed since it was written" in changed(layout, "small")


@pytest.mark.parametrize("name", ["images/image_99.png", "images/image_00.png"])
def test_a_file_that_came_or_went_is_told(layout, name):
    file = layout.root / "files" / "small" / name
    if file.exists():
        file.unlink()
    else:
        file.write_bytes((file.parent / "image_00.png").read_bytes())
    assert f"{name} has come or gone" in changed(layout, "small")
    assert settle(layout).keys() == {layout.manifest("small")}


def test_dates_are_put_in_order_for_what_fits(layout):
    file = layout.brain_rdms("small")
    os.utime(file, (1, 1))
    assert settle(layout) == {}
    read = layout.responses("small", "one").stat().st_mtime_ns
    assert file.stat().st_mtime_ns >= read
