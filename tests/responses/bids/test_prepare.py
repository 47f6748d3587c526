"""From BIDS files to responses: what was planted comes out."""

import gzip
import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from isomorph.artefacts import read_responses, read_table, write_table
from isomorph.errors import IsomorphError
from isomorph.making import stamp
from isomorph.rdms import DISTANCES, fold_gram, geometry_of_features
from isomorph.stages import fetch, responses


def sessions(layout, name, subject):
    responses.run(layout, name, subject)
    return read_responses(layout.responses(name, subject))


def planted_at(data, planted):
    """Return the planted amplitudes in the place of those found: (presentation, unit)."""
    voxels = [tuple(map(int, unit.split(":")[1].split("-"))) for unit in data["unit"].values]
    return np.array([[planted[s][v] for v in voxels] for s in data["stimulus"].values])


def recovered(data, planted, region):
    """Return how the RDM of a region correlates with that of the planted amplitudes."""
    here = (data["region"] == region).values
    runs = data.sizes["presentation"] // len(planted)
    order = np.lexsort((data["stimulus"].values, data["repetition"].values))
    folds = data["response"].values[order][:, here].reshape(runs, len(planted), -1)
    crossed = fold_gram(folds, np.ones(folds.shape[:2], dtype=bool))
    truth = planted_at(data, planted)[order][: len(planted), here]
    rdms = (
        DISTANCES["crossvalidated_euclidean"].compute(
            geometry_of_features(folds.mean(axis=0), crossed)
        ),
        DISTANCES["squared_euclidean"].compute(geometry_of_features(truth)),
    )
    return np.corrcoef(rdms)[0, 1]


def test_categories_of_blocks_have_the_planted_geometry(replica):
    layout, _ = replica("ds000105")
    (data,) = sessions(layout, "ds000105", "1").values()
    import ds000105

    planted = ds000105.amplitudes(np.random.default_rng(105))
    assert data.sizes == {"presentation": 32, "unit": 288}
    assert np.unique(data["repetition"]).tolist() == [0, 1, 2, 3]
    assert data["run"].values.tolist() == np.repeat(["1", "2", "3", "4"], 8).tolist()
    assert data["response"].attrs["units"] == "standard deviations of the noise"
    for region in ("fusiform", "pericalcarine"):
        assert recovered(data, planted, region) > 0.9, region
    grid = json.loads(data.attrs["grid"])
    at = np.array([name.split(":")[1].split("-") for name in data["unit"].values.tolist()], float)
    millimetres = np.c_[at, np.ones(len(at))] @ np.array(grid["affine"]).T
    for axis, name in enumerate("xyz"):
        np.testing.assert_allclose(data[name], millimetres[:, axis])


def test_conditions_are_described_by_a_table_beside_the_dataset(replica):
    layout, _ = replica("ds000105")
    table = pd.read_csv(layout.stimuli("ds000105")).set_index("stimulus")
    assert table["kind"].to_dict()["face"] == "face"
    assert table["animate"].value_counts().to_dict() == {"no": 6, "yes": 2}


def test_noise_normalisation_and_confounds_may_be_left_out(replica):
    layout, _ = replica("ds000105", noise="none", confounds=None, noise_model="ar1")
    (data,) = sessions(layout, "ds000105", "1").values()
    import ds000105

    planted = ds000105.amplitudes(np.random.default_rng(105))
    truth = planted_at(data, planted)
    truth -= truth.reshape(4, 8, -1).mean(axis=1).repeat(8, axis=0)
    found = data["response"].values
    assert data["response"].attrs["units"] == "percent of the mean"
    assert np.corrcoef(truth.ravel(), found.ravel())[0, 1] > 0.65
    # percent of the mean: alike in size but for the shape of the response function
    assert 0.5 < np.linalg.lstsq(truth.reshape(-1, 1), found.ravel())[0][0] < 2


