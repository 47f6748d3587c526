"""What does not fit the study is reported in a sentence, and what does is left alone."""

import shlex
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from threadpoolctl import threadpool_limits

from damaged import run as run_job
from isomorph.artefacts import (
    provenance,
    read_array,
    read_provenance,
    read_table,
    sha256,
    write_table,
)
from isomorph.catalogue import CATALOGUE, stage_command
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import (
    DECLARED,
    Fitting,
    command_of,
    inputs_of,
    outputs_of,
    require,
    stamp,
    words_of,
)
from isomorph.stages import compare, rdms, responses
from isomorph.study import load_study


def edit(layout, file, **changes):
    path = layout.root / "config" / file
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))
    return reopened(layout)


def reopened(layout):
    return Layout(load_study(layout.study.path), layout.root)


def refused(layout, stage, *names):
    with pytest.raises(IsomorphError) as caught:
        require(layout, stage, *names)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_that_was_computed_fits(computed):
    fitting = Fitting(computed)
    assert {fitting.first(job) for job in jobs(computed.study)} == {""}


def test_what_a_file_carries_is_what_is_declared(computed):
    stamp = read_provenance(computed.comparisons("small"))
    assert stamp.stage == "compare"
    assert stamp.made_for == {"dataset": "small"}
    root = computed.root
    files = inputs_of(computed, Job("compare", ("small",)))
    assert {root / key for key in stamp.inputs} == set(files)
    assert stamp.settings["measures"] == ["pearson"]
    assert "model_rdms small pixels" in stamp.upstream
    assert stamp.contents["comparisons.csv"] == sha256(computed.comparisons("small"))


def test_every_stage_is_declared_and_has_its_command():
    from isomorph.cli.stages import STAGES

    assert {stage_command(stage).split()[0] for stage in DECLARED} == set(STAGES)
    assert set(DECLARED) == {one.stage for one in CATALOGUE.values() if one.stage}


def test_what_a_job_asks_of_the_command_line(computed):
    where = ["--study", str(computed.study.path), "--root", str(computed.root)]
    for job, command, whom in (
        (Job("brain_rdms", ("small",)), ["rdms", "--brain"], ["--dataset", "small"]),
        (Job("model_rdms", ("small", "px")), ["rdms"], ["--dataset", "small", "--model", "px"]),
        (Job("responses", ("small", "1")), ["responses"], ["--dataset", "small", "--subject", "1"]),
        (Job("report"), ["report"], []),
    ):
        assert words_of(job) == [*command, *whom]
        assert command_of(computed, job) == shlex.join(["isomorph", *command, *where, *whom])


# ---------------------------------------------------------------- settings


def test_an_edited_setting_is_named_with_both_values_and_the_command(layout):
    edited = edit(layout, "datasets/small.yaml", transform="z_score")
    said = refused(edited, "compare", "small")
    assert said.startswith(f"{layout.brain_rdms('small')}: was made with transform ")
    assert '"none", the study now says "z_score"; make it again: isomorph rdms --brain' in said
    assert said.endswith("--dataset small")


def test_the_root_of_the_trouble_is_told_first_however_deep_it_lies(layout):
    edited = edit(layout, "datasets/small.yaml", expected={"presentations": {"one": 36}})
    for stage in ("reliability", "brain_rdms", "compare", "recover"):
        job = Fitting(edited).parents(Job(stage, ("small",)))
        said = next(text for one in job if (text := Fitting(edited).first(one)))
        assert "responses/one.nc: was made with expected.presentations" in said


def test_what_only_describes_or_concerns_others_changes_nothing(layout):
    edited = edit(layout, "datasets/small.yaml", citation="Somebody else.")
    edited = edit(edited, "datasets/broken.yaml", transform="z_score")
    require(edited, "compare", "small")
    assert "transform" in refused(edited, "compare", "broken")


def test_other_code_is_told(layout, monkeypatch):
    monkeypatch.setattr("isomorph.making.declared.code_digest", lambda *_: "other")
    said = refused(layout, "compare", "small")
    assert "was made by another version of isomorph's code; make it again: isomorph" in said


def test_settings_of_a_file_that_has_gone_are_still_compared(layout):
    for file in layout.activations("small", "pixels").parent.iterdir():
        file.unlink()
    require(layout, "compare", "small")  # to save room is allowed
    path = layout.root / "config/models/pixels.yaml"
    model = yaml.safe_load(path.read_text())
    model["preprocessing"]["size"] = 32
    path.write_text(yaml.safe_dump(model))
    said = refused(reopened(layout), "compare", "small")
    assert "rdms/pixels.nc: goes back to activations small pixels, which is gone" in said


# ---------------------------------------------------------------- identity and inputs


