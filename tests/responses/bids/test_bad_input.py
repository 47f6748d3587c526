"""A user's mistakes: one sentence that names the file, exit status 1, and nothing written."""

import gzip
import json
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import surfaces
import yaml

from isomorph.artefacts import read_attributes, read_responses, read_table, write_table
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.stages import fetch, responses, stimuli
from isomorph.study import load_study

SHAPE, SCANS, TR = (4, 4, 3), 60, 2.0
EVENTS = "onset\tduration\ttrial_type\n" + "".join(
    f"{4 + 10 * trial}\t2\t{'ab'[trial % 2]}\n" for trial in range(11)
)


def write_image(file, values, affine=None):
    image = nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1]) if affine is None else affine)
    content = image.to_bytes()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


class Small:
    """A study of one person: two runs, a mask, confounds by column."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, root / "files"
        self.files.mkdir()
        rng = np.random.default_rng(0)
        for run in (1, 2):
            values = (1000 + rng.standard_normal((*SHAPE, SCANS))).astype(np.float32)
            write_image(self.of(f"run-{run}_bold.nii.gz"), values)
            self.of(f"run-{run}_events.tsv").write_text(EVENTS)
            motion = "".join(f"{value:.4f}\n" for value in rng.standard_normal(SCANS))
            self.of(f"run-{run}_confounds.tsv").write_text("motion\n" + motion)
        mask = np.zeros(SHAPE, dtype=np.uint8)
        mask[:2] = 1
        write_image(self.files / "V1.nii", mask)
        (self.files / "task-x_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
        self.responses = {
            "kind": "bids",
            "bold": "sub-{subject}_*_bold.nii.gz",
            "events": {"files": "sub-{subject}_*_events.tsv"},
            "confounds": {"files": "sub-{subject}_*_confounds.tsv", "columns": ["motion"]},
            "regions": {"kind": "masks", "files": "V1.nii"},
        }

    def of(self, rest: str) -> Path:
        return self.files / f"sub-1_task-x_{rest}"

    def write(self) -> Path:
        """Write the settings and return the study's file."""
        config = self.root / "config"
        dataset = {
            "name": "small", "title": "S", "citation": "C", "licence": "L", "species": "Homo",
            "subjects": ["1"], "archive": {"kind": "local", "path": str(self.files)},
            "stimuli": {
                "kind": "conditions", "files": "sub-{subject}_*_events.tsv", "column": "trial_type"
            },
            "responses": self.responses,
        }  # fmt: skip
        model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
        study = {"name": "toy", "title": "T", "datasets": ["small"], "models": ["pixels"]}
        for name, content in (
            ("datasets/small", dataset), ("models/pixels", model), ("study", study),
        ):  # fmt: skip
            file = config / f"{name}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(content))
        return config / "study.yaml"


@pytest.fixture
def small(tmp_path):
    study = Small(tmp_path)
    layout = Layout(load_study(study.write()), tmp_path)
    fetch.run(layout, "small")
    stimuli.run(layout, "small")
    return study


def run(small: Small, capsys) -> tuple[int, str]:
    """List the files again, prepare responses by the command, and return status and message."""
    file = small.write()
    layout = Layout(load_study(file), small.root)
    fetch.run(layout, "small")
    table = read_table(layout.stimuli("small"), "stimuli")
    write_table(layout.stimuli("small"), table, "stimuli", stamp(layout, "stimuli", "small"))
    capsys.readouterr()
    names = ["--dataset", "small", "--subject", "1"]
    status = main(["responses", "--study", str(file), "--root", str(small.root), *names])
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("isomorph: ")]
    assert len(said) <= 1
    return status, "".join(said)


def results(small: Small) -> Path:
    return small.root / "results" / "toy" / "small" / "responses"


def test_the_study_is_sound_to_begin_with(small, capsys):
    assert run(small, capsys) == (0, "")
    assert [file.name for file in results(small).iterdir()] == ["1.nc"]  # scratch is gone


def no_events(small):
    small.of("run-2_events.tsv").unlink()


def no_mask(small):
    (small.files / "V1.nii").unlink()


def no_confound(small):
    small.responses["confounds"]["columns"] = ["motions"]


def wrong_event_column(small):
    small.responses["events"]["stimulus"] = "trial_typ"


