"""`isomorph check` opens what lies on the disk, and says what the stages would say."""

from __future__ import annotations

import copy
import gzip
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pytest
import yaml
from small_studies import AFFINE, SUBJECTS, WRITERS, pictures, stimuli_of

from isomorph import archives
from isomorph.archives import fetched
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses import rdms
from isomorph.responses.bids import atlases
from isomorph.stages import fetch, responses, stimuli
from isomorph.study import load_study


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """Return the files and the settings of a kind, written once."""
    made = {}

    def of(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            pictures(folder, stimuli_of(kind))
            made[kind] = folder, WRITERS[kind](folder)
        return made[kind]

    return of


@pytest.fixture
def study(tmp_path, written):
    """Return a maker of a study over a copy of the files of a kind; nothing is fetched."""

    def make(kind, change=None, **settings):
        folder, own = written(kind)
        files = tmp_path / "files"
        shutil.copytree(folder, files)
        if change is not None:
            change(files)
        return write(tmp_path, {"toy": dataset(merged(own, settings))})

    return make


def merged(own, changes):
    found = copy.deepcopy(own)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict) and "kind" not in value
        found[key] = {**found[key], **value} if both else value
    return found


def dataset(own, **changes):
    return {
        "title": "Toy", "citation": "none", "licence": "CC0-1.0", "species": "none",
        "subjects": SUBJECTS, "archive": {"kind": "local", "path": "../files"},
        "stimuli": {"kind": "folder", "files": "*.png"}, "responses": own,
    } | changes  # fmt: skip


def write(folder, datasets):
    model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
    study = {"name": "toy", "title": "Toy", "datasets": [*datasets], "models": ["pixels"]}
    contents = {"models/pixels.yaml": model, "study.yaml": study}
    contents |= {f"datasets/{name}.yaml": {"name": name, **one} for name, one in datasets.items()}
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content))
    return Layout(load_study(folder / "study.yaml"), folder)


def check(layout, capsys):
    """Check a study twice over: what it says, and that it wrote nothing. Return code and lines."""
    before = standing(layout.root)
    code = main(["check", "--study", str(layout.study.path), "--root", str(layout.root)])
    assert standing(layout.root) == before
    out, err = capsys.readouterr()
    assert bool(out) == (code == 0)
    assert "Traceback" not in err
    return code, (out or err.removeprefix("isomorph: ")).splitlines()


def standing(root):
    return {file: file.stat().st_mtime_ns for file in root.rglob("*")}


def refused(layout, capsys):
    code, lines = check(layout, capsys)
    assert code == 1
    return lines


def staged(layout, subject="s1"):
    """Run the stages up to the responses of a subject and return the sentence that stops them."""
    with pytest.raises(IsomorphError) as stopped:
        run_all(layout, subject)
    return str(stopped.value)


def run_all(layout, *subjects):
    fetch.run(layout, "toy")
    stimuli.run(layout, "toy")
    for subject in subjects:
        responses.run(layout, "toy", subject)


@pytest.mark.parametrize("kind", list(WRITERS))
def test_a_well_formed_study_passes_and_its_stages_run(study, capsys, kind):
    layout = study(kind)
    code, lines = check(layout, capsys)
    assert code == 0
    assert re.fullmatch(r"toy: \d+ files in place, .* [kM]B; 2 subjects looked at", lines[1])
    run_all(layout, *SUBJECTS)
    # What is still to be made is less now.
    assert check(layout, capsys)[1][:2] == lines[:2]


# ---------------------------------------------------------------- mistakes in the settings

