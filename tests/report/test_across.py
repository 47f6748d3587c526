"""All datasets in one table, and areas averaged over datasets."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from synthetic_study import interval, write_scores, write_settings, write_study, write_tables

from isomorph.artefacts import provenance, read_table, write_table
from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.report import across, across_words
from isomorph.report.areas import areas_of
from isomorph.report.common_stimuli import shared
from isomorph.report.evidence import read_results
from isomorph.report.over_datasets import over_datasets
from isomorph.report.page import templates
from isomorph.report.summary import matrix
from isomorph.study import StudyError, load_study

SETS = {"real": 0.26, "second": 0.20, "third": 0.02}
"""Datasets, and by how much the trained network exceeds its controls in them."""

ALPHA = {"alpha": [f"{name}/alpha" for name in SETS]}


def write(root, areas=ALPHA, **changes):
    """Write settings of a study of three measured datasets, and return its file."""
    file = write_settings(root)
    study = yaml.safe_load(file.read_text())
    study |= {"datasets": [*SETS, "sim"], "areas": areas}
    file.write_text(yaml.safe_dump(study))
    first = yaml.safe_load((file.parent / "datasets" / "real.yaml").read_text())
    for name in ("second", "third"):
        own = {**first, "name": name, "archive": {"kind": "local", "path": name}}
        own |= changes.get(name, {})
        (file.parent / "datasets" / f"{name}.yaml").write_text(yaml.safe_dump(own))
    return file


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Tables of three datasets, with images of their own, of which one trains to no avail."""
    root = tmp_path_factory.mktemp("across")
    write_study(root)
    layout = Layout(load_study(write(root)), root)
    stamp = provenance("compare", source="synthetic", seed=7)
    for seed, (name, gain) in enumerate(SETS.items()):
        if name != "real":
            write_tables(layout, name, 12, np.random.default_rng(seed))
            images = read_table(layout.stimuli("real"), "stimuli")
            layout.stimuli(name).parent.mkdir(parents=True)
            own = images.assign(sha256=[f"{name}{i}" for i in range(len(images))])
            write_table(layout.stimuli(name), own, "stimuli", provenance("stimuli"))
        write_scores(layout, name)
        contrasts = read_table(layout.contrasts(name), "contrasts")
        found = contrasts.assign(difference=gain, **{
            f"interval_{end}": gain + sign * 0.08 for end, sign in (("low", -1), ("high", 1))
        })  # fmt: skip
        write_table(layout.contrasts(name), found, "contrasts", stamp)
        write_table(layout.differences(name), difference_rows(name), "differences", stamp)
    write_scores(layout, "sim")
    write_table(layout.differences("sim"), difference_rows("sim"), "differences", stamp)
    return layout


def difference_rows(dataset):
    rows = [
        {"dataset": dataset, "simulated": dataset == "sim", "region": region, "model_a": "net",
         "model_b": "pixels", "n_seeds_a": 1, "n_seeds_b": 1, "distance": "correlation",
         "measure": "rho_a", "difference": 0.3, "standard_error": 0.04, "p": 1e-4,
         "p_corrected": p, "status": "ok", "reason": "", **interval(0.3)}
        for region, p in (("alpha", 1e-3), ("beta", 0.4))
    ]  # fmt: skip
    return ordered(pd.DataFrame(rows), "differences")


@pytest.fixture(scope="module")
def found(written):
    return [read_results(written, name) for name in (*SETS, "sim")]


def test_a_region_may_stand_for_several_areas(written, found):
    spec = written.study.spec.model_copy(update={"areas": ALPHA | {"late": ALPHA["alpha"][:1]}})
    study = replace(written.study, spec=spec)
    table = across.summary([replace(found[0], study=study)], across.commands(written))
    assert set(table.loc[table["region"] == "alpha", "area"]) == {"alpha; late"}


@pytest.fixture(scope="module")
def areas(written, found):
    return areas_of(written.study, found, shared(written))


def one(areas, about, model="net", measure="rho_a"):
    asked = (areas["about"] == about) & (areas["model_a"] == model) & (areas["measure"] == measure)
    return areas[asked].iloc[0]


