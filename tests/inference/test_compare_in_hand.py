"""Comparisons of RDMs in hand: every form they come in, and what is refused."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rsatoolbox.inference import eval_fixed
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import write_study

import isomorph as iso
from isomorph.artefacts import read_table
from isomorph.catalogue import TABLES
from isomorph.inference.keywords import inference_of
from isomorph.layout import Layout
from isomorph.stages import compare, explain
from isomorph.study import Inference

QUICK = {"resamples": 40, "permutations": 40}
N = 16
UPPER = np.triu_indices(N, 1)
RNG = np.random.default_rng(1)
SHALLOW, DEEP = RNG.standard_normal((2, N, 40))
SUBJECTS = DEEP + RNG.standard_normal((3, N, 40))
NAMES = [f"s{k:02d}" for k in range(N)]
SQUARE = np.stack([1 - np.corrcoef(one) for one in SUBJECTS])
VECTORS = np.stack([one[UPPER] for one in SQUARE])
LAYERS = {"shallow": 1 - np.corrcoef(SHALLOW), "deep": 1 - np.corrcoef(DEEP)}


def estimates(brain, models=None, **more):
    found = iso.compare(brain, models or {"net": LAYERS}, **{**QUICK, **more})
    return found.table["estimate"].to_numpy()


def test_whatever_holds_the_same_rdms_gives_the_same_numbers():
    expected = estimates(VECTORS)
    ours = [iso.rdm(one, subject=str(k), stimuli=NAMES) for k, one in enumerate(SUBJECTS)]
    table = [pd.DataFrame(one, NAMES, NAMES) for one in SQUARE]
    for brain in (SQUARE, list(SQUARE), RDMs(VECTORS, "correlation"), ours, table, {"IT": VECTORS}):
        np.testing.assert_allclose(estimates(brain), expected, atol=1e-9)
    stacked = np.stack(list(LAYERS.values()))
    made = iso.rdm({"shallow": SHALLOW, "deep": DEEP}, stimuli=NAMES)
    for models in ({"net": stacked}, {"net": RDMs(stacked)}, {"net": made}, made, [made]):
        np.testing.assert_allclose(estimates(VECTORS, models), expected, atol=1e-9)


def test_estimates_and_ceilings_are_those_of_rsatoolbox():
    names = {"rho_a": "rho-a", "pearson": "corr", "cosine": "cosine", "spearman": "spearman"}
    found = iso.compare(SQUARE, {"net": LAYERS}, list(names), distance="correlation", **QUICK)
    layers = [ModelFixed(name, RDMs(rdm[None])) for name, rdm in LAYERS.items()]
    for ours, theirs in names.items():
        result = eval_fixed(layers, RDMs(SQUARE), method=theirs)
        rows = found.table[found.table["measure"] == ours]
        np.testing.assert_allclose(rows["estimate"], result.get_means(), atol=1e-7)
        bounds = rows[["ceiling_lower", "ceiling_upper"]].iloc[0]
        np.testing.assert_allclose(bounds, np.ravel(result.noise_ceiling), atol=1e-7)


def test_named_stimuli_are_lined_up_by_name():
    order = RNG.permutation(N)
    named = [NAMES[at] for at in order]
    models = {"net": iso.rdm({"shallow": SHALLOW, "deep": DEEP}, stimuli=NAMES)}
    brain = iso.rdm(SUBJECTS[0], stimuli=NAMES)
    np.testing.assert_allclose(
        estimates(iso.rdm(SUBJECTS[0][order], stimuli=named), models), estimates(brain, models)
    )
    moved = iso.rdm({"shallow": SHALLOW[order], "deep": DEEP[order]}, stimuli=named)
    np.testing.assert_allclose(estimates(brain, {"net": moved}), estimates(brain, models))
    # of halves the stimuli move too
    repeated = DEEP + RNG.standard_normal((4, N, 40))
    bounds = [
        iso.compare(one, models, **QUICK).ceiling["ceiling_upper"].item()
        for one in (
            iso.rdm(repeated, stimuli=NAMES),
            [iso.rdm(repeated[:, order], stimuli=named)],
        )
    ]
    assert bounds[0] == pytest.approx(bounds[1], abs=1e-6)


def test_brain_to_brain_and_model_to_model_are_the_same_comparison():
    regions = {"V1": 1 - np.corrcoef(SHALLOW), "IT": 1 - np.corrcoef(DEEP)}
    as_layers = iso.rdm({"V1": SHALLOW, "IT": DEEP})
    expected = estimates(VECTORS[:1], {"other brain": regions})
    as_regions = [iso.rdm(SHALLOW, region="V1"), iso.rdm(DEEP, region="IT")]
    joined = iso.compare(as_regions, as_layers, **QUICK).table
    assert set(joined["region"]) == {"V1", "IT"}
    np.testing.assert_allclose(
        joined.loc[joined["layer"] == joined["region"], "estimate"], 1, atol=1e-9
    )
    both = iso.compare(as_layers, {"net": LAYERS}, distance="correlation", **QUICK).table
    assert set(both["region"]) == {"V1", "IT"}
    np.testing.assert_allclose(estimates(VECTORS[:1], {"x": as_layers}), expected, atol=1e-9)


def test_cross_validated_distances_meet_their_noise_free_counterparts():
    repeated = DEEP + RNG.standard_normal((4, N, 40))
    brain = iso.rdm(repeated, ["crossnobis", "correlation"])
    models = {"net": iso.rdm({"shallow": SHALLOW, "deep": DEEP}, ["crossnobis", "correlation"])}
    found = iso.compare(brain, models, ["rho_a", "cka"], **QUICK)
    assert set(found.table["distance"]) == {"crossnobis", "correlation"}
    assert found.ceiling["ceiling_upper"].notna().any()
    one = iso.compare(brain, models, distance="crossnobis", **QUICK)
    assert set(one.table["distance"]) == {"crossnobis"}


def refused(message, brain=VECTORS, models=None, **more):
    with pytest.raises(iso.IsomorphError, match=message) as told:
        iso.compare(brain, models or {"net": LAYERS}, **{**QUICK, **more})
    assert "\n" not in str(told.value)


def test_what_is_no_rdm_is_refused_in_one_sentence():
    refused("brain: 100 pairs are not those of any number of stimuli", np.arange(100.0))
    refused(r"brain: is of shape \(\), expected RDMs", np.float64(3))
    refused('model "net" has 16 stimuli and brain 15', SQUARE[:, :15, :15])
    refused("brain: 3 stimuli are too few", SQUARE[0, :3, :3])
    broken = SQUARE.copy()
    broken[1, 2, 5] = broken[1, 5, 2] = np.nan
    refused('pair of "stimulus 03" and "stimulus 06", stimuli 3 and 6, has no finite value', broken)
    broken = SQUARE.copy()
    broken[1, 2, 5] = 7
    refused("brain: is not symmetric", broken)
    refused("brain: has 1 on its diagonal, expected 0; are these similarities?", 1 - SQUARE)
    refused("brain: holds -0.5, expected dissimilarities, none below zero",
            VECTORS - VECTORS.min() - 0.5, distance="correlation")  # fmt: skip
    refused("all distances are equal", np.ones(120))
    refused("brain: is str, expected RDMs", "brain.nc")
    refused("or of responses .* what isomorph.rdm gives", DEEP[:, :38])
    refused('layer "deep": 7 pairs are not', models={"net": {"deep": np.arange(7.0)}})
    refused('layer "deep": holds 3 RDMs, expected one', models={"net": {"deep": VECTORS}})
    refused("holds activations|holds no RDMs", iso.rdm(DEEP).drop_vars("correlation"))
    refused("two RDMs are of brain", [iso.rdm(DEEP, subject="a"), iso.rdm(DEEP, subject="a")])
    refused('models: two are called "net"', models=[iso.rdm({"x": DEEP}, model="net")] * 2)


def test_other_stimuli_are_refused_by_name():
    brain, other = (iso.rdm(DEEP, stimuli=[f"{k}{n}" for n in NAMES]) for k in ("", "t"))
    models = {"net": iso.rdm({"x": DEEP}, stimuli=NAMES)}
    refused('"ts00" of brain is not among those of stimuli', other, models, stimuli=NAMES)
    refused('over different stimuli, 16 and 16: "ts00" of brain|"s00" of', other, models)
    refused('stimuli: has no column "stimulus"', brain, models,
            stimuli=pd.DataFrame({"name": NAMES}))  # fmt: skip
    refused('stimuli: "s00" comes twice', brain, models, stimuli=["s00", *NAMES[:-1]])


def test_distances_that_no_model_has_are_named_with_those_that_models_have():
    brain = iso.rdm(DEEP + RNG.standard_normal((3, N, 40)), ["correlation", "crossnobis"])
    models = {"net": iso.rdm({"deep": DEEP})}
    refused("has an RDM with distance squared_euclidean, only with correlation", brain, models)


def test_names_that_are_not_known_are_refused_with_the_nearest():
    refused('unknown measure "rhoa": did you mean "rho_a"', measure="rhoa")
    refused('unknown distance "corelation": did you mean "correlation"', distance="corelation")
    refused('unknown keyword resample, did you mean "resamples"', resample=3)
    refused('resamples: must be a whole number, not "many"', resamples="many")
    refused('correction: unknown "fdr", did you mean "fdr_by"', correction="fdr")
    refused('untrained: no model "nett", did you mean "net"', untrained={"nett": "net"})
    refused("brain: has no RDM with distance crossnobis, only with correlation",
            iso.rdm(DEEP), distance="crossnobis")  # fmt: skip


def test_measures_say_what_they_need():
    refused("cka takes the Gram matrix of features, .* some of these is not known", measure="cka")
    refused("cka takes the Gram matrix .* those of euclidean do not", measure="cka",
            distance="euclidean")  # fmt: skip
    refused("cka_feature_corrected needs features, which no RDM holds",
            measure="cka_feature_corrected")  # fmt: skip
    assert np.isfinite(estimates(VECTORS, measure="cka", distance="correlation")).all()


def test_settings_are_those_of_study_files():
    assert inference_of("compare", {}) == Inference()
    found = inference_of("select_layer", {"folds": 3, "resamples": 77}, "selection")
    assert (found.selection.folds, found.resamples) == (3, 77)
    assert found.selection.resamples == Inference().selection.resamples
    explained = inference_of("partial", {"resamples": 77, "splits": 2, "seed": 4}, "explain")
    assert (explained.explain.resamples, explained.explain.splits, explained.seed) == (77, 2, 4)
    assert explained.resamples == Inference().resamples


def test_groups_of_the_stimulus_table_are_drawn_as_one():
    table = pd.DataFrame({"stimulus": NAMES, "object": np.repeat(list("abcdefgh"), 2)})
    found = iso.compare(VECTORS, {"net": LAYERS}, stimuli=table, keep_together=["object"], **QUICK)
    assert set(found.table["n_groups"]) == {8}
    refused('stimuli: inference.keep_together: no column "objet"', stimuli=table,
            keep_together=["objet"])  # fmt: skip


def test_untrained_controls_are_one_model():
    untrained = {f"untrained {k}": RNG.standard_normal((N, 40)) for k in range(3)}
    models = {name: iso.rdm({name: x}) for name, x in untrained.items()}
    models["net"] = iso.rdm({"shallow": SHALLOW, "deep": DEEP})
    found = iso.compare(iso.rdm(DEEP + RNG.standard_normal((N, 40))), models,
                        untrained={"net": list(untrained)}, **QUICK)  # fmt: skip
    assert found.contrasts["n_seeds"].tolist() == [3]
    assert found.contrasts["difference"].item() > 0


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Layout:
    """A small study, compared and explained by its stages."""
    layout = write_study(tmp_path_factory.mktemp("in_hand"))
    settings = {**QUICK, "minimum_subjects": 2, "explain": {"controls": ["pixels"]}}
    spec = layout.study.spec
    spec = spec.model_copy(update={"inference": spec.inference.model_validate(settings)})
    layout = Layout(replace(layout.study, spec=spec), layout.root)
    compare.run(layout, "real")
    explain.run(layout, "real")
    return layout


def in_hand(layout):
    """Return what the stages read, as the library is given it."""
    models = {name: iso.load(layout.model_rdms("real", name))
              for name, _, _ in layout.study.instances_for("real")}  # fmt: skip
    return iso.load(layout.brain_rdms("real")), models


def same(found, kind, layout):
    expected = read_table(getattr(layout, kind)("real"), kind)
    given = found.tables[kind]
    assert list(given)[: len(TABLES[kind])] == list(TABLES[kind])
    for name in expected:
        if expected[name].dtype.kind in "if":
            np.testing.assert_allclose(
                pd.to_numeric(given[name], errors="coerce"),
                expected[name],
                atol=1e-12,
                err_msg=f"{kind}: {name}",
            )
        elif expected[name].dtype.kind != "b":
            assert given[name].astype(str).tolist() == expected[name].astype(str).tolist(), name


def test_tables_are_those_of_the_pipeline(study):
    brain, models = in_hand(study)
    table = read_table(study.stimuli("real"), "stimuli")
    controls = [name for name in models if name.startswith("net-untrained")]
    found = iso.compare(
        brain, models, study.study.spec.measures, stimuli=table,
        untrained={"net": controls}, dataset="real", minimum_subjects=2, **QUICK,
    )  # fmt: skip
    for kind in ("comparisons", "subjects", "regions", "preferences", "selection", "layers_in_set"):
        same(found, kind, study)
    assert len(found.contrasts) == len(read_table(study.contrasts("real"), "contrasts"))


def test_explanations_are_those_of_the_pipeline(study):
    brain, models = in_hand(study)
    table = read_table(study.partial("real"), "partial")
    found = iso.partial(
        brain, models, "pixels", study.study.spec.measures, dataset="real", minimum_subjects=2
    ).table
    keys = ["region", "model", "measure", "statistic"]
    ours = found.set_index(keys).loc[table.set_index(keys).index]
    np.testing.assert_allclose(ours["estimate"], table["estimate"], atol=1e-12)
    np.testing.assert_allclose(ours["standard_error"], table["standard_error"], atol=1e-12)


def test_partition_and_weights_and_recovery_answer_in_tables():
    brain = iso.rdm(np.hstack([SHALLOW, DEEP]), "squared_euclidean")
    made = {"low": {"low": SHALLOW}, "high": {"high": DEEP}}
    models = {name: iso.rdm(x, "squared_euclidean") for name, x in made.items()}
    shares = iso.partition(brain, models, "pearson", resamples=20).table.set_index("part")
    assert shares.loc["low", "variance"] == pytest.approx(0.5, abs=0.15)
    net = {"net": iso.rdm({"low": SHALLOW, "high": DEEP}, "squared_euclidean")}
    gain = iso.weighted(brain, net, "pearson", resamples=20).table
    assert gain.loc[gain["kind"] == "layers", "gain"].item() > 0.1
    found = iso.recover(SQUARE, {"net": LAYERS}, distance="correlation", simulations=4, tested=0)
    assert found.kind == "power"
    assert {"net", ""} == set(found.confusion["planted_model"])
    with pytest.raises(iso.IsomorphError, match="1 are given, expected two to four"):
        iso.partition(brain, net)
    with pytest.raises(iso.IsomorphError, match='controls: no model "lo", did you mean "low"'):
        iso.partial(brain, models, "lo")
    with pytest.raises(iso.IsomorphError, match="tau_a is not an inner product"):
        iso.partial(brain, models, "low", "tau_a", resamples=20)


def test_rdms_of_regions_are_written_as_the_message_says(tmp_path):
    brain = iso.rdm(DEEP + RNG.standard_normal((4, N, 40)), stimuli=NAMES)
    with pytest.raises(iso.IsomorphError, match=r'data.reset_index\("representation"\).to_netcdf'):
        iso.save(brain, tmp_path)
    brain.reset_index("representation").to_netcdf(tmp_path / "brain.nc")
    with xr.open_dataset(tmp_path / "brain.nc") as again:
        found = iso.compare(again, {"net": LAYERS}, **QUICK)
    pd.testing.assert_frame_equal(found.table, iso.compare(brain, {"net": LAYERS}, **QUICK).table)


def test_explanations_without_a_number_are_not_drawn():
    few = {"a": iso.rdm({"x": DEEP[:5], "y": SHALLOW[:5]}), "b": iso.rdm({"z": SHALLOW[:5]})}
    for explained in (iso.weighted, iso.partition):
        found = explained(iso.rdm(DEEP[:5]), few, resamples=20)
        assert not (found.table["status"] == "ok").any()
        with pytest.raises(iso.IsomorphError, match="plot: no row has all its numbers: "):
            found.plot()


def test_a_result_is_seen_in_a_notebook_and_as_a_figure():
    found = iso.compare({"IT": SQUARE, "V1": SQUARE[:, ::-1, ::-1]}, {"net": LAYERS}, **QUICK)
    page = found._repr_html_()
    assert page.count("<tr") == 3  # the head, and the best layer in either region
    assert "shallow" not in repr(found) or "deep" in repr(found)
    assert set(dir(found)) >= {"table", "ceiling", "layers_in_set", "selection", "differences"}
    with pytest.raises(AttributeError, match='have no selectoin, did you mean "selection"'):
        found.selectoin  # noqa: B018
    assert len(found.plot().axes) >= 2
    assert found.plot(region="IT").axes
    with pytest.raises(iso.IsomorphError, match='plot: no region "V2"'):
        found.plot(region="V2")
    assert iso.plot(iso.rdm(DEEP)).axes
    with pytest.raises(iso.IsomorphError, match="int has no figure"):
        iso.plot(3)


def test_the_order_of_a_recording_is_not_taken_for_that_of_arrays_without_names():
    order = RNG.permutation(N)
    trials = [NAMES[at] for at in [*order, *range(N)]]
    shown = np.concatenate([DEEP[order], DEEP]) + 0.1 * RNG.standard_normal((2 * N, 40))
    brain = iso.rdm(shown, stimuli=trials)
    named = {"net": iso.rdm({"deep": DEEP}, stimuli=NAMES)}
    for models in ({"net": iso.rdm({"deep": DEEP})}, {"net": 1 - np.corrcoef(DEEP)}):
        refused('model "net" does not name its stimuli, and those of brain stand', brain, models)
        # names given beside them are theirs, and the recording is lined up by its own
        np.testing.assert_allclose(
            estimates(brain, models, distance="correlation", stimuli=NAMES), estimates(brain, named)
        )
    table = pd.DataFrame(shown, index=trials)
    refused("order in which they were first shown", iso.rdm(table), {"net": iso.rdm({"a": DEEP})})
    ordered = iso.rdm(table, stimuli=NAMES)
    np.testing.assert_allclose(
        estimates(ordered, {"net": iso.rdm({"deep": DEEP})}), estimates(brain, named)
    )


def in_bins(*regions):
    """RDMs in four time bins under two distances, of which the last two follow `DEEP`."""
    trial = np.array([0.0, 0.2, 1.0, 2.0]) * DEEP[:, :, None]
    noise = RNG.standard_normal((3, *trial.shape))
    recorded = xr.Dataset(
        {"response": (("presentation", "unit", "time"), (trial + noise).reshape(-1, 40, 4))},
        {
            "stimulus": ("presentation", NAMES * 3),
            "repetition": ("presentation", np.repeat([0, 1, 2], N)),
            "region": ("unit", np.resize(regions, 40)),
            "time_start": ("time", [0.0, 0.1, 0.2, 0.3]),
            "time_stop": ("time", [0.1, 0.2, 0.3, 0.4]),
        },
    )
    return iso.rdm(recorded, ["correlation", "squared_euclidean"])


def test_comparisons_over_time_are_seen_over_time():
    names = ["correlation", "squared_euclidean"]
    models = {"net": iso.rdm({"deep": DEEP, "shallow": SHALLOW}, names, stimuli=NAMES)}
    found = iso.compare(in_bins("V4", "IT"), models, **QUICK)
    assert found.table.shape[0] == 2 * 4 * 2 * 2
    assert "time_start" in found._repr_html_()
    assert "time_start" in repr(found)
    assert "the best layer of each model, the first 12 shown" in found.summary
    figure = found.plot()
    assert [ax.get_title(loc="right") for ax in figure.axes] == ["IT", "V4"]
    for distance in names:
        (ax,) = found.plot(region="IT", distance=distance).axes
        line = max(ax.lines, key=lambda one: len(one.get_xdata()))
        np.testing.assert_allclose(line.get_xdata(), [0.05, 0.15, 0.25, 0.35])
        rows = found.table.query("region == 'IT' and distance == @distance and layer == 'deep'")
        np.testing.assert_allclose(line.get_ydata(), rows["estimate"])
    with pytest.raises(iso.IsomorphError, match='plot: no distance "correlatoin", did you mean'):
        found.plot(distance="correlatoin")
    one = in_bins("IT").isel(time=0)
    assert len(iso.plot(one, distance="correlation").axes) < len(iso.plot(one).axes)
    with pytest.raises(iso.IsomorphError, match='plot: no distance "cosine", known'):
        iso.plot(one, distance="cosine")
    titles = [ax.get_title(loc="left") for ax in iso.plot(in_bins("IT"), distance=names[0]).axes]
    assert "IT 0 to 100 ms · 1\n1 - Pearson correlation" in titles
    chosen = iso.select_layer(one, models, **QUICK)
    assert "squared_euclidean" in chosen._repr_html_()


@pytest.mark.parametrize(("measure", "says"), [
    ("cca", "as many dimensions as stimuli allow"),
    ("neg_riem_dist", "fewer dimensions than there are between stimuli"),
])  # fmt: skip
def test_a_row_says_why_its_measure_has_no_value(measure, says):
    brain = iso.rdm(DEEP, "squared_euclidean", subject="a")
    models = {"net": iso.rdm({"few": SHALLOW[:, :4], "many": SHALLOW}, "squared_euclidean")}
    table = iso.compare(brain, models, measure, costly_permutations=5, **QUICK).table
    row = table.set_index("layer").loc["few"]
    assert row["status"] == "undefined"
    assert says in row["reason"]
