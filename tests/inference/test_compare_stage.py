"""The stage `compare` on a small synthetic study: every table, every correction, time bins."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import BEST, REGIONS, write_study

from isomorph.artefacts import provenance, read_array, read_table, write_array
from isomorph.errors import IsomorphError
from isomorph.inference.independence import BY_MOMENTS
from isomorph.inference.tail import NO_TAIL
from isomorph.layout import Layout
from isomorph.rdms import RdmRow, brain_rdms, flat
from isomorph.stages import compare


def compared(layout, dataset="real", **settings):
    """Run the stage under some inference settings and return its tables."""
    study = layout.study
    asked = {"resamples": 60, "permutations": 99, "minimum_subjects": 2, **settings}
    spec = study.spec.model_copy(update={"inference": study.spec.inference.model_validate(asked)})
    layout = Layout(replace(study, spec=spec), layout.root)
    compare.run(layout, dataset)
    kinds = (
        "comparisons", "subjects", "regions", "preferences", "selection", "differences",
        "contrasts", "recovery",
    )  # fmt: skip
    return {kind: read_table(getattr(layout, kind)(dataset), kind) for kind in kinds}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def tables(small):
    return compared(small)


def test_every_model_has_a_nested_score_in_every_region(tables, small):
    rows = tables["selection"]
    n_instances = len(list(small.study.instances()))
    on = ["other stimuli", "other stimuli and subjects"]
    assert len(rows) == 2 * 2 * n_instances * len(on)  # regions, measures
    assert sorted(set(rows["chosen_on"])) == on
    assert (rows["status"] == "ok").all()
    for region in REGIONS:
        net = rows[(rows["region"] == region) & (rows["model"] == "net")]
        assert set(net["chosen_layer"]) == set(net["maximum_layer"]) == {BEST[region]}
        assert (net["score"] > 0.2).all()


def test_every_two_families_are_compared_per_region_and_measure(tables):
    rows = tables["differences"]
    pairs = [("net", "pixels"), ("net-untrained", "pixels")]  # controls are among the contrasts
    assert sorted(set(zip(rows["model_a"], rows["model_b"], strict=True))) == pairs
    assert len(rows) == 2 * 2 * 2
    np.testing.assert_allclose(rows["difference"], rows["score_a"] - rows["score_b"])
    contrasts = tables["contrasts"]
    assert len(contrasts) == 2 * 2
    np.testing.assert_allclose(
        contrasts["difference"], contrasts["score"] - contrasts["control_score"]
    )
    assert (contrasts["n_seeds"] == 3).all()


def test_the_estimate_of_a_region_is_the_mean_over_its_subjects(tables, small):
    keys = ["region", "model", "layer", "distance", "measure"]
    each = tables["subjects"].groupby(keys)["estimate"].agg(["mean", "size"])
    rows = tables["comparisons"].set_index(keys)
    np.testing.assert_allclose(each["mean"][rows.index], rows["estimate"], atol=1e-8)
    assert (each["size"] == 2).all()
    assert rows["p_subjects_t"].notna().all()
    assert (rows["p_subjects_sign_flip"] >= 1 / 4).all()
    assert small.subjects("real").with_suffix(".parquet").is_file()


def test_no_number_is_missing_without_a_reason(tables):
    rows = tables["comparisons"]
    assert (rows["ceiling_kind"] == "leave one subject out").all()
    defined = rows["normalised_status"] == "ok"
    assert rows.loc[defined, ["normalised_r", "normalised_r2"]].notna().all().all()
    assert rows.loc[~defined, "normalised_reason"].str.len().gt(0).all()
    np.testing.assert_allclose(
        rows["normalised_r"] ** 2, rows["normalised_r2"].abs(), equal_nan=True
    )
    alone = rows["model"] == "pixels"
    assert rows.loc[alone, "p_best"].isna().all()
    assert rows.loc[~alone, "p_best"].notna().all()
    assert (rows["interval_high"] <= 1).all()
    assert (rows["interval_low"] >= -1).all()


def test_corrections_and_families_change_corrected_values_alone(small):
    tables = compared(small, tail="none")
    other = compared(small, tail="none", correction="fdr_bh", family="settings")
    for kind in ("comparisons", "differences", "regions", "contrasts"):
        before, after = tables[kind], other[kind]
        np.testing.assert_array_equal(before["p"], after["p"])
        assert (after["p_corrected"] >= after["p"] - 1e-12).all()
        assert set(before["correction"]) == {"max_t"}
        assert set(after["correction"]) == {"fdr_bh"}
        assert set(after["family"]) == {"settings"}
        assert set(after["family_size"]) == {len(after)}
    assert set(tables["comparisons"]["p_note"]) == {""}
    said = set(other["comparisons"]["p_note"])
    assert said == {
        f"99 permutations cannot give one question among {len(other['comparisons'])} a corrected p "
        f"below {len(other['comparisons']) / 100:.2f}".replace(" 0.", " .")
        + f": ask for at least {20 * len(other['comparisons'])}, for correction: max_t or for "
        "tail: pareto"
    }


def test_p_is_from_moments_unless_all_is_counted(tables, small):
    counted = compared(small, tail="none")
    for kind in ("comparisons", "regions"):
        rows, other = tables[kind], counted[kind]
        known = other["p"].notna().to_numpy()
        assert (rows["p_note"][known] == BY_MOMENTS).all()
        np.testing.assert_allclose(rows["p"][known], other["p"][known], atol=0.15)
        np.testing.assert_allclose(rows["estimate"], other["estimate"], atol=1e-12)


def test_two_sides_and_a_tail_are_told_in_the_tables(small):
    other = compared(small, sides="two", tail="pareto")
    for kind in ("comparisons", "regions"):
        assert set(other[kind]["sides"]) == {"two"}
    rows = other["comparisons"]
    rare = rows["p"] < 0.205
    assert (rows.loc[rare, "p_note"] == NO_TAIL).all()
    assert (rows.loc[~rare, "p_note"] == "").all()


def test_every_two_regions_are_set_against_each_other_at_every_layer(tables):
    rows, comparisons = tables["preferences"], tables["comparisons"]
    assert len(rows) * 2 == len(comparisons)
    for side in "ab":
        keys = ["region", "model", "layer", "measure"]
        there = rows.rename(columns={f"region_{side}": "region"}).set_index(keys)
        here = comparisons.set_index(keys).loc[there.index]
        np.testing.assert_allclose(there[f"score_{side}"], here["estimate"], atol=1e-8)
        known = there[f"normalised_{side}"].notna()
        np.testing.assert_allclose(there[f"normalised_{side}"][known], here["normalised_r"][known])
    assert rows["reason"].str.contains("too little|one alone").all()  # two subjects
    assert rows["p"].isna().all()


def test_categories_can_be_held_out_whole_and_a_missing_column_is_named(small):
    rows = compared(small, selection={"kind": "category"})["selection"]
    assert set(rows["split"]) == {"category, 2 parts"}
    with pytest.raises(IsomorphError, match=r"selection\.column: no column .kind. in the stimulus"):
        compared(small, selection={"kind": "category", "column": "kind"})


def test_clusters_are_found_in_the_time_bins_of_a_region(tmp_path):
    layout = write_study(tmp_path, datasets=("real",))
    file = layout.brain_rdms("real")
    brain = read_array(file, "rdms")
    rows = [
        RdmRow("IT", str(subject), "correlation", rdm, time=REGIONS.index(region))
        for region, subject, rdm in zip(
            brain["region"].values, brain["subject"].values, brain["correlation"].values,
            strict=True,
        )
    ]  # fmt: skip  # the two regions are taken for two bins of one
    times = np.array([[0.0, 0.1], [0.1, 0.2]])
    brain = brain_rdms(rows, brain["stimulus"].values.tolist(), times=times)
    write_array(file, flat(brain), "rdms", provenance("rdms"))
    tables = compared(layout)
    rows = tables["comparisons"]
    assert set(rows["region"]) == {"IT"}
    assert rows.groupby("time_start")["time_stop"].unique().map(list).to_dict() == {
        0.0: [0.1],
        0.1: [0.2],
    }
    planted = rows[(rows["time_start"] == 0.0) & (rows["layer"] == BEST["alpha"])]
    assert (planted.loc[planted["model"] == "net", "p_cluster"] <= 0.05).all()
    names = ["p_cluster", "p_cluster_corrected"]
    assert rows.loc[rows["cluster"] == 0, names].isna().all().all()
    known = rows[rows["cluster"] > 0]
    assert (known["p_cluster_corrected"] >= known["p_cluster"]).all()
    assert tables["regions"].empty  # bins at other times are not compared