def test_every_model_of_every_region_has_a_row(written, found):
    table = across.summary(found, across.commands(written))
    assert len(table) == 4 * 2 * 2 * 3  # datasets, regions, measures, models
    asked = (table["dataset"] == "second") & (table["measure"] == "rho_a")
    rows = table[asked & (table["region"] == "alpha")].set_index("model")
    net, seeds = rows.loc["net"], rows.loc["net-untrained"]
    selection = found[1].tables["selection"]
    own = selection[(selection["region"] == "alpha") & (selection["measure"] == "rho_a")]
    score = own[own["model"] == "net"]["score"].item()
    assert net["score"] == score
    assert net["score_normalised"] == pytest.approx(score / np.sqrt(0.4))
    assert net["score_calibrated"] == pytest.approx(score - 0.05)
    assert (net["rank"], net["n_models"], net["may_be_best"], net["area"]) == (1, 3, "yes", "alpha")
    assert (net["in_set"], net["chosen_layer"], net["shown"]) == ("yes", "blocks.2", "yes")
    assert net["interval_low"] < score < net["interval_high"]
    assert (net["n_highest"], net["n_regions"]) == (6, 6)  # of three datasets, not of simulated
    assert rows.loc["pixels"]["may_be_best"] == "no"
    assert seeds["n_seeds"] == 3
    assert np.isnan(seeds["interval_low"])
    assert "seeds" in seeds["reason"]
    beta = table[asked & (table["region"] == "beta")].set_index("model")
    assert beta.loc["pixels"]["may_be_best"] == "yes"
    assert beta.loc["net"]["area"] == ""
    assert np.isnan(beta.loc["net"]["ceiling_lower"])
    assert "--dataset second" in net["command"]


def test_effects_are_averaged_over_datasets_as_shares_of_reliable_similarity(areas):
    row = one(areas, "training")
    effects = np.array(list(SETS.values())) / np.sqrt(0.4)
    assert [float(text) for text in row["effects"].split("; ")] == pytest.approx(effects, rel=1e-3)
    assert row["estimate"] == pytest.approx(effects.mean())  # all with the same error
    spread = effects.var(ddof=1)
    assert row["tau2"] == pytest.approx(spread - 0.04**2 / 0.4)
    assert row["standard_error"] == pytest.approx(np.sqrt(spread / 3))
    assert (row["n_datasets"], row["n_positive"], row["status"]) == (3, 3, "ok")
    assert row["p"] <= row["p_corrected"] <= 2 * row["p"]
    assert row["family_size"] == 2
    assert row["datasets"].startswith("real/alpha (correlation); second/alpha")
    score = one(areas, "model")
    assert (score["n_highest"], score["status"]) == (3, "untested")
    assert np.isnan(score["p"])
    assert one(areas, "model", "net-untrained")["left_out"].count("several seeds") == 3


def test_where_datasets_disagree_is_said(areas, found):
    whole = matrix(found)
    first, area = across_words.sentences(areas, whole, found[0])
    assert first == (
        "Of 6 regions of all datasets in which models can be set against each other, "
        "Net, trained scores highest in 6."
    )
    assert area.startswith("alpha: Net, trained scores highest in 3 of 3 datasets; against its ")
    assert "in it the datasets differ more than their errors explain (I² = 9" in area
    assert "do not differ significantly more than their errors explain (I² = 0 %" in area
    ((name, table),) = across_words.tables(areas, found[0])
    assert name == "alpha"
    rows = {row[0]: row for row in table.rows}
    assert rows["Net, trained, less its untrained controls"][1:3] == ("3", ".41, .32, .03")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"second": {"stimuli": {"kind": "like", "dataset": "real"}}}, "showed the same stimuli"),
        ({"second": {"archive": {"kind": "local", "path": "files"}}}, "are of the same subjects"),
        ({"third": {"overlaps": ["real"]}}, "real and third overlap"),
        ({}, "real and second have 12 images in common"),
    ],
)
def test_datasets_that_share_subjects_or_images_have_no_interval(
    written, found, tmp_path, changes, reason
):
    layout = Layout(load_study(write(tmp_path, **changes)), tmp_path)
    if not changes:  # the very same images, under another name
        shutil.copytree(written.root / "data", tmp_path / "data")
        shutil.copy(layout.stimuli("real"), layout.stimuli("second"))
        shutil.copy(
            layout.stimuli("real").with_suffix(".json"),
            layout.stimuli("second").with_suffix(".json"),
        )
    row = one(areas_of(layout.study, found, shared(layout)), "training")
    assert row["status"] == "unsure"
    assert reason in row["reason"]
    assert np.isfinite(row["estimate"])
    assert np.isnan(row["interval_low"])
    assert np.isnan(row["p"])


