"""The multiverse of distances and measures as one figure, and figures of what has no RDM."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from synthetic_study import scores_of, write_study

from isomorph.artefacts import read_array
from isomorph.figures.captioned import Drawable, drawings
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.geometry import layer_rdms, region_means
from isomorph.figures.main_rows import Family
from isomorph.figures.multiverse import (
    NO_SCORE,
    UNCALIBRATED,
    agreement_of,
    draw_multiverse,
    lines_of,
)
from isomorph.figures.style import FAINT, REGION
from isomorph.figures.titles import NO_RDM, distance_title, measure_label
from isomorph.inference import agreement as agreement_module
from isomorph.inference import model_scores as scores_module
from isomorph.inference.agreement import agreement
from isomorph.inference.model_scores import model_scores, winners
from isomorph.measures import FAMILIES, FEATURES, MEASURES
from isomorph.rdms import indexed
from isomorph.stages.figures import read_tables

MODELS = [
    Family("efficientnet", "EfficientNet-Lite0, trained on ImageNet", "trained", ("efficientnet",)),
    Family("untrained", "EfficientNet-Lite0, never trained", "untrained", ("u-0", "u-1")),
    Family("gabor", "Gabor pyramid", "baseline", ("gabor",)),
    Family("pixels", "Pixels", "baseline", ("pixels",)),
]
NAMES = ["efficientnet", "u-0", "u-1", "gabor", "pixels"]
OWNERS = {name: one.name for one in MODELS for name in one.instances}
SQUARED, CORRELATION = "squared_euclidean", "correlation"


def selection(scores):
    """Return rows of a region from scores by setting and model, calibrated ones .05 lower."""
    return pd.DataFrame(
        [{"dataset": "d", "simulated": False, "region": "IT", "time_start": np.nan,
          "time_stop": np.nan, "distance": distance, "measure": measure, "model": model,
          "layer": "only", "chosen_on": "other stimuli", "score": value, "estimate": value,
          "score_calibrated": value - 0.05, "reason": "" if np.isfinite(value) else "too few"}
         for (distance, measure), own in scores.items() for model, value in own.items()]
    )  # fmt: skip


def drawn(table, p=None):
    tests = pd.DataFrame(
        [{**row, "model_a": a, "model_b": b, "p_corrected": p}
         for row in table.drop_duplicates(["distance", "measure"]).to_dict("records")
         for a, b in combinations(dict.fromkeys(OWNERS.values()), 2)]
    )  # fmt: skip
    tables = {"comparisons": table, "selection": table,
              "differences": tests if p is not None else pd.DataFrame()}  # fmt: skip
    won = winners(tables, OWNERS)
    found = agreement(tables, OWNERS)
    return draw_multiverse(model_scores(table, OWNERS), won, found, MODELS)


def random_scores(settings, seed=0):
    rng = np.random.default_rng(seed)
    return selection({one: dict(zip(NAMES, rng.random(5), strict=True)) for one in settings})


def texts_of(figure):
    """Return every text that is seen, with the box that it fills."""
    figure.draw_without_rendering()
    found = []
    for ax in figure.axes:
        found += [ax.title, ax._left_title, ax.xaxis.label, *ax.texts]
        found += [*ax.get_xticklabels(), *ax.get_yticklabels()]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    return [(one.get_text(), one, one.get_window_extent()) for one in found
            if one.get_text() and one.get_visible()]  # fmt: skip


@pytest.fixture
def thirty(monkeypatch):
    """Settings of thirty measures of ten families or more, some under several distances."""
    family = {f"some_measure_{n}": list(FAMILIES)[n // 3] for n in range(30)}
    family |= {name: measure.family for name, measure in MEASURES.items()}
    for module in (scores_module, agreement_module):
        monkeypatch.setattr(module, "family_of", family.get)
    return [
        (distance, name)
        for name in family
        for distance in ("crossvalidated_euclidean", CORRELATION, SQUARED, FEATURES)
        if (MEASURES[name].accepts(distance) if name in MEASURES else distance == SQUARED)
    ]


def test_thirty_measures_of_ten_families_are_readable(thirty):
    figure = drawn(random_scores(thirty))
    seen = texts_of(figure)
    whole = figure.bbox
    for words, text, box in seen:
        assert box.x0 >= whole.x0 - 1, words
        assert box.x1 <= whole.x1 + 1, words
        assert box.y0 >= whole.y0 - 1, words
        assert box.y1 <= whole.y1 + 1, words
        assert text.get_fontsize() >= 7
    level = [(words, box) for words, text, box in seen if not text.get_rotation()]
    for (one, a), (other, b) in combinations(level, 2):
        # Boxes hold room for letters that are not there: a point of it may be shared.
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) < 1 or min(a.y1, b.y1) - max(a.y0, b.y0) < 1
        assert apart, f"{one} on {other}"
    # Names that are turned lie beside each other, all below everything else.
    turned = [box for _, text, box in seen if text.get_rotation()]
    lowest = min(box.y0 for _, box in level)
    assert len(turned) == len(FAMILIES)
    assert all(box.y1 <= lowest + 4 for box in turned)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert [name for name in names if name in {one.title for one in FAMILIES.values()}] == [
        one.title for one in FAMILIES.values()
    ]
    assert len(names) == len(FAMILIES) + len(thirty)
    top, bottom = (ax.get_window_extent() for ax in figure.axes)
    assert top.width > 300
    assert bottom.width / len(FAMILIES) > 30
    assert NO_RDM in [words for words, *_ in seen]


def test_settings_stand_by_family_in_the_order_of_the_families(thirty):
    shuffled = [thirty[at] for at in np.random.default_rng(2).permutation(len(thirty))]
    lines = lines_of(model_scores(random_scores(shuffled), OWNERS))
    assert [one.family for one in lines if one.setting is None] == list(FAMILIES)
    alone = lines_of(model_scores(random_scores([(SQUARED, "rho_a"), (CORRELATION, "rho_a")]), {}))
    assert [one.setting for one in alone] == [(SQUARED, "rho_a"), (CORRELATION, "rho_a")]


@pytest.mark.parametrize(("p", "colour"), [(0.01, REGION), (0.5, FAINT), (None, FAINT)])
def test_the_winner_is_circled_at_its_calibrated_score_the_mean_of_its_seeds(p, colour):
    scores = {"efficientnet": 0.3, "u-0": 0.5, "u-1": 0.3, "gabor": 0.1, "pixels": np.nan}
    figure = drawn(selection({(SQUARED, "rho_a"): scores, (SQUARED, "cka"): scores}), p)
    rings = [one for one in figure.axes[0].collections if not len(one.get_facecolors())]
    assert [one.get_offsets().tolist() for one in rings] == [[[0.35, 1]], [[0.35, 3]]]
    assert {to_hex(one.get_edgecolor()[0]) for one in rings} == {colour}
    dots = [one for one in figure.axes[0].collections if len(one.get_facecolors())]
    assert sorted({round(float(one.get_offsets()[0, 0]), 6) for one in dots}) == [0.05, 0.25, 0.35]
    looks = {(to_hex(one.get_facecolor()[0]), str(one.get_paths()[0])) for one in dots}
    assert len(looks) == 3
    key = [text.get_text() for text in figure.legends[0].get_texts()]
    assert key[:3] == [one.title for one in MODELS[:3]]
    assert key[-1] == {0.01: "highest, told apart from the second", 0.5: "highest, not told apart",
                       None: "highest"}[p]  # fmt: skip


def test_scores_at_chance_do_not_fill_the_panel():
    own = {(CORRELATION, "rho_a"): dict.fromkeys(NAMES, 0.05) | {"gabor": 0.0505},
           (CORRELATION, "cka"): dict.fromkeys(NAMES, 0.05)}  # fmt: skip
    figure = drawn(selection(own))
    assert figure.axes[0].get_xlim()[1] >= 0.1


def test_what_has_no_score_says_so_in_its_line():
    table = random_scores([(SQUARED, "rho_a"), (SQUARED, "cka"), (SQUARED, "cosine")])
    table.loc[table["measure"] == "cka", "score_calibrated"] = np.nan
    table.loc[table["measure"] == "cosine", ["score", "score_calibrated"]] = np.nan
    figure = drawn(table)
    said = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[said[UNCALIBRATED]] == measure_label("cka")
    assert names[said[NO_SCORE]] == measure_label("cosine")


def test_families_are_set_against_each_other_or_else_the_settings_of_one():
    rng = np.random.default_rng(4)
    settings = [(SQUARED, "rho_a"), (CORRELATION, "rho_a"), (SQUARED, "cka")]
    tables = {"selection": random_scores(settings)}
    tables["comparisons"] = tables["selection"]
    found = agreement(tables, OWNERS)
    names, table = agreement_of(found)
    assert names == ["RSA", "kernels"]
    rows = found[(found["over"] == "models") & (found["compared"] == "families")]
    expected = rows.set_index(["family_a", "family_b"])["kendall_tau_b"]
    assert table[0, 1] == table[1, 0] == expected["rsa", "kernel"]
    assert np.isnan(table[1, 1])  # one setting alone
    alone = random_scores([(SQUARED, "rho_a"), (CORRELATION, "rho_a"), (SQUARED, "cosine")])
    names, table = agreement_of(agreement({"comparisons": alone, "selection": alone}, OWNERS))
    assert names[1] == f"rho-a\n{CORRELATION}"
    assert np.diag(table).tolist() == [1, 1, 1]
    np.testing.assert_array_equal(table, table.T)
    two = random_scores(settings[:2], rng.integers(9))
    assert agreement_of(agreement({"comparisons": two, "selection": two}, OWNERS)) is None


# ---------------------------------------------------------------- names


def test_no_two_measures_have_one_label():
    labels = {name: measure_label(name) for name in [*MEASURES, "cka_rbf(0.2)"]}
    assert len(set(labels.values())) == len(labels)
    assert labels["rho_a"] == "rho-a"
    assert measure_label("of_another_package") == "of another package"


# ---------------------------------------------------------------- no RDM


def test_where_the_main_measure_compares_features_every_figure_is_drawn_all_the_same(tmp_path):
    layout = write_study(tmp_path, datasets=("real",))
    tables = read_tables(layout, "real")
    settings = [(FEATURES, "cka_feature_corrected"), ("correlation", "rho_a")]
    comparisons = tables["comparisons"]
    alike = comparisons["measure"] == "rho_a"
    features = comparisons[alike].assign(distance=FEATURES, measure="cka_feature_corrected")
    scored = scores_of(layout, "real", None, settings)
    study = layout.study
    asked = study.spec.model_copy(update={"measures": ("cka_feature_corrected", "rho_a")})
    study = type(study)(**{**vars(study), "spec": asked})
    both = pd.concat([features, comparisons[alike]], ignore_index=True)
    results = DatasetResults(study, "real", {**tables, **scored, "comparisons": both})
    assert {one.distance for one in results.shown} == {FEATURES}
    brain = indexed(read_array(layout.brain_rdms("real"), "rdms"))
    models = {
        name: indexed(read_array(layout.model_rdms("real", name), "rdms"))
        for name, _, _ in layout.study.instances()
    }
    stimuli = pd.DataFrame({"stimulus": brain["stimulus"].values.tolist()})
    made = {one.kind: one for one in drawings(Drawable(results, brain, models, stimuli))}
    assert {"profile", "overview", "map", "multiverse"} <= set(made)
    assert "rdms" not in made
    said = made["profile"].caption
    assert "between the features of beta and those of each layer" in said
    assert NO_RDM in said
    assert distance_title("correlation") in made["map"].caption
    assert NO_RDM not in made["map"].caption


def test_features_are_no_rdm_whatever_a_file_calls_so():
    brain, layers = pd.DataFrame().to_xarray(), pd.DataFrame().to_xarray()
    assert region_means(brain, FEATURES, []) == {}
    assert layer_rdms(layers, FEATURES, []) == {}