def fewer_confounds(small):
    file = small.of("run-2_confounds.tsv")
    file.write_text("\n".join(file.read_text().splitlines()[:-3]) + "\n")


def empty_volume(small):
    file = small.of("run-2_bold.nii.gz")
    values = np.asarray(nib.load(file).dataobj).copy()
    values[..., 6] = np.nan
    write_image(file, values)


def add_event(line):
    def change(small):
        file = small.of("run-1_events.tsv")
        file.write_text(file.read_text() + line)

    return change


def no_mean(small):
    file = small.of("run-2_bold.nii.gz")
    image = nib.load(file)
    values = image.get_fdata()
    values = (values - values.mean(axis=3, keepdims=True)) / values.std(axis=3, keepdims=True)
    nib.save(nib.Nifti1Image(values.astype(np.float32), image.affine), file)


def complex_numbers(small):
    file = small.of("run-2_bold.nii.gz")
    image = nib.load(file)
    nib.save(nib.Nifti1Image(image.get_fdata().astype(np.complex64), image.affine), file)


def colours(small):
    values = np.zeros(SHAPE, dtype=[(one, "u1") for one in "RGB"])
    nib.save(nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1])), small.files / "V1.nii")


def some_impulses(small):
    file = small.of("run-2_events.tsv")
    file.write_text(file.read_text().replace("\t2\t", "\t0\t"))


def no_repetition_time(small):
    (small.files / "task-x_bold.json").unlink()


def empty_region(small):
    write_image(small.files / "V1.nii", np.zeros(SHAPE, dtype=np.uint8))


def mask_on_another_grid(small):
    write_image(small.files / "V1.nii", np.ones((5, 4, 3), dtype=np.uint8))


def run_on_another_grid(small):
    write_image(small.of("run-2_bold.nii.gz"), np.ones((5, 4, 3, SCANS), dtype=np.float32))


def no_right_hemisphere(small):
    small.responses["bold"] = "sub-{subject}_*_bold.func.gii"
    for run in (1, 2):
        for side in "LR"[:run]:
            surfaces.write_series(
                small.of(f"run-{run}_hemi-{side}_bold.func.gii"), np.ones((SCANS, 4))
            )


def no_hemisphere_in_the_name(small):
    small.responses["bold"] = "sub-{subject}_*_bold.func.gii"
    surfaces.write_series(small.of("run-1_bold.func.gii"), np.ones((SCANS, 4)))


def no_signal(small):
    write_image(small.of("run-2_bold.nii.gz"), np.full((*SHAPE, SCANS), 7, dtype=np.float32))


def an_image_that_is_none(small):
    small.of("run-1_bold.nii.gz").write_bytes(gzip.compress(b"no image"))


def an_index_that_is_none(small):
    (small.files / "labels.tsv").write_text("index\tname\none\tV1\n")
    small.responses["regions"] = {
        "kind": "labels", "file": "V1.nii", "table": "labels.tsv", "regions": {"V1": ["V1"]},
    }  # fmt: skip


def files_of_one_run(differing):
    def change(small):
        for run in (1, 2):
            file = small.of(f"run-{run}_bold.nii.gz")
            for one in differing:
                shutil.copy(file, small.of(f"run-{run}_{one}_bold.nii.gz"))
            file.unlink()

    return change