def test_regions_without_reliability_or_with_time_bins_are_left_out_with_the_reason(
    written, found, tmp_path
):
    beta = {"beta": [f"{name}/beta" for name in SETS]}
    study = load_study(write(tmp_path, beta))
    changed = []
    for results, reliability, bins in zip(found, (np.nan, 0.4, 0.4), (1, 1, 2), strict=False):
        table = results.tables["comparisons"].assign(reliability=reliability)
        late = table.assign(time_start=0.1, time_stop=0.2)
        if bins == 2:
            table = pd.concat([table.assign(time_start=0.0, time_stop=0.1), late])
        tables = {**results.tables, "comparisons": table}
        changed.append(type(results)(study, results.dataset, tables))
    row = one(areas_of(study, changed, lambda *_: ""), "training")
    assert row["left_out"] == (
        "real/beta: one subject; third/beta: has 2 time bins, of which none stands for the region"
    )
    assert (row["n_datasets"], row["status"]) == (1, "undefined")
    assert "one data set alone" in row["reason"]


def test_an_error_that_is_rounding_does_not_outweigh_all_others(written, found):
    contrasts = found[1].tables["contrasts"].assign(standard_error=1e-18)
    exact = replace(found[1], tables=found[1].tables | {"contrasts": contrasts})
    row = one(areas_of(written.study, [found[0], exact, found[2]], lambda *_: ""), "training")
    assert row["left_out"] == "second/alpha: has no standard error beyond rounding"
    assert row["n_datasets"] == 2


def test_people_of_one_bucket_are_the_same_people(tmp_path):
    def bucket(prefix):
        return {"archive": {"kind": "bucket", "bucket": "scenes", "prefix": prefix,
                            "include": ["{subject}/*"]}}  # fmt: skip

    study = load_study(write(tmp_path, second=bucket("one"), third=bucket("two")))
    reason = shared(Layout(study, tmp_path))("second", "third")
    assert reason == "second and third are of the same subjects"


@pytest.mark.parametrize(
    ("areas", "message"),
    [
        ({"V1": ["alpha"]}, 'areas.V1.0: "alpha" must name a dataset and a region of it, as in'),
        ({"V1": ["Real/alpha"]}, 'areas.V1.0: no dataset "Real", did you mean "real"?'),
        ({"V1": ["sim/alpha"]}, 'areas.V1.0: "sim" is simulated'),
        ({"V1": ["real/alpha", "real/beta"]}, 'areas.V1.1: "real/beta" is of the same dataset as'),
    ],
)
def test_areas_that_are_none_are_refused(tmp_path, areas, message):
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, areas))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "responses",
    [
        {"kind": "arrays", "responses": "{subject}.npy", "axes": ["presentation", "x", "y", "z"],
         "order": {"file": "trials.csv", "column": "image"},
         "regions": [{"file": "a.nii", "name": "alpha"}]},
        {"kind": "nwb", "files": "{subject}.nwb", "window": [0, 0.1], "region": {"name": "alpha"},
         "presentations": {"table": "trials", "stimulus": "image"}},
        {"kind": "nwb", "files": "{subject}.nwb", "window": [0, 0.1], "regions": {"alpha": ["a*"]},
         "presentations": {"table": "trials", "stimulus": "image"}},
    ],
)  # fmt: skip
def test_a_region_that_settings_do_not_name_is_refused_before_anything_runs(tmp_path, responses):
    load_study(write(tmp_path, {"V1": ["second/alpha"]}, second={"responses": responses}))
    with pytest.raises(StudyError, match=r'second has no region "Alpha", did you mean "alpha"\?'):
        load_study(write(tmp_path, {"V1": ["second/Alpha"]}, second={"responses": responses}))


def test_a_region_that_a_dataset_does_not_have_is_refused(found, tmp_path):
    study = load_study(write(tmp_path, {"V1": ["second/Alpha", "third/alpha"]}))
    said = r'areas\.V1\.0: second has no region "Alpha", did you mean "alpha"\?'
    with pytest.raises(IsomorphError, match=said):
        areas_of(study, found, lambda *_: "")


def test_the_stage_writes_both_tables_and_the_page_links_and_says_them(written, found, capsys):
    files = across.run(written)
    assert [file.name for file in files] == ["summary.csv", "areas.csv"]
    assert "summary 48 rows and areas 8 rows" in capsys.readouterr().err
    for kind, file in zip(("summary", "areas"), files, strict=True):
        assert len(read_table(file, kind))
    said = over_datasets(written, found, matrix(found))
    section = templates().get_template("across.html.j2").render(across=said)
    assert '<a href="summary.csv">summary.csv</a>, <a href="areas.csv">' in section
    assert "scores highest in 3 of 3 datasets" in section
    assert "isomorph compare --study" in section
    assert "--dataset third" in section
    assert "isomorph summarise --study" in section
