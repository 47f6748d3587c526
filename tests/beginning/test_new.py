"""A study begun from what stands in a folder: what is filled in, and that it runs as it stands."""

import shutil

import h5py
import nibabel
import numpy as np
import pandas as pd
import pytest
import recorded
import yaml
from scipy.io import savemat
from scipy.spatial.distance import squareform

from isomorph.artefacts import read_array
from isomorph.beginning import KINDS, begin
from isomorph.beginning.columns import said_of_one
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.stages import activations, compare, fetch, rdms, responses, stimuli
from isomorph.study import load_study

CHEAP = ("pixels",)
"""Models in place of a trained network, so that a test is quick."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(study):
    """Run every stage up to the comparisons in this process, and return their table."""
    written = yaml.safe_load(study.read_text())
    study.write_text(yaml.safe_dump({
        **written, "inference": {"resamples": 100, "permutations": 100},
        "models": [one for one in written["models"] if one.startswith(f"{written['name']}-")]
        + [one for one in CHEAP if one in written["models"]],
    }))  # fmt: skip
    layout = Layout(load_study(study))
    (dataset,) = layout.study.datasets
    fetch.run(layout, dataset)
    stimuli.run(layout, dataset)
    for subject in layout.study.dataset(dataset).subjects:
        responses.run(layout, dataset, subject)
    rdms.run_brain(layout, dataset)
    for instance, _, _ in layout.study.instances_for(dataset):
        activations.run(layout, dataset, instance)
        rdms.run_model(layout, dataset, instance)
    compare.run(layout, dataset)
    return pd.read_csv(layout.comparisons(dataset))


def best(table):
    """Return the layer that each region is most like, by region."""
    rows = table.loc[table.groupby("region")["estimate"].idxmax()]
    return {row.region: f"{row.model} {row.layer}" for row in rows.itertuples()}


def dataset_of(name, folder="config"):
    with open(f"{folder}/datasets/{name}.yaml") as file:
        return yaml.safe_load(file)


def test_nwb_recordings_are_filled_in_and_run(tmp_path, capsys):
    recorded.nwb(tmp_path / "recording")
    begun = begin("first", tmp_path / "recording")
    assert begun.kind == "nwb"
    assert not begun.draft.decide
    written = dataset_of("first")
    assert written["subjects"] == ["m1", "m2"]
    assert written["responses"]["files"] == "sub-{subject}.nwb"
    assert written["responses"]["presentations"] == {
        "table": "trials", "onset": "stim_on", "stimulus": "picture",
    }  # fmt: skip
    assert written["responses"]["window"] == [0.05, 0.55]
    assert written["responses"]["region"] == "location"
    assert written["stimuli"] == {"kind": "folder", "files": "pictures/*.png"}
    text = begun.files[1].read_text()
    assert "# 64 presentations of 8 stimuli, 8 of each, one every 1 s" in text
    assert "# units: IT 10, V4 10" in text
    assert "# choose: which units count by quality (good " in text
    assert "# quality:" in text
    assert main(["check", "first"]) == 0
    assert capsys.readouterr().out.startswith("fine: 1 dataset, 3 models")
    table = run(begun.study)
    assert best(table)["V4"] == "pixels pixels"
    assert (table["n_subjects"] == 2).all()


def test_arrays_with_tables_and_images_run(tmp_path):
    recorded.arrays(tmp_path / "recording")
    begun = begin("first", tmp_path / "recording")
    assert begun.kind == "arrays"
    written = dataset_of("first")
    assert written["subjects"] == ["anna", "ben"]
    assert written["responses"] == {
        "kind": "arrays", "responses": "{subject}.npy",
        "presentations": "{subject}_presentations.csv", "units": "{subject}_units.csv",
    }  # fmt: skip
    assert written["stimuli"]["table"] == "stimuli.csv"
    found = best(run(begun.study))
    assert found == {"IT": "first-groups kind", "V1": "pixels pixels"}


def test_one_file_that_names_its_own_axes_runs(tmp_path):
    recorded.arrays(tmp_path / "parts")
    whole = tmp_path / "recording"
    recorded.images(whole / "images")
    np.savez(whole / "anna.npz", rates=np.load(tmp_path / "parts" / "anna.npy").T,
             stimuli=recorded.NAMES * 3, region=["V1"] * 6 + ["IT"] * 6)  # fmt: skip
    begun = begin("first", whole / "anna.npz", to=tmp_path / "config")
    found = dataset_of("first")["responses"]
    assert found == {
        "kind": "arrays", "responses": "anna.npz", "variable": "rates",
        "axes": ["unit", "presentation"], "order": {"variable": "stimuli"},
        "regions": [{"file": "anna.npz", "variable": "region"}],
    }  # fmt: skip
    assert best(run(begun.study))["V1"] == "pixels pixels"


def test_axes_that_are_equally_long_are_left_to_choose(tmp_path):
    """Nothing tells x from z in a cube, nor units from presentations in a square."""
    recorded.images(tmp_path / "cube" / "images")
    recorded.table(tmp_path / "cube" / "trials.csv", image=recorded.NAMES * 3)
    np.save(tmp_path / "cube" / "ann.npy", np.random.default_rng(0).normal(size=(24, 3, 3, 3)))
    mask = np.zeros((3, 3, 3), dtype=np.uint8)
    mask[0] = 1
    nibabel.Nifti1Image(mask, np.eye(4)).to_filename(tmp_path / "cube" / "V1.nii.gz")
    begin("cube", tmp_path / "cube")
    recorded.arrays(tmp_path / "square")
    for person in ("anna", "ben"):
        file = tmp_path / "square" / f"{person}.npy"
        np.save(file, np.tile(np.load(file), 2))
        recorded.table(file.with_name(f"{person}_units.csv"), region=["V1", "IT"] * 12)
    begin("square", tmp_path / "square")
    for name, axes, other in (
        ("cube", "presentation, z, y, x", "presentation, x, y, z"),
        ("square", "presentation, unit", "unit, presentation"),
    ):
        written = (tmp_path / "config" / "datasets" / f"{name}.yaml").read_text()
        assert f"  axes: [{axes}]" in written
        assert f"  # choose: which axis is which; [{other}]" in written


def test_units_may_come_before_presentations_and_time(tmp_path):
    folder = tmp_path / "recording"
    recorded.arrays(folder)
    for person in ("anna", "ben"):
        rates = np.load(folder / f"{person}.npy").T[:, :, None]
        np.save(folder / f"{person}.npy", np.concatenate([rates, 0 * rates], axis=2))
    recorded.table(folder / "times.csv", time_start=["0", "0.1"], time_stop=["0.1", "0.2"])
    begin("first", folder)
    assert dataset_of("first")["responses"]["axes"] == ["unit", "presentation", "time"]
    assert main(["check", "first"]) == 0


def test_volumes_in_hdf5_with_masks_and_a_table_of_trials_run(tmp_path):
    folder = tmp_path / "recording"
    recorded.volumes(folder)
    begun = begin("first", folder)
    assert begun.kind == "arrays"
    found = dataset_of("first")["responses"]
    assert found["axes"] == ["presentation", "z", "y", "x"]
    assert found["variable"] == "betas"
    assert found["order"] == {"file": "trials.csv", "column": "image", "name": "{stem}"}
    assert found["regions"] == [{"file": "V1.nii.gz", "name": "V1"}]
    assert run(begun.study)["estimate"].max() > 0.8


def test_a_design_in_another_file_of_arrays_and_masks_by_subject_are_found(tmp_path):
    recorded.volumes(tmp_path / "parts")
    folder = tmp_path / "recording"
    recorded.images(folder / "images")
    shown = pd.read_csv(tmp_path / "parts" / "trials.csv")["image"].str[-6:-4].astype(int) + 1
    savemat(folder / "design.mat", {"ordering": shown.to_numpy()[None]})
    for subject in ("s1", "s2"):
        shutil.copy(tmp_path / "parts" / "ann.hdf5", folder / f"{subject}_betas.hdf5")
        shutil.copy(tmp_path / "parts" / "V1.nii.gz", folder / f"{subject}_V1.nii.gz")
    begin("first", folder)
    written = dataset_of("first")
    assert written["subjects"] == ["s1", "s2"]
    found = written["responses"]
    assert found["responses"] == "{subject}_betas.hdf5"
    assert found["order"] == {"file": "design.mat", "variable": "ordering", "counted_from": 1}
    assert found["regions"] == [{"file": "{subject}_V1.nii.gz", "name": "V1"}]
    assert main(["check", "first"]) == 0


def test_structs_of_a_new_matlab_file_name_its_axes(tmp_path):
    folder = tmp_path / "recording"
    recorded.images(folder / "images")
    recorded.matlab(folder / "Fred_rates.mat")
    begun = begin("first", folder)
    found = dataset_of("first")["responses"]
    assert found == {
        "kind": "arrays", "responses": "Fred_rates.mat", "variable": "rates",
        "axes": ["unit", "presentation"], "order": {"variable": "stim.name"},
        "runs": {"variable": "stim.run"},
        "regions": [{"file": "Fred_rates.mat", "variable": "unit.area"}],
    }  # fmt: skip
    assert best(run(begun.study))["V1"] == "pixels pixels"


def test_structs_of_an_older_matlab_file_do_too(tmp_path):
    folder = tmp_path / "recording"
    recorded.images(folder / "images")
    cells = np.array(recorded.NAMES * 2, dtype=object)
    savemat(folder / "rates.mat", {
        "rates": np.ones((16, 3)), "stim": {"name": cells, "n": 16},
        "unit": {"area": np.array(["V1"] * 3, dtype=object)},
    })  # fmt: skip
    begin("first", folder)
    found = dataset_of("first")["responses"]
    assert found["order"] == {"variable": "stim.name"}
    assert found["regions"] == [{"file": "rates.mat", "variable": "unit.area"}]


def test_masks_are_told_from_other_volumes_and_those_of_other_people(tmp_path):
    folder = tmp_path / "recording"
    recorded.volumes(folder)
    draw = np.random.default_rng(0)
    trials = pd.read_csv(folder / "trials.csv")
    trials["run"] = np.repeat([1, 2, 3], 8)
    volumes = {
        "mask-V2": np.ones((4, 3, 2), dtype=np.uint8),
        "space-T1w_atlas": np.arange(24).reshape(4, 3, 2).astype(np.int16) % 3,
        "mean": draw.normal(size=(4, 3, 2)).astype(np.float32),
        "T1w": draw.integers(0, 900, (4, 3, 2)).astype(np.int16),
    }
    for subject in ("1", "2", "10"):
        shutil.copy(folder / "ann.hdf5", folder / f"sub-{subject}_betas.hdf5")
        trials.to_csv(folder / f"sub-{subject}_trials.csv", index=False)
        for name, values in volumes.items():
            image = nibabel.Nifti1Image(values, np.eye(4))
            image.to_filename(folder / f"sub-{subject}_{name}.nii.gz")
    for name in ("ann.hdf5", "trials.csv", "V1.nii.gz"):
        (folder / name).unlink()
    begin("first", folder)
    found = dataset_of("first")["responses"]
    atlas = "sub-{subject}_space-T1w_atlas.nii.gz"
    assert found["regions"] == [
        {"file": "sub-{subject}_mask-V2.nii.gz", "name": "V2"},
        {"file": atlas, "name": "atlas-1", "values": [1]},
        {"file": atlas, "name": "atlas-2", "values": [2]},
    ]
    assert found["runs"] == {"file": "sub-{subject}_trials.csv", "column": "run"}
    assert main(["check", "first"]) == 0


def test_ready_rdms_run(tmp_path):
    recorded.rdms(tmp_path / "judged", inside=True)
    begun = begin("first", tmp_path / "judged")
    assert begun.kind == "rdms"
    sources = dataset_of("first")["responses"]["sources"]
    assert [one["region"] for one in sources] == ["EVC", "IT"]
    assert {one["distance"] for one in sources} == {"euclidean"}
    assert sources[0]["subjects"] == ["p1", "p2", "p3"]
    table = run(begun.study)
    assert set(table["region"]) == {"EVC", "IT"}
    assert (table["estimate"] > 0.5).all()


def test_a_table_that_lists_the_stimuli_is_the_order_of_ready_rdms(tmp_path):
    folder = tmp_path / "judged"
    recorded.rdms(folder)
    order = [3, 1, 0, 2, 7, 5, 6, 4]
    for file in sorted(folder.glob("*.npz")):
        np.save(folder / "rdms.npy", np.load(file)["rdms"][:, order][:, :, order])
        file.unlink()
    recorded.table(folder / "order.csv", stimulus=[recorded.NAMES[one] for one in order])
    begun = begin("first", folder)
    (source,) = dataset_of("first")["responses"]["sources"]
    assert source["region"] == "judged"
    assert source["order"] == {"file": "order.csv", "column": "stimulus"}
    assert not begun.draft.decide
    assert main(["check", "first"]) == 0


def test_an_rdm_in_a_table_names_its_stimuli(tmp_path):
    recorded.images(tmp_path / "judged" / "pictures")
    order = [3, 1, 0, 2, 7, 5, 6, 4]
    names = [recorded.NAMES[one] for one in order]
    apart = np.abs(recorded.BRIGHT[order][:, None] - recorded.BRIGHT[order])
    file = tmp_path / "judged" / "people.csv"
    pd.DataFrame(apart, index=names, columns=names).to_csv(file)
    begun = begin("first", file, to=tmp_path / "config")
    assert begun.kind == "rdms"
    assert not begun.draft.decide
    study = load_study(begun.study)
    layout = Layout(study)
    fetch.run(layout, "first")
    stimuli.run(layout, "first")
    responses.run(layout, "first", "pooled")
    data = read_array(layout.responses("first", "pooled"), "rdms")
    np.testing.assert_allclose(squareform(data["euclidean"].values[0])[0], recorded.BRIGHT)
    file.write_text("a,b\n0,x\nx,0\n")
    with pytest.raises(IsomorphError, match=r"people.csv: holds a cell that is no number"):
        begin("second", file, to=tmp_path / "config")


def test_rdms_whose_order_nothing_says_are_left_to_decide(tmp_path, capsys):
    names = ["ape", "bee", "cat", "dog", "elk", "fox", "gnu", "hen"]
    recorded.rdms(tmp_path / "judged", names=names)
    begun = begin("first", tmp_path / "judged")
    assert "names no stimuli" in begun.draft.decide[0]
    assert main(["check", "first"]) == 1
    assert "nothing says in which order" in capsys.readouterr().err
    file = begun.files[1]
    file.write_text(file.read_text().replace("# order:", "order: table"))
    assert main(["check", "first"]) == 0


def test_a_bids_folder_is_filled_in_and_runs(tmp_path):
    recorded.bids(tmp_path / "bids")
    begun = begin("first", tmp_path / "bids")
    assert begun.kind == "bids"
    written = dataset_of("first")
    assert written["subjects"] == ["01", "02"]
    assert written["stimuli"]["column"] == "trial_type"
    assert written["stimuli"]["fields"] == ["kind"]
    assert written["responses"]["regions"]["files"] == "masks/sub-{subject}_ventral.nii.gz"
    assert "repetition_time" not in written["responses"]
    table = run(begun.study)
    assert set(table["region"]) == {"ventral"}
    assert table["estimate"].iloc[0] > 0.5


def test_betas_of_volumes_run(tmp_path):
    recorded.betas(tmp_path / "betas")
    begun = begin("first", tmp_path / "betas")
    assert begun.kind == "betas"
    written = dataset_of("first")
    assert written["subjects"] == ["01", "02"]
    assert written["responses"]["regions"] == [
        {"file": "sub-{subject}/sub-{subject}_V1.nii.gz", "name": "V1"}
    ]
    table = run(begun.study)
    assert table["estimate"].iloc[0] > 0.8
    assert (table["n_subjects"] == 2).all()


def test_features_beside_a_recording_are_a_model_of_it(tmp_path):
    recorded.rdms(tmp_path / "judged")
    np.savez(tmp_path / "judged" / "features.npz", bright=recorded.BRIGHT[:, None] * [1, 2],
             animal=np.outer(recorded.ANIMAL, [1, 0, 1]))  # fmt: skip
    for source in ("judged", "judged/features.npz"):
        name = "all" if source == "judged" else "one"
        begun = begin(name, tmp_path / source, to=tmp_path / "config")
        assert f"{name}-features" in load_study(begun.study).models
    table = run(begun.study)
    scores = table[table["model"] == "one-features"].groupby("layer")["estimate"].mean()
    assert scores["bright"] > 0.5 > scores["animal"]


def test_features_that_name_their_images_in_a_variable_of_any_name(tmp_path):
    recorded.arrays(tmp_path / "recording")
    values, order = np.random.default_rng(0).normal(size=(8, 5)), [3, 1, 0, 2, 7, 6, 5, 4]
    files = [f"{recorded.NAMES[place]}.png" for place in order]
    np.savez(tmp_path / "recording" / "activations.npz", conv=values, image_files=files)
    begin("first", tmp_path / "recording")
    with open("config/models/first-features.yaml") as file:
        assert yaml.safe_load(file)["options"] == {"names": "image_files"}
    np.savez(tmp_path / "recording" / "activations.npz", conv=values)
    begin("second", tmp_path / "recording")
    with open("config/models/second-features.yaml") as file:
        written = file.read()
    assert yaml.safe_load(written)["options"] == {"order": "numbers"}
    assert "choose: which row is of which stimulus" in written


def test_features_alone_are_of_built_in_images_or_refused(tmp_path):
    np.save(tmp_path / "many.npy", np.random.default_rng(0).normal(size=(92, 5)))
    np.save(tmp_path / "few.npy", np.random.default_rng(0).normal(size=(90, 5)))
    begun = begin("first", tmp_path / "many.npy")
    assert list(load_study(begun.study).datasets) == ["kriegeskorte92"]
    with pytest.raises(IsomorphError, match="features of 90 stimuli, and neither is a recording"):
        begin("second", tmp_path / "few.npy")


def test_what_only_the_user_knows_of_a_bids_folder_is_said(tmp_path, capsys):
    recorded.bids(tmp_path / "bids", described=False, repetition_time=False)
    begun = begin("first", tmp_path / "bids")
    assert dataset_of("first")["responses"]["repetition_time"] == 2
    assert main(["check", "first"]) == 1
    assert 'the stimulus table of first has no "group"' in capsys.readouterr().err
    table = tmp_path / "config/datasets/first.stimuli.csv"
    assert table in begun.files or table.relative_to(tmp_path) in begun.files
    rows = table.read_text().split()
    assert rows == ["stimulus", *recorded.NAMES]
    kinds = ["group", *(["a", "b"] * 4)]
    table.write_text("".join(f"{a},{b}\n" for a, b in zip(rows, kinds, strict=True)))
    assert main(["check", "first"]) == 0


def test_seconds_between_volumes_that_nothing_says_are_left_to_state(tmp_path, capsys):
    recorded.bids(tmp_path / "bids", repetition_time=False)
    for file in (tmp_path / "bids").rglob("*_bold.nii.gz"):
        image = nibabel.load(file)
        image.header.set_zooms((1, 1, 1, 0))  # as many converters leave it
        nibabel.Nifti1Image(image.get_fdata(), image.affine, image.header).to_filename(file)
    begin("first", tmp_path / "bids")
    assert "repetition_time" not in dataset_of("first")["responses"]
    assert main(["check", "first"]) == 1
    assert "RepetitionTime" in capsys.readouterr().err


def test_a_study_of_built_in_data_is_ready(tmp_path, capsys):
    begun = begin("first")
    assert begun.study.as_posix() == "config/first.yaml"
    study = load_study(begun.study)
    assert list(study.datasets) == ["kriegeskorte92"]
    assert study.spec.title == "First"
    assert main(["check", "first"]) == 0
    assert "fine: 1 dataset" in capsys.readouterr().out


def test_the_command_says_what_it_found_and_what_comes_next(tmp_path, capsys):
    recorded.rdms(tmp_path / "judged")
    assert main(["new", "first", "--from", "judged", "--to", "my settings"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "found: EVC, IT: RDMs of 8 stimuli"
    assert said[-1] == "next: isomorph check 'my settings/first.yaml'"
    assert "wrote: my settings/datasets/first.yaml" in said


def test_eeg_laid_out_as_bids_runs(tmp_path):
    recorded.eeg(tmp_path / "eeg")
    begun = begin("first", tmp_path / "eeg")
    assert begun.kind == "epochs"
    found = dataset_of("first")["responses"]
    assert found["files"] == "sub-{subject}/eeg/sub-{subject}_task-look_eeg.fif"
    assert found["presentations"] == {"stimulus": "picture"}
    table = run(begun.study).set_index("time_start")
    assert table.loc[0.05, "estimate"] > 0.8


@pytest.mark.parametrize("kind", ["nwb", "epochs", "betas"])
def test_what_two_people_saw_once_each_is_no_repetition(tmp_path, kind):
    folder = tmp_path / "recording"
    if kind == "nwb":
        recorded.nwb(folder, times=1)
    elif kind == "betas":
        recorded.betas(folder)
        for file in folder.glob("*/*_run-2_*"):
            file.unlink()
    else:
        recorded.eeg(folder)
        for file in folder.rglob("*_events.tsv"):
            events = pd.read_csv(file, sep="\t")
            named = events.columns[-1]
            events.drop_duplicates(named).to_csv(file, sep="\t", index=False)
    begun = begin("first", folder)
    assert yaml.safe_load(begun.study.read_text())["distances"] == ["correlation"]


def test_one_file_is_begun_from_with_what_is_beside_it(tmp_path):
    recorded.nwb(tmp_path / "recording")
    begin("first", tmp_path / "recording" / "sub-m1.nwb")
    written = dataset_of("first", "recording/config")
    assert written["subjects"] == ["m1"]
    assert written["archive"]["path"] == "../.."
    assert written["archive"]["files"] == ["sub-m1.nwb", "pictures/*.png"]


# ---------------------------------------------------------------- refused


def test_nothing_is_overwritten(tmp_path):
    recorded.rdms(tmp_path / "judged")
    (tmp_path / "config" / "datasets").mkdir(parents=True)
    taken = tmp_path / "config" / "datasets" / "first.yaml"
    taken.write_text("mine")
    with pytest.raises(IsomorphError, match=r"first.yaml: is there already .* another name"):
        begin("first", tmp_path / "judged")
    assert taken.read_text() == "mine"
    assert [file.name for file in (tmp_path / "config").rglob("*.yaml")] == ["first.yaml"]


def test_a_folder_of_nothing_known_is_refused_with_what_would_be(tmp_path):
    recorded.images(tmp_path / "holiday")
    with pytest.raises(IsomorphError, match="holds nothing known among 8 files") as refused:
        begin("first", tmp_path / "holiday")
    for kind in KINDS:
        assert f"{kind}: " in str(refused.value)
    with pytest.raises(IsomorphError, match="no such file or folder"):
        begin("first", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("images", r"ann\.hdf5 holds betas \(24 × 2 × 3 × 4\), but no images are here"),
        ("trials.csv", r"but nothing names an image for each place .* such as picture00, "),
        ("V1.nii.gz", r"trials\.csv says what was shown, but no mask of 4 × 3 × 2 voxels"),
        ("units", r"Fred\.mat holds rates \(6 × 24\), stim\.name says .* its 6 units are: a table"),
    ],
)
def test_what_is_missing_beside_arrays_is_said(tmp_path, left_out, said):
    folder = tmp_path / "recording"
    if left_out == "units":
        recorded.images(folder / "images")
        recorded.matlab(folder / "Fred.mat")
        with h5py.File(folder / "Fred.mat", "a") as opened:
            del opened["unit"]
    else:
        recorded.volumes(folder)
        gone = folder / left_out
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(IsomorphError, match=said):
        begin("first", folder)


def test_two_layouts_at_once_are_both_named(tmp_path):
    recorded.nwb(tmp_path / "both", subjects=("m1",))
    recorded.rdms(tmp_path / "both")
    with pytest.raises(IsomorphError, match=r"1 NWB recording and 2 files of RDMs; .*--as nwb or"):
        begin("first", tmp_path / "both")
    assert begin("first", tmp_path / "both", kind="rdms").kind == "rdms"
    with pytest.raises(IsomorphError, match="--as bids: holds no such thing, but 1 NWB"):
        begin("second", tmp_path / "both", kind="bids")
    with pytest.raises(IsomorphError, match='unknown kind, did you mean "rdms"'):
        begin("second", tmp_path / "both", kind="rdm")


def test_a_name_that_can_be_no_file_is_refused():
    for name in ("a/b", "", "-x", "ä"):
        with pytest.raises(IsomorphError, match="a name is made of letters"):
            begin(name)


def test_rdms_without_their_images_are_refused(tmp_path):
    recorded.rdms(tmp_path / "judged")
    np.save(tmp_path / "alone.npy", np.load(tmp_path / "judged/fmri_IT_RDMs.npz")["rdms"])
    for one in (tmp_path / "judged").rglob("*.png"):
        one.unlink()
    with pytest.raises(IsomorphError, match="no folder beside it has 8 images"):
        begin("first", tmp_path / "alone.npy")


def test_a_recording_that_does_not_say_what_was_shown_is_refused(tmp_path):
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile

    file = NWBFile("nothing", "1", datetime(2024, 1, 1, tzinfo=UTC))
    file.add_unit(spike_times=np.arange(5.0))
    with NWBHDF5IO(tmp_path / "sub-1.nwb", "w") as io:
        io.write(file)
    with pytest.raises(IsomorphError, match=r"says what was shown \(tables: none\)"):
        begin("first", tmp_path / "sub-1.nwb")


def test_plays_of_one_film_are_told_from_a_column_that_is_missing(tmp_path):
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile

    file = NWBFile("a film", "1", datetime(2024, 1, 1, tzinfo=UTC))
    file.add_trial_column("movie", "what was played")
    for start in (5.0, 40.0):
        file.add_trial(start_time=start, stop_time=start + 30, movie="clip.mp4")
    file.add_unit(spike_times=np.arange(5.0))
    with NWBHDF5IO(tmp_path / "sub-1.nwb", "w") as io:
        io.write(file)
    said = r'column "movie" names nothing but clip\.mp4; if that is a film.*kind: film'
    with pytest.raises(IsomorphError, match=said):
        begin("first", tmp_path / "sub-1.nwb")
    recorded.bids(tmp_path / "bids")
    for events in (tmp_path / "bids").rglob("*_events.tsv"):
        table = pd.read_csv(events, sep="\t")[["onset", "duration"]].assign(trial_type="park.npy")
        table.to_csv(events, sep="\t", index=False)
    with pytest.raises(IsomorphError, match=r'column "trial_type" names nothing but park\.npy'):
        begin("second", tmp_path / "bids")


@pytest.mark.parametrize("values", [["0.5", "0.5"], ["1", "1"], ["n/a", ""], ["a.mp4", "b.mp4"]])
def test_numbers_and_several_values_are_no_film(values):
    assert said_of_one({"movie": values}) == ""


FOLLOWED = "processing/behavior/{}/led"


@pytest.mark.parametrize(
    ("series", "unit", "size", "wanted", "model"),
    [
        ("CompassDirection", "degrees", (),
         {"name": "heading", "series": FOLLOWED.format("CompassDirection"), "period": 360}, "ring"),
        ("Position", "meters", (2,),
         {"variables": {axis: {"series": FOLLOWED.format("Position"), "component": n, "bins": 8}
                        for n, axis in enumerate("xy")}}, "grid"),
    ],
)  # fmt: skip
def test_a_recording_that_follows_a_variable(tmp_path, series, unit, size, wanted, model):
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile, behavior

    file = NWBFile("walk", "1", datetime(2024, 1, 1, tzinfo=UTC))
    file.add_unit(spike_times=np.arange(5.0))
    followed = behavior.SpatialSeries(
        name="led", data=np.zeros((9, *size)), unit=unit, rate=1.0, reference_frame="0"
    )
    module = file.create_processing_module("behavior", "where it is")
    module.add(getattr(behavior, series)(spatial_series=followed))
    with NWBHDF5IO(tmp_path / "sub-1.nwb", "w") as io:
        io.write(file)
    begin("first", tmp_path / "sub-1.nwb")
    stimuli = dataset_of("first")["stimuli"]
    assert wanted.items() <= stimuli.items()
    assert dataset_of("first")["responses"]["kind"] == "rates"
    assert yaml.safe_load((tmp_path / "config/first.yaml").read_text())["models"] == [
        f"geometry/{model}"
    ]