SETTINGS = [
    ("nwb", {"presentations": {"table": "trails", "stimulus": "image"}}, 'did you mean "'),
    ("nwb", {"presentations": {"stimulus": "imago"}}, 'no column "imago", did you mean "image"?'),
    ("nwb", {"region": "locatoin"}, 'no column "locatoin" that names the region'),
    ("nwb", {"quality": {"snrr": {"min": 1.0}}}, 'no column "snrr", did you mean "snr"?'),
    ("nwb", {"window": [50.0, 250.0]}, "windows are in seconds: [0.05, 0.25]?"),
    ("traces", {"signal": "processing/ophys/DfOverF/DfOverG"}, "DfOverG"),
    ("traces", {"window": [0.0, 500.0]}, "windows are in seconds: [0, 0.5]?"),
    ("rasters", {"raster": "processing/ecephys/raster"}, "did you mean"),
    ("rasters", {"companion": "{stem}_pictures.nwb"}, "did you mean"),
    ("rdms", {"sources": [{"file": f"{one}.npz", "variable": "rmd", "region": "IT",
                           "subjects": [one], "distance": "correlation"} for one in SUBJECTS]},
     'no variable "rmd", did you mean "rdm"?'),
    ("bids", {"events": {"stimulus": "trial_typ"}}, 'did you mean "trial_type"?'),
    ("bids", {"events": {"clock": 0.001}}, "after the end of"),
    ("bids", {"confounds": {"columns": ["rot_y"]}}, 'did you mean "rot_x"?'),
    ("bids", {"regions": {"kind": "labels", "file": "sub-{subject}/func/*_labels.nii.gz",
                          "table": "labels.tsv", "regions": {"V4": ["V44"]}}},
     'has no "V44", asked for by responses.regions.regions.V4; did you mean "V4"?'),
    ("bids", {"regions": {"kind": "atlas", "atlas": "schaefer_2018", "regions": {"V1": ["*"]}}},
     "its name says no space, the atlas schaefer_2018 is in MNI"),
    ("betas", {"regions": [{"file": "{subject}/IT.nii.gz", "name": "IT", "min": 2}]},
     "marks no unit of"),
    ("betas", {"regions": [{"file": "{subject}/IT.nii.gz", "name": "IT", "map": "x"}]},
     'no map "x"'),
    ("betas", {"labels": None}, "its maps have no names"),
    ("epochs", {"presentations": {"stimulus": "imago"}}, 'did you mean "image"?'),
    ("epochs", {"presentations": {"clock": 1000}, "baseline": [-1.0, 0.0]},
     "none of the 20 epochs lies inside the recording of 10 s"),
    ("epochs", {"picks": ["egg"]}, 'no channel is of type or name "egg", did you mean "eeg"?'),
    ("epochs", {"windows": {"early": [0.0, 100.0]}}, "windows are in seconds: [0, 0.1]?"),
    ("epochs", {"presentations": {"where": {"image": ["cat"]}}, "windows": {"w": [0.0, 12.0]}},
     "reaches over"),
    ("epochs", {"filter": {"high": 900.0}}, "responses.filter must stay below 500 Hz"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "message"), SETTINGS)
def test_a_mistake_in_the_settings_is_said_once_and_as_the_stage_says_it(
    study, capsys, kind, changes, message
):
    layout = study(kind, **changes)
    lines = refused(layout, capsys)
    said = staged(layout)
    assert message in said
    assert lines in ([said], [f"{said} (likewise for s2)"])


# ---------------------------------------------------------------- mistakes in the files of one


def cut(name):
    def change(files):
        (file,) = files.glob(name)
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) * 3 // 4])

    return change