def labels_without_names(small):
    small.responses["regions"] = {"kind": "labels", "file": "V1.nii", "regions": {"V1": ["V1"]}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (no_events, "run-2_bold.nii.gz: no tables of events belong to it"),
        (no_mask, 'no file matches "V1.nii"'),
        (no_confound, 'confounds.tsv: no column "motions", did you mean "motion"'),
        (wrong_event_column, 'events.tsv: no column "trial_typ", did you mean "trial_type"'),
        (fewer_confounds, "confounds.tsv: 57 rows of confounds, expected 60 volumes"),
        (empty_volume, "run-2_bold.nii.gz: volume 7 of 60 is not a number in any unit"),
        (add_event("14\t2\tb\n"), "line 13: b begins at 14 s twice"),
        (add_event("9\t-1\tb\n"), "line 13: duration is -1, expected 0 or more"),
        (add_event("n/a\t1\tb\n"), 'line 13: onset is "n/a", expected a number'),
        (add_event("121\t1\tb\n"), "b begins at 121 s, after the end of sub-1_task-x_run-1"),
        (no_mean, "run-2_bold.nii.gz: 24 of 24 voxels have a mean of about 0"),
        (complex_numbers, "run-2_bold.nii.gz: holds complex numbers, expected one plain number"),
        (colours, "V1.nii: holds colours, expected one plain number for each voxel"),
        (some_impulses, "run-2_events.tsv: some trials have a duration of 0, those of sub-1"),
        (no_repetition_time, "gives RepetitionTime; give responses.repetition_time"),
        (empty_region, "region V1 has no voxel among the run's 4×4×3 voxels"),
        (mask_on_another_grid, "V1.nii: has 5×4×3 voxels"),
        (run_on_another_grid, "run-2_bold.nii.gz: has 5×4×3 voxels"),
        (no_right_hemisphere, "hemi-L_bold.func.gii: no file of the other hemisphere, hemi-R"),
        (no_hemisphere_in_the_name, "run-1_bold.func.gii: its name says no hemisphere"),
        (no_signal, "run-2_bold.nii.gz: none of the 24 voxels of V1 has a signal in every run"),
        (an_image_that_is_none, "run-1_bold.nii.gz: cannot be read as an image"),
        (an_index_that_is_none, 'labels.tsv: line 2: index is "one", expected a number'),
        (files_of_one_run(["part-mag", "part-phase"]),
         "run-1_part-phase_bold.nii.gz: is of the same run as sub-1_task-x_run-1_part-mag_bold"),
        (files_of_one_run(["echo-1", "echo-2", "desc-optcom"]), "narrow responses.bold to one"),
        (labels_without_names, "V1.nii: has labels without names; give responses.regions.table"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_nothing_is_written(small, capsys, change, said):
    change(small)
    status, message = run(small, capsys)
    assert status == 1
    assert said in message
    assert not results(small).exists() or not list(results(small).iterdir())


def test_late_events_and_empty_regions_may_be_dropped(small, capsys):
    add_event("121\t1\tb\n")(small)
    write_image(small.files / "V2.nii", np.zeros(SHAPE, dtype=np.uint8))
    small.responses["events"]["late"] = "drop"
    small.responses["regions"] |= {"files": "V?.nii", "empty": "drop"}
    assert run(small, capsys)[0] == 0
    assert (results(small) / "1.nc").is_file()


def test_events_that_outlast_the_volumes_are_noted(small, capsys):
    """Volumes left off the beginning, but not off the events' clock, show at the end alone."""
    said = "events that end after the last volume (is responses.events.shift right?)"
    for line, count in (("117\t3\tb\n", 0), ("118\t6\tb\n", 1)):
        add_event(line)(small)
        assert run(small, capsys)[0] == 0
        (data,) = read_responses(results(small) / "1.nc").values()
        assert json.loads(data.attrs["noted"]).get(said, 0) == count


def test_both_files_of_an_image_are_inputs(small, capsys):
    """Of a header and its values apart, also of the mask, a change of either is a change."""

    def as_pair(file):
        image = nib.load(file)
        pair = file.with_name(file.name.partition(".")[0] + ".hdr")
        nib.save(nib.Nifti1Pair(np.asarray(image.dataobj), image.affine), pair)
        file.unlink()
        return [pair, pair.with_suffix(".img")]

    parts = [small.of(f"run-{run}_bold.nii.gz") for run in (1, 2)]
    parts = [half for file in (*parts, small.files / "V1.nii") for half in as_pair(file)]
    small.responses["bold"] = "sub-{subject}_*_bold.hdr"
    small.responses["regions"] = {"kind": "masks", "named": {"V1": ["V1.hdr"]}}
    assert run(small, capsys) == (0, "")
    said = json.loads(read_attributes(results(small) / "1.nc")["provenance"])["inputs"]
    assert {file.name for file in parts} <= {name.rpartition("/")[2] for name in said}
    layout = Layout(load_study(small.write()), small.root)
    for part in parts[1::2]:
        whole = part.read_bytes()
        part.write_bytes(whole[:-1] + b"\x00" if whole[-1] else whole[:-1] + b"\x01")
        with pytest.raises(IsomorphError, match=re.escape(f"{part}: has changed since small was")):
            responses.run(layout, "small", "1")
        part.write_bytes(whole)
