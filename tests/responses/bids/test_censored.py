"""Volumes that are not steady or move too much: no number comes from them, and all are counted."""

import json
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from nilearn.glm.first_level import FirstLevelModel
from nilearn.interfaces.fmriprep import load_confounds

from isomorph.artefacts import read_attributes, read_responses
from isomorph.cli.show import describe
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.report.methods import methods
from isomorph.responses.bids.design import Design, make_design
from isomorph.responses.bids.glm import ar1
from isomorph.stages import fetch, responses, stimuli
from isomorph.study import load_study
from isomorph.study.bids import BidsResponses

NAMES, SHAPE, SCANS, TR = ["car", "cat", "cup", "hat", "key"], (3, 3, 3), 70, 2.0
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
SPACE = "_space-MNI152NLin2009cAsym"
LEFT_OUT = "volumes flagged as not steady or censored"
UNSEEN = "amplitudes seen only in volumes left out"


class Derivatives:
    """Two runs as fMRIPrep leaves them, amplitudes planted, the first volumes of each brighter."""

    def __init__(self, root, flagged=(3, 2), gain=0.3):
        self.root, self.files = root, root / "files"
        rng = np.random.default_rng(2)
        self.planted = rng.standard_normal((len(NAMES), 27))
        folder = self.files / "sub-01" / "func"
        folder.mkdir(parents=True)
        mask = nib.Nifti1Image(np.ones(SHAPE, np.uint8), np.eye(4))
        for run, n_flagged in enumerate(flagged, 1):
            order = rng.permutation(np.repeat(NAMES, 3))
            events = pd.DataFrame(
                {"onset": 0.5 + 8.0 * np.arange(15), "duration": 1.0, "trial_type": order}
            )
            events.to_csv(self.of(run, "_events.tsv"), sep="\t", index=False)
            spec = settings(drift="none")
            which = np.array([NAMES.index(name) for name in order])
            design = make_design(events, which, TR * np.arange(SCANS), spec)
            values = 1000 + 10 * design.interest @ self.planted
            values = values + 0.5 * rng.standard_normal(values.shape)
            values[:n_flagged] *= 1 + gain
            self.save(run, values)
            table = {key: rng.standard_normal(SCANS) * 0.01 for key in MOTION}
            table |= {"framewise_displacement": np.full(SCANS, 0.1), "std_dvars": np.ones(SCANS)}
            for number in range(n_flagged):
                flag = (np.arange(SCANS) == number).astype(float)
                table[f"non_steady_state_outlier{number:02}"] = flag
            self.write(run, pd.DataFrame(table))
            self.of(run, "_desc-confounds_timeseries.json").write_text("{}")
            sidecar = self.of(run, f"{SPACE}_desc-preproc_bold.json")
            sidecar.write_text(json.dumps({"RepetitionTime": TR, "StartTime": 0.0}))
            mask.to_filename(self.of(run, f"{SPACE}_desc-brain_mask.nii.gz"))
        self.responses = {
            "kind": "bids",
            "bold": "sub-{subject}/func/*_desc-preproc_bold.nii.gz",
            "events": {"files": "sub-{subject}/func/*_events.tsv"},
            "confounds": {"strategy": ["motion"]},
            "drift": "none",
            "scale": "none",
            "regions": {
                "kind": "whole",
                "file": "sub-{subject}/func/*_desc-brain_mask.nii.gz",
                "region": "VT",
            },
        }

    def of(self, run, rest):
        return self.files / "sub-01" / "func" / f"sub-01_task-look_run-{run}{rest}"

    def bold(self, run):
        return self.of(run, f"{SPACE}_desc-preproc_bold.nii.gz")

    def values(self, run):
        return nib.load(self.bold(run)).get_fdata().reshape(27, SCANS).T

    def save(self, run, values):
        image = nib.Nifti1Image(values.T.reshape(*SHAPE, SCANS).astype(np.float32), np.eye(4))
        image.to_filename(self.bold(run))

    def table(self, run):
        return pd.read_csv(self.of(run, "_desc-confounds_timeseries.tsv"), sep="\t")

    def write(self, run, table):
        file = self.of(run, "_desc-confounds_timeseries.tsv")
        table.to_csv(file, sep="\t", index=False, na_rep="n/a")

    def run(self, **changes):
        """Estimate and return the one session; what changes is of the responses."""
        config = self.root / "config"
        dataset = {
            "name": "mine", "title": "S", "citation": "C", "licence": "L", "species": "Homo",
            "subjects": ["01"], "archive": {"kind": "local", "path": str(self.files)},
            "stimuli": {"kind": "conditions", "files": "sub-{subject}/func/*_events.tsv",
                        "column": "trial_type"},
            "responses": {**self.responses, **changes},
        }  # fmt: skip
        study = {"name": "s", "title": "S", "datasets": ["mine"], "models": ["pixels"],
                 "distances": ["correlation"]}  # fmt: skip
        model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
        for name, content in {
            "datasets/mine.yaml": dataset, "models/pixels.yaml": model, "study.yaml": study,
        }.items():  # fmt: skip
            (config / name).parent.mkdir(parents=True, exist_ok=True)
            (config / name).write_text(yaml.safe_dump(content))
        self.layout = Layout(load_study(config / "study.yaml"), self.root)
        fetch.run(self.layout, "mine")
        stimuli.run(self.layout, "mine")
        responses.run(self.layout, "mine", "01")
        (data,) = read_responses(self.layout.responses("mine", "01")).values()
        return data

    def nilearn(self, run, **strategy):
        """Return the amplitudes (stimulus, voxel) of nilearn's own model of a run."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table, mask = load_confounds(str(self.bold(run)), motion="basic", **strategy)
            model = FirstLevelModel(
                TR, hrf_model="glover", drift_model=None, noise_model="ols",
                mask_img=str(self.of(run, f"{SPACE}_desc-brain_mask.nii.gz")),
                signal_scaling=False, minimize_memory=False,
            )  # fmt: skip
            events = pd.read_csv(self.of(run, "_events.tsv"), sep="\t")
            model.fit(str(self.bold(run)), events, confounds=table, sample_masks=mask)
            return np.stack(
                [
                    model.compute_contrast(name, output_type="effect_size").get_fdata().ravel()
                    for name in NAMES
                ]
            )


def settings(**keys):
    return BidsResponses.model_validate(
        {
            "kind": "bids", "bold": "x", "events": {"files": "x"},
            "regions": {"kind": "whole", "file": "m", "region": "r"}, **keys,
        }
    )  # fmt: skip


def of_run(data, run):
    """Return the amplitudes of a run (stimulus, voxel), stimuli in order."""
    rows = data["run"].values == str(run)
    order = np.argsort(data["stimulus"].values[rows])
    return data["response"].values[rows][order]


def dropped(data):
    return {why: n for why, n in json.loads(data.attrs["dropped"]).items() if n}


@pytest.fixture
def derivatives(tmp_path):
    return Derivatives(tmp_path)


def test_volumes_that_are_not_steady_are_left_out_as_nilearn_leaves_them_out(derivatives):
    data = derivatives.run()
    expected = derivatives.nilearn(1, strategy=("motion",))
    np.testing.assert_allclose(of_run(data, 1), expected, rtol=1e-4, atol=1e-4)
    for run in (1, 2):
        correlation = np.corrcoef(of_run(data, run).ravel(), derivatives.planted.ravel())[0, 1]
        assert correlation > 0.99
    assert dropped(data) == {LEFT_OUT: 5}
    assert [
        (one["run"], one["volumes"], one["left_out"]) for one in json.loads(data.attrs["runs"])
    ] == [("1", 70, 3), ("2", 70, 2)]


def test_the_artefact_says_when_volumes_were_taken_and_names_what_was_read(derivatives):
    derivatives.of(2, f"{SPACE}_desc-preproc_bold.json").unlink()
    general = derivatives.files / "task-look_bold.json"
    general.write_text(json.dumps({"RepetitionTime": TR, "StartTime": 0.25}))
    data = derivatives.run()
    own = f"sub-01/func/sub-01_task-look_run-1{SPACE}_desc-preproc_bold"
    first, second = json.loads(data.attrs["runs"])
    assert first["file"] == own + ".nii.gz"
    assert (first["repetition_time_from"], first["start_time"]) == (own + ".json", 0.0)
    assert (second["repetition_time_from"], second["start_time"]) == ("task-look_bold.json", 0.25)
    read = json.loads(read_attributes(derivatives.layout.responses("mine", "01"))["provenance"])
    names = {file.rpartition("/")[2] for file in read["inputs"]}
    assert {
        "task-look_bold.json", "sub-01_task-look_run-2_desc-confounds_timeseries.tsv",
        "sub-01_task-look_run-2_desc-confounds_timeseries.json",
    } <= names  # fmt: skip


def test_the_page_and_show_tell_it_run_by_run(derivatives):
    derivatives.of(2, f"{SPACE}_desc-preproc_bold.json").rename(
        derivatives.files / "task-look_bold.json"
    )
    derivatives.run()
    told = dict(methods(derivatives.layout, "mine").facts)["Runs"]
    for source in ("its own JSON file", "task-look_bold.json"):
        assert f"1 run of 70 volumes, one every 2 s ({source}), each taken 0 s after" in told
    left_out = "volumes left out as not steady or censored; subject 01: 3 of run 1, 2 of run 2"
    assert told.endswith(left_out)
    shown = describe(derivatives.layout.responses("mine", "01"))
    assert "run 1: 70 volumes, one every 2 s (its own JSON file)" in shown
    assert "after its beginning; 2 left out" in shown


@pytest.mark.parametrize(
    "confounds",
    [
        None,
        {"files": "sub-{subject}/func/*_timeseries.tsv", "columns": ["trans_x"]},
        {"files": "sub-{subject}/func/*_timeseries.tsv", "columns": ["non_steady*", "rot_x"]},
    ],
)
def test_they_are_left_out_whatever_confounds_are_asked_for(derivatives, confounds):
    data = derivatives.run(confounds=confounds)
    assert dropped(data) == {LEFT_OUT: 5}
    assert np.corrcoef(of_run(data, 1).ravel(), derivatives.planted.ravel())[0, 1] > 0.99


def test_scrubbed_volumes_are_those_of_nilearn(derivatives):
    table = derivatives.table(1)
    table.loc[[30, 33], "framewise_displacement"] = 2.0  # 31 and 32 are too few to stay
    table.loc[0, "framewise_displacement"] = np.nan
    derivatives.write(1, table)
    values = derivatives.values(1)
    values[30:34] *= 1.5
    derivatives.save(1, values)
    data = derivatives.run(confounds={"strategy": ["motion", "scrub"]})
    expected = derivatives.nilearn(1, strategy=("motion", "scrub"))
    np.testing.assert_allclose(of_run(data, 1), expected, rtol=1e-4, atol=1e-4)
    assert [one["left_out"] for one in json.loads(data.attrs["runs"])] == [3 + 4, 2]
    lax = {"strategy": ["scrub"], "scrub": 0, "fd_threshold": 1.5}
    assert json.loads(derivatives.run(confounds=lax).attrs["runs"])[0]["left_out"] == 3 + 2


def test_columns_that_mark_one_volume_each_leave_it_out_however_many_a_run_has(derivatives):
    for run, moved in ((1, [20, 41]), (2, [])):
        table = derivatives.table(run)
        for number, scan in enumerate(moved):
            table[f"motion_outlier{number:02}"] = (np.arange(SCANS) == scan).astype(float)
        derivatives.write(run, table)
        values = derivatives.values(run)
        values[moved] = np.nan  # not even a number
        derivatives.save(run, values)
    columns = ["motion_outlier*", "trans_x"]
    data = derivatives.run(
        scale="percent", noise="multivariate",
        confounds={"files": "sub-{subject}/func/*_timeseries.tsv", "columns": columns},
    )  # fmt: skip
    assert [one["left_out"] for one in json.loads(data.attrs["runs"])] == [5, 2]
    assert json.loads(data.attrs["noted"])["patterns of confounds that match no column"] == 1
    # a run without those volumes has the same: their number, value and mean do not matter
    assert np.isfinite(data["response"].values).all()
    values[np.ix_([0, 1])] = 1e6
    derivatives.save(2, values)
    again = derivatives.run(
        scale="percent", noise="multivariate",
        confounds={"files": "sub-{subject}/func/*_timeseries.tsv", "columns": columns},
    )  # fmt: skip
    np.testing.assert_allclose(again["response"].values, data["response"].values, rtol=1e-5)


@pytest.mark.parametrize("estimate", ["lsa", "lss", "ridge"])
def test_a_trial_in_volumes_left_out_alone_is_left_out_and_counted(derivatives, estimate):
    table = derivatives.table(1)
    last = table.index >= 55  # the trials from 112.5 s on
    for number, scan in enumerate(table.index[last]):
        table[f"motion_outlier{number:02}"] = (table.index == scan).astype(float)
    derivatives.write(1, table)
    data = derivatives.run(
        per="trial", estimate=estimate,
        confounds={"files": "sub-{subject}/func/*_timeseries.tsv", "columns": ["motion_outlier*"]},
    )  # fmt: skip
    assert dropped(data) == {UNSEEN: 1, LEFT_OUT: 15 + 3 + 2}
    assert data["onset"].values[data["run"].values == "1"].max() == 0.5 + 8 * 13
    assert (data["run"].values == "2").sum() == 15


def test_a_run_that_is_flagged_whole_is_refused(derivatives):
    table = derivatives.table(2)
    table["non_steady_state_outlier00"] = (np.arange(SCANS) > 0).astype(float)
    derivatives.write(2, table)
    with pytest.raises(IsomorphError, match=r"run-2_desc-.*leaves 1 of the 70 volumes"):
        derivatives.run()


def test_flags_for_other_volumes_than_these_are_refused(derivatives):
    derivatives.write(2, derivatives.table(2).iloc[:-2])
    with pytest.raises(IsomorphError, match="68 rows of confounds, expected 70 volumes"):
        derivatives.run(confounds=None)


def test_a_table_that_would_be_read_one_column_off_is_refused(derivatives):
    file = derivatives.of(1, "_desc-confounds_timeseries.tsv")
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head, *(row + "\t" for row in rows)]) + "\n")
    with pytest.raises(IsomorphError, match="every row ends with a tab that the header does not"):
        derivatives.run()


def test_a_confound_that_is_no_number_is_refused_unless_its_volume_does_not_count(derivatives):
    table = derivatives.table(1)
    table.loc[2, "rot_z"] = np.nan
    derivatives.write(1, table)
    assert np.isfinite(derivatives.run()["response"].values).all()
    table.loc[9, "rot_z"] = np.nan
    derivatives.write(1, table)
    with pytest.raises(IsomorphError, match="a confound of volume 10 is not a number"):
        derivatives.run()


def test_residual_variance_is_that_of_new_noise_where_many_volumes_are_left_out():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((300, 400))
    for scan in range(1, 300):
        noise[scan] += 0.8 * noise[scan - 1]
    whole = Design(rng.standard_normal((300, 2)), np.ones((300, 1)))
    kept = np.arange(300) % 3 > 0  # every other volume follows a gap
    fit = ar1(whole.at(kept), noise[kept])
    assert np.square(fit.residuals).sum(axis=0).mean() / fit.freedom == pytest.approx(1, abs=0.1)


def test_autocorrelated_noise_does_not_reach_over_a_gap():
    """Against generalised least squares in which each stretch of volumes stands for itself."""
    rng = np.random.default_rng(0)
    kept = np.ones(90, dtype=bool)
    kept[[0, 1, 30, 31, 32, 70]] = False
    noise = rng.standard_normal((90, 6))
    for scan in range(1, 90):
        noise[scan] += 0.5 * noise[scan - 1]
    whole = Design(rng.standard_normal((90, 3)), np.ones((90, 1)))
    volumes = whole.interest @ rng.standard_normal((3, 6)) + noise
    design = whole.at(kept)
    fit = ar1(design, volumes[kept])
    stretches = np.split(
        np.flatnonzero(kept), np.flatnonzero(np.diff(np.flatnonzero(kept)) > 1) + 1
    )
    assert [len(one) for one in stretches] == [28, 37, 19]
    matrix, data = design.matrix, volumes[kept]
    left = data - matrix @ np.linalg.lstsq(matrix, data)[0]
    place = np.split(np.arange(84), np.cumsum([28, 37]))
    for voxel in range(6):
        products = np.concatenate([left[one[1:], voxel] * left[one[:-1], voxel] for one in place])
        assert len(products) == 81
        rho = np.trunc(100 * products.mean() / np.mean(left[:, voxel] ** 2)) / 100
        x, y = matrix.copy(), data[:, voxel].copy()
        scale = np.ones(84)
        scale[[28, 65]] = np.sqrt(1 - rho**2)  # of noise that nothing before predicts
        x, y = x * scale[:, None], y * scale
        for one in place:
            x[one[1:]] -= rho * matrix[one[:-1]]
            y[one[1:]] -= rho * data[one[:-1], voxel]
        expected = np.linalg.lstsq(x, y)[0]
        np.testing.assert_allclose(fit.amplitudes[:, voxel], expected[:3], rtol=1e-8)
        np.testing.assert_allclose(
            fit.residuals[:, voxel],
            scale * (data[:, voxel] - matrix @ expected) - np.concatenate(
                [np.r_[0.0, rho * (data[one[:-1], voxel] - matrix[one[:-1]] @ expected)]
                 for one in place]
            ),
            atol=1e-8,
        )  # fmt: skip
    assert fit.freedom == 84 - 4