def test_a_file_of_another_subject_or_model_is_told_by_its_own_attributes(layout):
    shutil.copy(layout.responses("small", "one"), layout.responses("small", "two"))
    said = refused(layout, "brain_rdms", "small")
    assert "is responses of dataset small, subject one, not responses of dataset small, sub" in said
    other = layout.activations("small", "baseline-luminance")
    shutil.copy(other, layout.activations("small", "pixels"))
    assert "model baseline-luminance, not activations of dataset small, model pixels" in refused(
        layout, "model_rdms", "small", "pixels"
    )


def test_a_table_of_another_name_is_told(layout):
    for ending in (".csv", ".json"):
        shutil.copy(
            layout.regions("small").with_suffix(ending),
            layout.comparisons("small").with_suffix(ending),
        )
    assert "is what was written as regions.csv" in Fitting(layout).own(Job("compare", ("small",)))


def test_an_input_made_anew_is_told_by_what_it_holds(layout):
    brain = layout.brain_rdms("small")
    before = brain.read_bytes()
    rdms.run_brain(layout, "small")
    assert brain.read_bytes() == before  # the same study twice gives the same bytes
    own = layout.root / "files" / "small"
    for subject in ("one", "two"):
        np.save(own / f"{subject}.npy", 2.0 + np.load(own / f"{subject}.npy") ** 2)
    for job in ("fetch small", "stimuli small", "responses small one", "responses small two"):
        stage, *names = job.split()
        assert run_job(layout, Job(stage, tuple(names)))[0] == 0
    assert "rdms/brain.nc: was made from another results/tiny/small/responses/one.nc" in refused(
        layout, "compare", "small"
    )


def test_a_file_of_the_archive_that_changed_is_told_by_who_reads_it(layout):
    file = layout.root / "files" / "small" / "one.npy"
    np.save(file, np.load(file) + 1)
    with pytest.raises(IsomorphError, match=r"one\.npy: has changed since small was fetched"):
        responses.run(layout, "small", "one")


def test_one_table_that_has_gone_is_told(layout):
    layout.regions("small").unlink()
    said = Fitting(layout).own(Job("compare", ("small",)))
    assert "regions.csv: has gone, while comparisons.csv is still there; make it again" in said


def test_what_no_stage_wrote_is_taken_as_it_is_while_it_is_whole(layout):
    file = layout.stimuli("small")
    table = read_table(file, "stimuli")
    write_table(file, table, "stimuli", provenance("by hand"))
    assert Fitting(layout).own(Job("stimuli", ("small",))) == ""
    file.write_text(file.read_text().replace("image_03", "image_33"))
    assert "has changed since it was written" in Fitting(layout).own(Job("stimuli", ("small",)))


# ---------------------------------------------------------------- what a file holds


def test_text_in_an_array_is_told_though_hdf5_knows_no_checksum_of_it(layout):
    file = layout.brain_rdms("small")
    with h5py.File(file, "r+") as data:
        data["region"][0] = "V4"
    with pytest.raises(IsomorphError, match=r'brain\.nc: "region" has changed since'):
        read_array(file, "rdms")


def test_numbers_in_a_file_carry_a_checksum_for_any_reader(layout):
    with h5py.File(layout.brain_rdms("small")) as data:
        assert data["correlation"].fletcher32
        where = data["correlation"].id.get_chunk_info(0).byte_offset
    content = bytearray(layout.brain_rdms("small").read_bytes())
    content[where + 3] ^= 1
    layout.brain_rdms("small").write_bytes(content)
    with pytest.raises(IsomorphError, match="cannot be read as a netCDF file"):
        read_array(layout.brain_rdms("small"), "rdms")


def test_a_changed_provenance_is_told(layout):
    file = layout.comparisons("small").with_suffix(".json")
    file.write_text(file.read_text().replace('"pearson"', '"cosine"'))
    said = Fitting(layout).own(Job("compare", ("small",)))
    assert "comparisons.csv: its provenance has changed since it was written" in said


# ---------------------------------------------------------------- equal to the last digit


def test_threads_change_no_number_by_more_than_rounding(layout):
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            rdms.run_brain(layout, "small")
            compare.run(layout, "small")
        found.append(read_table(layout.comparisons("small"), "comparisons"))
    pd.testing.assert_frame_equal(*found, check_exact=False, rtol=1e-10, atol=1e-12)


def test_the_same_comparisons_twice_are_the_same_bytes(layout):
    def written():
        files = [*outputs_of(layout, Job("compare", ("small",))).values()]
        files += [file.with_suffix(".json") for file in files]
        return [file.read_bytes() for file in files]

    before = written()
    compare.run(layout, "small")
    assert written() == before


def test_a_stamp_needs_no_input_to_be_there(layout):
    layout.manifest("small").unlink()
    assert stamp(layout, "stimuli", "small").inputs == {}