def test_images_that_follow_each_other_closely_are_told_apart(replica):
    layout, _ = replica("ds001246")
    (data,) = sessions(layout, "ds001246", "01").values()
    import ds001246
    import volumes

    rng = np.random.default_rng(1246)
    planted = {name: 0.6 * rng.standard_normal(volumes.SHAPE) for name in ds001246.image_names()}
    assert data.sizes == {"presentation": 150, "unit": 128}
    assert np.unique(data["run"]).tolist() == [
        "perceptionTest01-1", "perceptionTest01-2", "perceptionTest02-1",
    ]  # fmt: skip
    assert json.loads(data.attrs["noted"])["voxels in both HVC and LOC"] == 32
    assert (
        np.corrcoef(planted_at(data, planted).ravel(), data["response"].values.ravel())[0, 1] > 0.5
    )
    assert recovered(data, planted, "HVC") > 0.3


def test_sessions_may_stand_apart_and_trials_each_for_itself(replica):
    layout, _ = replica("ds001246", sessions="apart", per="trial", noise="univariate")
    found = sessions(layout, "ds001246", "01")
    assert {name: data.sizes["presentation"] for name, data in found.items()} == {
        "perceptionTest01": 110, "perceptionTest02": 55,
    }  # fmt: skip
    data = found["perceptionTest02"]
    assert np.bincount(data["repetition"].values).tolist() == [50, 5]
    assert data["onset"].values.tolist() == [33.0 + 9 * trial for trial in range(55)]


def test_images_in_one_run_only_keep_their_run(replica):
    layout, _ = replica("ds000117")
    (data,) = sessions(layout, "ds000117", "01").values()
    assert data.sizes["presentation"] == 24
    assert data["repetition"].values.tolist() == [0] * 12 + [1] * 12
    assert json.loads(data.attrs["dropped"])["events left out by where"] == 4


def silence(files, pattern, voxel):
    """Make one voxel of one run constant."""
    (file,) = files.glob(pattern)
    image = nib.load(file)
    values = np.asarray(image.dataobj).copy()
    values[voxel] = 0
    file.write_bytes(gzip.compress(nib.Nifti1Image(values, image.affine).to_bytes()))


def test_a_voxel_without_a_signal_in_one_run_is_left_out_of_all(replica):
    layout, _ = replica(
        "ds000105",
        lambda files: silence(files, "**/*run-3_space-T1w_desc-preproc_bold.nii.gz", (1, 0, 0)),
    )
    (data,) = sessions(layout, "ds000105", "1").values()
    assert data.sizes["unit"] == 287
    dropped = json.loads(data.attrs["dropped"])
    assert dropped["voxels of fusiform without a signal in some run"] == 1
    assert np.isfinite(data["response"].values).all()


def test_all_runs_together_normalise_with_one_covariance(replica):
    layout, _ = replica("ds000105", covariance="all_runs", shrinkage="identity")
    (data,) = sessions(layout, "ds000105", "1").values()
    import ds000105

    planted = ds000105.amplitudes(np.random.default_rng(105))
    assert recovered(data, planted, "lingual") > 0.9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda files: (
                files / "sub-1/func/sub-1_task-objectviewing_run-02_events.tsv"
            ).unlink(),
            "run-2.*no tables of events belong to it, expected one of sub 1",
        ),
        (
            lambda files: [
                file.write_text(file.read_text().replace("trial_type", "category"))
                for file in files.glob("sub-1/func/*run-01_events.tsv")
            ],
            'no column "trial_type"',
        ),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(replica, change, said):
    layout, files = replica("ds000105")
    change(files)
    name = "ds000105"
    fetch.run(layout, name)
    table = read_table(layout.stimuli(name), "stimuli")
    write_table(layout.stimuli(name), table, "stimuli", stamp(layout, "stimuli", name))
    with pytest.raises(IsomorphError, match=said):
        responses.run(layout, name, "1")
    assert not layout.responses(name, "1").exists()
