"""Every setting of the inference reaches the numbers it is about, and leaves others alone."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import BEST, REGIONS, write_settings, write_study

import isomorph as iso
from isomorph.artefacts import read_table
from isomorph.inference.families import corrected
from isomorph.layout import Layout
from isomorph.stages import compare, explain, recover
from isomorph.stages.explain import roles_of
from isomorph.study import load_study

N = 24
RNG = np.random.default_rng(0)
NAMES = [f"s{k:02d}" for k in range(N)]
STIMULI = pd.DataFrame(
    {
        "stimulus": NAMES, "category": np.repeat(list("abcd"), 6),
        "object": np.repeat(list("abcdefghijkl"), 2), "other": np.tile(list("abcdef"), 4),
    }
)  # fmt: skip
PARTS = dict(zip(("V1", "IT", "p", "q", "r", "s"), RNG.standard_normal((6, N, 8)), strict=True))
LOW, HIGH = PARTS["V1"] + PARTS["p"], PARTS["IT"] + PARTS["q"]
FEATURES = {
    "net": {"low": LOW, "high": HIGH, "mid": LOW + HIGH},
    "other": {"o1": PARTS["r"] + PARTS["V1"] / 2, "o2": PARTS["s"] + PARTS["IT"] / 2},
    "pixels": {"pixels": PARTS["p"]},
}
MODELS = {name: iso.rdm(layers, stimuli=NAMES) for name, layers in FEATURES.items()}
BRAIN = [
    iso.rdm(PARTS[region] + 1.5 * RNG.standard_normal((2, N, 8)), stimuli=NAMES,
            subject=f"m{k}", region=region)
    for k in range(5) for region in ("V1", "IT")
]  # fmt: skip
PLAIN = np.stack([1 - np.corrcoef(PARTS["V1"] + RNG.standard_normal((N, 8))) for _ in range(1)])

COMPARE = {"resamples": 60, "permutations": 60}
EXPLAIN = {"resamples": 20, "splits": 2}
RECOVER = {"simulations": 4, "tested": 2, "resamples": 50}
BASE = {
    "compare": COMPARE, "partial": {**EXPLAIN, "controls": "pixels"}, "partition": EXPLAIN,
    "costly": {**COMPARE, "measure": "procrustes", "costly_permutations": 40},
    "weighted": EXPLAIN, "recover": RECOVER, "noise_ceiling": {"resamples": 60},
    "counted": {**COMPARE, "tail": "none"},
    "plain": {**RECOVER, "distance": "correlation"},
}  # fmt: skip


@cache
def answer(function, *settings):
    """Return the tables of a function under its usual settings and some others."""
    asked = {**BASE[function], **{key: thaw(value) for key, value in settings}}
    if function == "compare":
        asked["untrained"] = {"net": "other"}
    if function == "plain":
        return iso.recover(PLAIN, MODELS, **asked).tables
    if function == "noise_ceiling":
        return iso.noise_ceiling(BRAIN, stimuli=STIMULI, **asked).tables
    function = "compare" if function in ("costly", "counted") else function
    return getattr(iso, function)(BRAIN, MODELS, stimuli=STIMULI, **asked).tables


def thaw(value):
    return dict(value) if isinstance(value, tuple) and value and value[0] != "object" else value


def moved(function, kind, *settings):
    """Return which columns of a table settings change."""
    before, after = answer(function)[kind], answer(function, *settings)[kind]
    if len(before) != len(after):
        return {"rows"}
    return {name for name in before if not before[name].equals(after[name])}


ERROR = "standard_error interval_low interval_high"
INTERVAL = "interval_low interval_high"
CEILING = "ceiling_lower_low ceiling_lower_high ceiling_upper_low ceiling_upper_high"
NESTED = {"selection": "score", "differences": "difference", "contrasts": "difference"}
ALL_ERRORS = {
    "comparisons": f"{ERROR} {CEILING}", "regions": ERROR, "preferences": ERROR,
    "selection": ERROR, "differences": ERROR, "contrasts": ERROR,
}  # fmt: skip
CORRECTED = "comparisons regions preferences differences contrasts"
SPLIT = {"selection": f"score {ERROR} optimism", "differences": "score_a difference",
         "contrasts": "score difference"}  # fmt: skip

HEEDED = [
    ("compare", "resamples", 50, ALL_ERRORS),
    ("compare", "permutations", 50, {"comparisons": "p_corrected"}),
    ("compare", "tail", "none", {"comparisons": "p p_note", "regions": "p p_note"}),
    ("counted", "permutations", 50, {"comparisons": "p p_corrected", "regions": "p"}),
    ("counted", "correction", "holm", {"comparisons": "p_note"}),
    ("counted", "seed", 1, {"comparisons": "p"}),
    ("costly", "costly_permutations", 30, {"comparisons": "p p_corrected", "regions": "p"}),
    ("compare", "interval", 0.5, {
        "comparisons": f"{INTERVAL} {CEILING} normalised_low normalised_high",
        **dict.fromkeys(("regions", "preferences", "selection", "differences", "contrasts"),
                        INTERVAL)}),
    ("compare", "minimum_subjects", 6, {
        "comparisons": f"scheme {INTERVAL} p_subjects_t p_subjects_sign_flip",
        "preferences": "scheme p", "selection": "rows", "layers_in_set": "scheme",
        "differences": "scheme interval_low", "contrasts": "scheme interval_low"}),
    ("compare", "sides", "two", {"comparisons": "p sides p_corrected", "regions": "p sides"}),
    ("compare", "correction", "holm", {
        **dict.fromkeys(CORRECTED.split(), "correction"),
        "comparisons": "correction p_corrected", "differences": "correction p_corrected",
        "contrasts": "correction p_corrected"}),
    ("compare", "family", "region", {
        **dict.fromkeys(CORRECTED.split(), "family"),
        "comparisons": "family family_size", "differences": "family family_size",
        "contrasts": "family family_size"}),
    ("compare", "keep_together", ("object",), {
        **ALL_ERRORS, **SPLIT, "comparisons": f"n_groups {ERROR} {CEILING} p"}),
    ("compare", "seed", 1, {
        **ALL_ERRORS, **SPLIT, "comparisons": f"{ERROR} {CEILING} p_corrected"}),
    ("compare", "selection", (("folds", 2),), {"selection": "split n_splits score optimism"}),
    ("compare", "selection", (("repeats", 2),), {**SPLIT, "selection": "split n_splits score"}),
    ("compare", "selection", (("kind", "category"),), {**SPLIT, "selection": "split score"}),
    ("compare", "selection", (("kind", "cluster"),), {**SPLIT, "selection": "split score"}),
    ("compare", "selection", (("resamples", 50),), dict.fromkeys(NESTED, ERROR)),
    ("noise_ceiling", "interval", 0.5, {"ceiling": CEILING}),
    ("noise_ceiling", "resamples", 50, {"ceiling": CEILING}),
    *((kind, key, value, {kind: columns}) for kind in ("partial", "partition", "weighted")
      for key, value, columns in (
          ("resamples", 15, f"{ERROR} p n_resamples"), ("splits", 3, ERROR), ("interval", 0.5,
          INTERVAL), ("minimum_subjects", 6, "scheme standard_error"), ("correction", "fdr_bh",
          "correction p_corrected"), ("family", "region", "family family_size p_corrected"),
          ("keep_together", ("object",), ERROR), ("seed", 1, ERROR))),
    ("partial", "layers", "all", {"partial": "rows"}),
    ("weighted", "components", 3, {"weighted": "n_weighted score gain"}),
    ("recover", "simulations", 5, {"confusion": "rows", "power": "recovery_exact n_recovery"}),
    ("recover", "tested", 1, {"power": "n_power_runner_up"}),
    ("recover", "candidates", "all", {"power": "rows"}),
    ("recover", "level", 0.2, {"power": "power_zero"}),
    ("recover", "sides", "two", {"power": "power_zero"}),
    ("recover", "seed", 1, {"power": "reliability_simulated"}),
    ("recover", "keep_together", ("object",), {"power": "recovery_exact"}),
    ("plain", "units", 7, {"power": "assumed n_units reliability_simulated"}),
    ("plain", "reliability", 0.9, {"power": "assumed reliability_target reliability_simulated"}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "key", "value", "columns"), HEEDED)
def test_a_setting_moves_what_it_is_about(function, key, value, columns):
    for kind, names in columns.items():
        found = moved(function, kind, (key, value))
        lacking = set(names.split()) - found
        assert not lacking, f"{kind}: {key} leaves {', '.join(sorted(lacking))} as they were"
    if key in ("interval", "correction", "family", "sides"):
        assert not {"estimate", "standard_error", "score", "difference", "variance", "gain"} & {
            name for kind in columns for name in moved(function, kind, (key, value))
        }


def test_the_column_of_categories_is_that_named():
    one, other = (
        answer("compare", ("selection", (("kind", "category"), ("column", column))))["selection"]
        for column in ("category", "other")
    )
    assert not one["score"].equals(other["score"])
    plain = answer("compare", ("selection", (("kind", "category"),)))["selection"]
    pd.testing.assert_frame_equal(one, plain)


def test_a_narrower_coverage_makes_narrower_intervals():
    for function, kind in (("compare", "comparisons"), ("partial", "partial"),
                           ("partition", "partition"), ("weighted", "weighted"),
                           ("compare", "differences"), ("compare", "selection")):  # fmt: skip
        wide, narrow = answer(function)[kind], answer(function, ("interval", 0.5))[kind]
        widths = [one["interval_high"] - one["interval_low"] for one in (wide, narrow)]
        known = widths[0].notna() & (widths[0] > 0)
        assert known.any()
        assert (widths[1] < widths[0])[known].all(), kind


APART = {"partial": ["statistic"], "weighted": ["kind"], "partition": ["kind"]}


@pytest.mark.parametrize("kind", APART)
@pytest.mark.parametrize(
    ("family", "shared"),
    [("region", ["region", "measure"]), ("dataset", ["measure"]), ("settings", [])],
)
def test_p_of_explanations_is_corrected_with_the_questions_of_its_family(kind, family, shared):
    """Those of one kind, in one region or all, under one measure or all: and no others."""
    asked = {"controls": ["pixels"]} if kind == "partial" else {}
    found = getattr(iso, kind)(
        BRAIN, MODELS, measure=["rho_a", "pearson"], family=family, correction="bonferroni",
        **asked, **EXPLAIN,
    ).table  # fmt: skip
    assert found["measure"].nunique() == found["region"].nunique() == 2
    table = found[found["p"].notna()]
    apart = [name for name in APART[kind] if name in table]
    assert apart
    n_families = 0
    for _, own in table.groupby([*shared, *apart]):
        expected = corrected(own["p"].to_numpy(), "bonferroni")
        np.testing.assert_allclose(own["p_corrected"], expected)
        assert set(own["family_size"]) == {len(own)}
        n_families += 1
    assert (
        n_families == {"region": 4, "dataset": 2, "settings": 1}[family] * table[apart[0]].nunique()
    )


def test_recovery_is_tested_under_the_first_measure_or_all():
    rows = {
        under: iso.recover(
            BRAIN, MODELS, ["rho_a", "pearson"], simulations=3, tested=2, tested_under=under
        ).table.groupby("measure")["n_power_runner_up"].max()
        for under in ("first", "all")
    }  # fmt: skip
    assert rows["first"].fillna(0).to_dict() == {"rho_a": 2, "pearson": 0}
    assert rows["all"].to_dict() == {"rho_a": 2, "pearson": 2}


# ---------------------------------------------------------------- stages


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("heeded"))


def asked(layout, **settings):
    """Return a layout whose study asks for other settings of the inference."""
    wanted = {"resamples": 20, "permutations": 20, "minimum_subjects": 2, **settings}
    study = layout.study
    spec = study.spec.model_copy(update={"inference": study.spec.inference.model_validate(wanted)})
    return Layout(replace(study, spec=spec), layout.root)


def test_the_truth_of_a_simulated_dataset_is_set_against_what_is_found(small):
    compare.run(asked(small), "sim")
    table = read_table(small.recovery("sim"), "recovery")
    assert sorted(set(table["region"])) == sorted(REGIONS)
    for region, own in table.groupby("region"):
        assert set(own["planted_layer"]) == {BEST[region]}
        assert set(own["planted_model"]) == {"net"}
        assert set(own["recovered"]) == {"exact"}
    compare.run(asked(small), "real")
    assert not len(read_table(small.recovery("real"), "recovery"))


def test_stages_compute_what_the_library_does_under_the_settings_of_the_study(small):
    layout = asked(small, interval=0.6, family="region", seed=4,
                   explain={"controls": ["pixels"], "splits": 2, "resamples": 20})  # fmt: skip
    compare.run(layout, "real")
    explain.run(layout, "real")
    table = read_table(layout.partial("real"), "partial")
    models = {name: iso.load(layout.model_rdms("real", name))
              for name, _, _ in layout.study.instances_for("real")}  # fmt: skip
    brain = iso.load(layout.brain_rdms("real"))
    settings = {"interval": 0.6, "family": "region", "seed": 4, "minimum_subjects": 2}
    found = iso.compare(
        brain, models, ["rho_a", "pearson"], dataset="real", resamples=20, permutations=20,
        untrained={"net": [name for name in models if "untrained" in name]}, **settings,
        stimuli=read_table(layout.stimuli("real"), "stimuli"),
    ).table  # fmt: skip
    written = read_table(layout.comparisons("real"), "comparisons")
    for name in ("interval_low", "p_corrected", "ceiling_lower_low"):
        np.testing.assert_allclose(found[name], written[name], atol=1e-9)
    assert set(table["family"]) == {"region"}
    sizes = table[table["p"].notna()].groupby(["region", "measure", "statistic"]).size()
    assert set(table.loc[table["p"].notna(), "family_size"]) == set(sizes)
    recovery = asked(small, recovery={"simulations": 2, "tested": 0, "candidates": "all"})
    compare.run(recovery, "real")
    recover.run(recovery, "real")
    power = read_table(small.power("real"), "power")
    assert power["n_recovery"].max() == 2
    assert power.loc[power["planted_model"] == "net", "planted_layer"].nunique() == 5


@pytest.mark.parametrize(
    ("wanted", "models", "controls", "partitions"),
    [
        ({}, ("net", "net-untrained-seed0", "pixels"), ("pixels",), (("net", "pixels"),)),
        ({"models": ["net"]}, ("net",), ("pixels",), (("net", "pixels"),)),
        ({"models": ["net-untrained"]}, ("net-untrained-seed0",), ("pixels",), ()),
        ({"controls": ["net-untrained"]}, ("net", "net-untrained-seed0", "pixels"),
         ("net-untrained-seed0",), (("net", "net-untrained-seed0"),)),
        ({"controls": ["net-untrained-seed2"]}, ("net", "net-untrained-seed0", "pixels"),
         ("net-untrained-seed2",), (("net", "net-untrained-seed2"),)),
        ({"partition": ["pixels", "net-untrained"]}, ("net", "net-untrained-seed0", "pixels"),
         ("pixels",), (("pixels", "net-untrained-seed0"),)),
    ],
)  # fmt: skip
def test_roles_are_those_the_settings_name(tmp_path, wanted, models, controls, partitions):
    path = write_settings(tmp_path)
    study = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**study, "inference": {"explain": wanted}}))
    roles = roles_of(load_study(path), "real")
    assert roles == replace(roles, models=models, controls=controls, partitions=partitions)


def test_an_untrained_control_has_no_shares_of_its_own(tmp_path):
    """Whatever its source, such as a package's that does not load weights."""
    study = load_study(write_settings(tmp_path))
    for source in ("untrained/net", "package/net"):
        control = study.models["net-untrained"].model_copy(update={"source": source})
        models = {**study.models, "net-untrained": control}
        assert roles_of(replace(study, models=models), "real").partitions == (("net", "pixels"),)


def test_weighted_models_are_scored_by_the_measures_named(small):
    for measures, expected in (([], {"rho_a"}), (["pearson"], {"pearson"})):
        explain.run(asked(small, explain={"weighted": measures, "splits": 1, "resamples": 10}),
                    "real")  # fmt: skip
        table = read_table(small.weighted("real"), "weighted")
        assert set(table["measure"]) == expected