def cut_inside(name):
    """Compress three quarters of an image, as a disk that was full would leave it."""

    def change(files):
        (file,) = files.glob(name)
        whole = gzip.decompress(file.read_bytes())
        file.write_bytes(gzip.compress(whole[: len(whole) * 3 // 4]))

    return change


def elsewhere(name):
    """Move a mask by a voxel."""

    def change(files):
        (file,) = files.glob(name)
        image = nibabel.load(file)
        moved = AFFINE.copy()
        moved[0, 3] = 3.0
        values = np.asarray(image.dataobj)
        nibabel.save(nibabel.Nifti1Image(values, moved), file)

    return change


def replaced(name, old, new):
    def change(files):
        for file in files.glob(name):
            text = file.read_text()
            assert old in text
            file.write_text(text.replace(old, new))

    return change


def renamed_in_nwb(old, new):
    def change(files):
        with h5py.File(files / "s2.nwb", "r+") as file:
            names = file["intervals/trials/image"]
            names[...] = [new if one == old else one for one in names.asstr()[()].tolist()]

    return change


def unversioned(files):
    with h5py.File(files / "s2.nwb", "r+") as file:
        del file.attrs["nwb_version"]


def falling(files):
    """Let the times of spikes begin again with each trial."""
    with h5py.File(files / "s2.nwb", "r+") as file:
        file["units/spike_times"][...] = file["units/spike_times"][()] % 2.0


def outlasted(files):
    file = files / "s2/s2_task-x_eeg.eeg"
    file.write_bytes(file.read_bytes()[: 50 * 6 * 4])


def lopsided(files):
    with np.load(files / "s2.npz") as held:
        square, names = held["rdm"].copy(), held["stimuli"]
    square[0, 1] += 0.1
    np.savez(files / "s2.npz", rdm=square, stimuli=names)


FILES = [
    ("nwb", cut("s2.nwb"), "s2.nwb: cannot be read as"),
    ("nwb", unversioned, "s2.nwb"),
    ("nwb", renamed_in_nwb("house", "hause"), 'shows "hause", which is not a stimulus of'),
    ("nwb", falling, "are not in ascending order"),
    ("traces", cut("s2.nwb"), "s2.nwb: cannot be read as"),
    ("rasters", cut("s2_image.nwb"), "s2_image.nwb: cannot be read as"),
    ("arrays", cut("s2.npy"), "s2.npy"),
    ("arrays", replaced("s2.csv", "house", "hosue"), 'did you mean "house"?'),
    ("arrays", replaced("s2.csv", "stimulus", "stimuli"), 'did you mean "stimuli"?'),
    ("rdms", lopsided, "is not symmetric"),
    ("bids", cut("sub-s2/func/*_run-2_bold.nii"), "_bold.nii: cannot be read as a whole image"),
    ("bids", cut("sub-s2/func/*_run-1_bold.nii.gz"), "run-1_bold.nii.gz: cannot be read as"),
    ("bids", cut_inside("sub-s2/func/*_run-1_bold.nii.gz"), "cannot be read as a whole image"),
    ("bids", elsewhere("sub-s2/func/*_IT.nii.gz"), "give an image on their grid"),
    ("bids", replaced("sub-s2/func/*_events.tsv", "house", "huose"), 'shows "huose"'),
    ("bids", replaced("sub-s2/func/*run-2_events.tsv", "4\t1\tcat", "4000\t1\tcat"),
     "cat begins at 4000 s, after the end"),
    ("bids", replaced("sub-s2/func/*run-2_events.tsv", "4\t1\tcat", "n/a\t1\tcat"),
     'onset is "n/a", expected a number'),
    ("bids", replaced("sub-s2/func/*run-2_events.tsv", "\t1\t", "\t0\t"),
     "run-2_events.tsv: some trials have a duration of 0, those of"),
    ("bids", replaced("sub-s2/func/*run-2_events.tsv", "4\t1\tcat", "4\t0\tcat"),
     "run-2_events.tsv: some trials have a duration of 0, "),
    ("betas", cut("s2/*_run-2_beta.nii"), "run-2_beta.nii: cannot be read as a whole image"),
    ("betas", elsewhere("s2/IT.nii.gz"), "that lies elsewhere; resample the one to the other"),
    ("betas", replaced("s2/*run-1_label.txt", "\ndog", ""), "names 3 maps, the betas have 4"),
    ("betas", replaced("s2/*_label.txt", "tree", "tre"), 'shows "tre", which is not a stimulus of'),
    ("epochs", replaced("s2/*_events.tsv", "house", "House "), 'shows "House"'),
    ("epochs", replaced("s2/*_events.tsv", "house", "hoise"), 'shows "hoise", which is no'),
    ("epochs", outlasted, "epochs from 0 to 0.1 s outlast the recording of 0.05 s"),
    ("epochs", lambda files: (files / "s2/s2_task-x_eeg.eeg").unlink(), "s2_task-x_eeg"),
    ("epochs", lambda files: (files / "s2/s2_task-x_events.tsv").unlink(),
     "tables of events (*events.tsv) belongs to it"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "message"), FILES)
def test_a_mistake_of_one_subject_is_found_and_as_the_stage_says_it(
    study, capsys, kind, change, message
):
    layout = study(kind, change)
    (line,) = refused(layout, capsys)
    assert message in line
    assert staged(layout, "s2") == line


def test_an_image_that_is_unusual_and_whole_passes(study, capsys):
    """Of two blocks of gzip the last says its own size alone; the data are read then."""

    def change(files):
        for file in files.glob("sub-*/func/*_bold.nii.gz"):
            whole = gzip.decompress(file.read_bytes())
            file.write_bytes(gzip.compress(whole[:9000]) + gzip.compress(whole[9000:]))

    assert check(study("bids", change), capsys)[0] == 0


def test_an_atlas_that_is_not_here_is_not_fetched(study, capsys, monkeypatch):
    monkeypatch.setattr(atlases, "fetch", lambda *_: pytest.fail("fetched"))
    atlas = {"kind": "atlas", "atlas": "schaefer_2018", "space": "MNI152NLin6Asym",
             "regions": {"V1": ["*Vis*"]}}  # fmt: skip
    assert check(study("bids", regions=atlas), capsys)[0] == 0


# ---------------------------------------------------------------- stimuli


def conditions(**changes):
    return {"kind": "conditions", "files": "{subject}.nwb", "column": "image", **changes}


PICTURES = {"kind": "nwb", "files": "{subject}.nwb", "images": ["stimulus/templates/shown"]}

STIMULI = [
    ({"kind": "folder", "files": "*.png", "table": "kinds.csv"}, 'no column "stimulus"'),
    ({"kind": "folder", "files": "*.png", "fields_from": "(?P<kind>[0-9]+)"}, "must fit every"),
    ({"kind": "matlab", "file": "all.mat", "variable": "thngs", "image": "image",
      "prefix": "x"}, 'did you mean "things"?'),
    (conditions(column="imag"), 'no column "imag", did you mean "image"?'),
    (conditions(table="trails"), 'no intervals table "trails", did you mean "trials"?'),
    (PICTURES, 'holds nothing at "stimulus/templates/shown", which stimuli.images names'),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "message"), STIMULI)
def test_a_mistake_in_the_stimuli_is_said_before_anything_is_made(study, capsys, spec, message):
    from scipy.io import savemat

    def more(files):
        (files / "kinds.csv").write_text("stimuls,kind\ncat,animal\n")
        savemat(files / "all.mat", {"things": np.zeros(1, dtype=[("image", object)])})

    layout = study("nwb", more)
    content = yaml.safe_load((layout.root / "datasets/toy.yaml").read_text())
    model = {"name": "pixels", "title": "Kinds", "source": "baseline/category",
             "options": {"columns": ["image"]}, "datasets": ["toy"]}  # fmt: skip
    layout = write(layout.root, {"toy": content | {"stimuli": spec}})
    if spec["kind"] == "conditions":
        (layout.root / "models/pixels.yaml").write_text(yaml.safe_dump(model))
    (line,) = refused(layout, capsys)
    assert message in line
    assert staged(layout) == line


@pytest.mark.parametrize(("source", "wrong", "right"), [
    ("baseline/category", {"columns": ["size", "siez"]}, {"columns": ["size"]}),
    ("baseline/columns", {"columns": ["size", "siez"]}, {"columns": ["size"]}),
    ("geometry/line", {"column": "siez"}, {"column": "size"}),
])  # fmt: skip
def test_a_column_that_no_stimulus_table_has_is_said_once(study, capsys, source, wrong, right):
    def described(files):
        rows = "".join(f"{file.stem},{n}\n" for n, file in enumerate(sorted(files.glob("*.png"))))
        (files / "sizes.csv").write_text("stimulus,size\n" + rows)

    stimuli = {"kind": "folder", "files": "*.png", "table": "sizes.csv"}
    layout = study("nwb", described)
    content = yaml.safe_load((layout.root / "datasets/toy.yaml").read_text())
    model = {"name": "pixels", "title": "Sizes", "source": source}
    layout = write(layout.root, {"toy": content | {"stimuli": stimuli}})
    file = layout.root / "models/pixels.yaml"
    file.write_text(yaml.safe_dump(model | {"options": wrong}))
    (line,) = refused(layout, capsys)
    (key,) = wrong
    assert line == (
        f'{file}: options.{key}: the stimulus table of toy has no "siez", did you mean "size"?'
    )
    file.write_text(yaml.safe_dump(model | {"options": right}))
    code, lines = check(layout, capsys)
    assert code == 0
    assert "stimuli" not in lines[2].partition("guessed")[2]


def test_pictures_inside_recordings_are_known_once_they_were_made(tmp_path, written, capsys):
    """Before that every name passes; afterwards names are compared with the table."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))
    from recordings import images, opened

    folder, own = written("nwb")
    shutil.copytree(folder, tmp_path / "files")
    for place, subject in enumerate(SUBJECTS):
        with opened(tmp_path / "files" / f"{subject}.nwb") as nwb:
            pixels = {
                name: np.full((4, 4), 50 * at + 1, np.uint8)
                for at, name in enumerate(["cat", "dog", "tree"] if place else stimuli_of("nwb"))
            }
            images(nwb, "stimulus/templates/shown", pixels)
    layout = write(tmp_path, {"toy": dataset(own, stimuli=PICTURES)})
    code, lines = check(layout, capsys)
    assert code == 0
    assert lines[1].endswith("; 2 subjects looked at")
    run_all(layout)
    code, lines = check(layout, capsys)
    assert lines[1].endswith('; 1 name is that of no stimulus and will not count: "house"')
    assert code == 0
    later = layout.manifest("toy").stat().st_mtime + 10
    os.utime(tmp_path / "files" / "s2.nwb", (later, later))  # may hold other pictures now
    assert check(layout, capsys)[1][1].endswith("; 2 subjects looked at")


# ---------------------------------------------------------------- all of a study


def test_names_of_other_stimuli_are_counted_and_said(study, capsys):
    layout = study("betas", replaced("s2/*_label.txt", "house", "house1"))
    code, lines = check(layout, capsys)
    assert code == 0
    assert lines[1].endswith(
        '2 subjects looked at; 1 name is that of no stimulus and will not count: "house1"'
    )


def test_all_mistakes_of_all_datasets_are_said(tmp_path, written, capsys):
    """Stimuli that fail do not hide what is wrong with the recordings, nor one dataset another."""
    datasets = {}
    for kind, changes in (("arrays", {}), ("epochs", {"presentations": {"stimulus": "imago"}})):
        folder, own = written(kind)
        shutil.copytree(folder, tmp_path / kind)
        datasets[kind] = dataset(
            merged(own, changes), archive={"kind": "local", "path": f"../{kind}"}
        )
    (tmp_path / "arrays" / "s1.csv").write_text("stimulus\ncat\n")
    (tmp_path / "arrays" / "s2.csv").write_text("stimuls\ncat\n")
    datasets["arrays"]["stimuli"] = {"kind": "folder", "files": "*.png", "table": "units.csv"}
    datasets["gone"] = dataset(own, archive={"kind": "local", "path": "../gone"})
    lines = refused(write(tmp_path, datasets), capsys)
    assert len(lines) == 5
    wanted = [
        "gone does not exist",
        "units.csv: no column",
        "s1.csv: has 1 rows",
        "s2.csv: no column",
        'no column "imago"',
    ]
    for line, said in zip(lines, wanted, strict=True):
        assert said in line
    assert lines[-1].endswith("(likewise for s2)")


def test_rdms_of_several_subjects_are_read_once(study, capsys, monkeypatch):
    def both(files):
        with np.load(files / "s1.npz") as held:
            np.savez(files / "all.npz", rdm=np.stack([held["rdm"]] * 2), stimuli=held["stimuli"])

    source = {"file": "all.npz", "variable": "rdm", "region": "IT", "subjects": SUBJECTS,
              "distance": "correlation"}  # fmt: skip
    layout = study("rdms", both, sources=[source])
    read, original = [], rdms.read_source
    monkeypatch.setattr(rdms, "read_source", lambda *a: (read.append(a[0]), original(*a))[1])
    assert check(layout, capsys)[0] == 0
    assert len(read) == 1


def test_a_long_look_says_how_far_it_has_come(study, capsys, monkeypatch):
    monkeypatch.setattr("isomorph.saying.EVERY", -1.0)
    layout = study("arrays")
    main(["check", "--study", str(layout.study.path), "--root", str(layout.root)])
    assert capsys.readouterr().err.splitlines() == [
        "looking at toy s1, 0 of 2 subjects done",
        "looking at toy s2, 1 of 2 subjects done",
    ]


def test_a_set_borrowed_from_another_dataset_is_looked_at_where_it_is(tmp_path, written, capsys):
    folder, own = written("arrays")
    shutil.copytree(folder, tmp_path / "files")
    other = dataset(own, stimuli={"kind": "like", "dataset": "toy"})
    layout = write(tmp_path, {"toy": dataset(own), "other": other})
    assert check(layout, capsys)[0] == 0
    table = tmp_path / "files" / "s1.csv"
    table.write_text(table.read_text().replace("house", "huose"))
    lines = refused(layout, capsys)
    assert len(lines) == 2
    assert all('shows "huose", which is not a stimulus of' in line for line in lines)


def test_of_what_was_fetched_only_subjects_that_are_here_are_looked_at(study, capsys):
    """The manifest of a pinned archive says whose files which are."""
    layout = study("betas", replaced("s1/*run-1_label.txt", "\ndog", ""))
    own = {name: tuple(file.relative_to(layout.root / "files").as_posix()
                       for file in (layout.root / "files" / name).iterdir())
           for name in SUBJECTS}  # fmt: skip
    fetch.run(layout, "toy")
    held = archives.read_manifest(layout, "toy")
    records = [one for one in held.files if one.path not in own["s2"]]
    manifest = replace(held, files=tuple(records), subjects={"s1": own["s1"]})
    with pytest.MonkeyPatch.context() as patch:
        as_fetched = replace(archives.ARCHIVES["local"], here=fetched.here)
        patch.setitem(archives.ARCHIVES._members, "local", as_fetched)
        patch.setattr(fetched, "remembered", lambda *_: manifest)
        assert "names 3 maps, the betas have 4" in refused(layout, capsys)[0]
        (layout.root / "files" / own["s1"][0]).unlink()
        code, lines = check(layout, capsys)
    assert code == 0
    assert "looked at" not in lines[1]
