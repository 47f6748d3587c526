"""Frames of films and bins of variables: blocks, gaps and shifts, and never a plain exchange."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

import isomorph as iso
from isomorph.artefacts import Provenance, write_table
from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError
from isomorph.inference.gather import Candidates
from isomorph.inference.likeness import lags_of_rdm, lags_of_responses
from isomorph.inference.marked_rows import marked
from isomorph.inference.members import ModelFamily
from isomorph.inference.on_axes import NOT_TOLD, OnAxes, on_axes
from isomorph.inference.permutation import Shuffling, shuffled
from isomorph.inference.places import places_of
from isomorph.inference.setting import UNSHUFFLED, UNSURE, Setting, make_draws, signs_where_enough
from isomorph.inference.shifts import by_lag, lags, less_course, not_shifted, shifts
from isomorph.inference.stimulus_splits import Stimuli, dealt, halves
from isomorph.inference.trust.layers import SomeStimuli
from isomorph.inference.trust.told_apart import Terms
from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import pair_indices
from isomorph.prediction import folds_of
from isomorph.report.methods import _along as page_words
from isomorph.stages.common import followed
from isomorph.stages.levels import compared_axes
from isomorph.study import Inference
from isomorph.study._mistakes import _mistakes_of_blocks
from isomorph.study.axes import StimulusAxis

FILM = StimulusAxis("time", None, "film")
HEADING = StimulusAxis("heading", 360.0)


def film_table(*lengths, every=0.5):
    """Frames of films one after another, in a random order of rows."""
    rows = [
        {"stimulus": f"{film}_{frame:03d}", "film": film, "frame": frame, "time": every * frame}
        for film, length in zip("abcdefghij", lengths, strict=False)
        for frame in range(length)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0, ignore_index=True)


def ring_table(n=36, without=()):
    kept = [k for k in range(n) if k not in without]
    names = [f"h{k:02d}" for k in kept]
    return pd.DataFrame({"stimulus": names, "heading": 360 / n * np.array(kept)})


def grid_table(rows=6, columns=8):
    x, y = (each.ravel() for each in np.indices((rows, columns)))
    names = [f"{a}_{b}" for a, b in zip(x, y, strict=True)]
    return pd.DataFrame({"stimulus": names, "x": x * 0.1, "y": y * 5.0})


def along(table, axes=(FILM,), lag=4, keep_together=(), **blocks) -> OnAxes:
    inference = Inference.model_validate({"blocks": blocks, "keep_together": keep_together})
    return on_axes(table, axes, inference, lambda places: [lag] * len(axes), "study.yaml")


def course(rng, n, features, constant):
    keep = np.exp(-1 / constant)
    fresh = rng.standard_normal((n + 50, features))
    return lfilter([np.sqrt(1 - keep**2)], [1, -keep], fresh, axis=0)[50:]


def squared(patterns):
    i, j = pair_indices(len(patterns))
    return ((patterns[i] - patterns[j]) ** 2).mean(axis=1)


def test_blocks_are_contiguous_within_films_and_as_long_as_the_rest_allows():
    table = film_table(40, 21, 3)
    found = along(table, length=5.0)
    own = table.assign(block=found.groups).sort_values(["film", "frame"])
    assert (own.groupby("film")["block"].diff().dropna().isin([0, 1])).all()
    assert own.groupby("film")["block"].nunique().tolist() == [4, 2, 1]
    assert sorted(own.groupby("block").size()) == [3, 10, 10, 10, 10, 10, 11]
    # Chosen: twice as far as neighbours are alike, four frames of half a second.
    chosen = along(table, lag=4)
    assert chosen.lengths.tolist() == [4.0]
    assert chosen.gaps.tolist() == [2.0]
    assert chosen.chosen
    assert along(table, length=5.0, keep_together=("film",)).n_blocks == 3


def test_blocks_of_two_variables_are_tiles():
    found = along(
        grid_table(), (StimulusAxis("x"), StimulusAxis("y")), length={"x": 0.2, "y": 20.0}
    )
    assert found.n_blocks == 6
    assert np.bincount(found.groups).tolist() == [8] * 6


def test_every_shift_keeps_courses_and_turns_each_once_around():
    table = film_table(30)
    places = places_of(table, (FILM,), "")
    orders = shifts(places, 500, np.random.default_rng(0))
    assert len(orders) == 29 == len(np.unique(orders, axis=0))
    frames = table["frame"].to_numpy()
    first = np.argsort(frames)
    steps = (frames[orders[:, first]] - frames[first]) % 30
    assert (steps == steps[:, :1]).all()
    assert sorted(steps[:, 0]) == list(range(1, 30))
    films = film_table(9, 7)
    both = shifts(places_of(films, (FILM,), ""), 40, np.random.default_rng(0))
    own = films["film"].to_numpy()
    assert both.shape == (40, 16)
    assert (own[both] == own).all()
    assert len(shifts(places_of(films, (FILM,), ""), 62, np.random.default_rng(0))) == 62


def test_shifts_are_preferred_where_there_are_a_hundred_or_few_blocks():
    assert along(film_table(100), lag=2).exchange == "shifts"
    assert along(film_table(99), lag=2).exchange == "blocks"
    assert along(film_table(99), lag=20).exchange == "shifts"


def test_rotations_of_a_ring_and_of_a_torus_keep_every_distance():
    ring = along(ring_table(), (HEADING,), lag=3)
    assert ring.exchange == "shifts"
    assert ring.n_blocks == 6
    assert "not known" in ring.told["words"]
    assert ring.lag is None  # nothing to set right
    lag = lags(ring.places)
    orders = ring.orders(1000, np.random.default_rng(0))
    assert len(orders) == 35
    assert (shuffled(lag[None].astype(float), orders)[:, 0] == lag).all()
    axes = (StimulusAxis("x", 0.6), StimulusAxis("y", 40.0))
    torus = along(grid_table(), axes, exchange="shifts")
    orders = torus.orders(1000, np.random.default_rng(0))
    assert len(orders) == 47 == len(np.unique(orders, axis=0))
    own = lags(torus.places).astype(float)
    assert (shuffled(own[None], orders)[:, 0] == own).all()


def test_what_is_near_is_near_around_and_never_in_another_film():
    frames = along(film_table(12, 12), gap=1.0, length=2.0)
    held = np.isin(frames.table["stimulus"], ["a_000", "b_011"])
    out = set(frames.table["stimulus"][frames.near.beside(held)])
    assert out == {"a_000", "a_001", "a_002", "b_009", "b_010", "b_011"}
    ring = along(ring_table(), (HEADING,), gap=20.0, length=40.0)
    out = ring.near.beside(ring.table["stimulus"] == "h00")
    assert set(ring.table["stimulus"][out]) == {"h00", "h01", "h02", "h34", "h35"}
    again = film_table(12).assign(duplicate_of="")
    again.loc[again["frame"] == 9, "duplicate_of"] = "a_001"
    out = along(again, gap=0.0, length=2.0).near.beside(again["frame"].to_numpy() == 1)
    assert set(again["stimulus"][out]) == {"a_001", "a_009"}


def test_no_part_is_chosen_on_within_a_gap_of_what_is_scored():
    table = film_table(60, 60)
    found = along(table, lag=3)
    stimuli = Stimuli(table, [], "study.yaml", found.groups, found)
    inference = Inference.model_validate({"resamples": 60, "permutations": 30})
    draws = make_draws({"IT": 1}, stimuli, inference, [0])
    assert not draws.exact_for(MEASURES["pearson"])
    assert draws.splits.told == "random, of blocks with gaps, 5 parts drawn 10 times"
    for sides in (draws.splits.sides, draws.splits.redrawn):
        chosen, scored = (
            np.moveaxis(one, -1, 0).reshape(120, -1) for one in (sides.chosen_on, sides.scored_on)
        )
        for on, by in zip(scored.T > 0, chosen.T > 0, strict=True):
            assert not (found.near.beside(on) & by).any()
    assert (draws.splits.sides.chosen_on.sum(axis=-1) >= 55).all()
    # A stretch has two ends in all, where blocks at random have twice as many as blocks.
    part = dealt(found.groups, 2, np.random.default_rng(1), found)
    assert np.abs(np.diff(part[found.places.order])).sum() <= 2
    for fitted, on in halves(found.groups, 5, np.random.default_rng(0), found):
        held = np.isin(np.arange(120), on)
        assert not found.near.beside(held)[fitted].any()
        assert len(fitted) > 40
    for fold in folds_of(found.groups % 4, found.groups, found.near):
        assert not found.near.beside(np.isin(np.arange(120), fold.test))[fold.train].any()


def test_measures_that_hold_out_leave_the_gap():
    rng = np.random.default_rng(0)
    table = film_table(80).sort_values("frame", ignore_index=True)
    found = along(table, length=4.0, gap=4.0)

    def stack(features, **facts):
        return Stack(
            squared(features)[None],
            facts={"features": [features], "groups": [found.groups], **facts},
        )

    gap = {"margins": [found.margins]}
    for name in ("ridge", "cca_ridge"):
        torn, apart = [], []
        for _ in range(6):
            x, y = (course(rng, 80, 30, 6.0) for _ in range(2))
            torn.append(MEASURES[name].pair(stack(x), stack(y)))
            apart.append(MEASURES[name].pair(stack(x, **gap), stack(y, **gap)))
        assert np.mean(apart) < np.mean(torn), name


def test_how_far_neighbours_are_alike_is_found_from_rdms_and_responses():
    rng = np.random.default_rng(0)
    table = film_table(200, every=1.0).sort_values("frame", ignore_index=True)
    places = places_of(table, (FILM,), "")
    slow, white = course(rng, 200, 300, 3.0), rng.standard_normal((200, 300))
    assert lags_of_rdm(squared(slow), places)[0] in (6, 7, 8, 9)  # 1 + 2.3 time constants
    assert lags_of_responses({"IT": {"m": slow}}, places) == lags_of_rdm(squared(slow), places)
    assert lags_of_rdm(squared(white), places) == [1]
    angle = np.deg2rad(ring_table()["heading"].to_numpy())
    ring = places_of(ring_table(), (HEADING,), "")
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert lags_of_rdm(squared(around), ring)[0] == 9  # a quarter of the ring


def test_change_that_both_have_by_time_alone_is_left_in_every_order():
    rng = np.random.default_rng(1)
    table = film_table(40).sort_values("frame", ignore_index=True)
    found = along(table, exchange="shifts")
    i, j = pair_indices(40)
    band = np.minimum(np.abs(i - j), 6).astype(float)
    orders = found.orders(100, rng)
    for name in ("pearson", "rho_a", "tau_a", "knn_jaccard"):
        measure = MEASURES[name]
        (null,) = Shuffling(band[None], measure, orders, lag=found.lag).nulls([band[None]])
        (torn,) = Shuffling(band[None], measure, orders).nulls([band[None]])
        assert null.p == 1, name
        assert torn.p < 0.05, name
    own = rng.random((2, len(i)))
    left = by_lag(own, found.lag)
    np.testing.assert_allclose(
        [np.bincount(found.lag, one) for one in left],
        [np.bincount(found.lag, one) for one in own],
    )


def test_a_slow_drift_of_both_is_left_in_every_order():
    rng = np.random.default_rng(2)
    table = film_table(40).sort_values("frame", ignore_index=True)
    found = along(table, exchange="shifts")
    drift = np.linspace(-1, 1, 40)[:, None]
    sides = [
        np.stack([
            squared(2 * drift * rng.choice([-1, 1], 30) + rng.normal(size=(40, 30)))
            for _ in range(12)
        ])
        for _ in range(2)
    ]  # fmt: skip
    orders = found.orders(100, rng)
    for name in ("pearson", "cka", "cka_biased", "distance_correlation", "decodability"):
        measure = MEASURES[name]
        nulls, torn = (
            Shuffling(sides[0], measure, orders, lag=lag).nulls([one[None] for one in sides[1]])
            for lag in (found.lag, None)
        )
        assert np.mean([one.p < 0.05 for one in torn]) > 0.8, name
        # Not .05: a drift also makes noise at both ends count more in every product.
        assert np.mean([one.p < 0.05 for one in nulls]) < 0.25, name


def test_what_never_ceases_to_be_alike_has_no_test():
    for axes, table in (((FILM,), film_table(40, 30)), ((HEADING,), ring_table(36, (3,)))):
        for lag, drifts in ((4, False), (20, True)):
            found = along(table, axes, lag=lag, exchange="shifts")
            told = drifts and axes == (FILM,)
            assert ("slow drift" in found.untested) == told
            assert bool(len(found.orders(50, np.random.default_rng(0)))) != told
            # What chance gives on average is known from a few shifts.
            assert len(found.orders(50, np.random.default_rng(0), tested=False))
    table = grid_table(10, 10)
    plane = (StimulusAxis("x", None), StimulusAxis("y", None))
    for lag, drifts in ((3, False), (5, True)):
        assert ("slow drift" in along(table, plane, lag=lag, exchange="shifts").untested) == drifts
    given = along(film_table(40), lag=20, exchange="shifts", length=30.0)
    assert not given.untested


def test_what_distance_and_stimuli_add_up_to_is_taken_out_as_one():
    rng = np.random.default_rng(3)
    places = places_of(film_table(7, 5), (FILM,), "")
    lag, (i, j) = lags(places), pair_indices(12)
    band, own = rng.random(lag.max() + 1), rng.random(12)
    values = rng.random((2, len(lag)))
    added = values + band[lag] + own[i] + own[j]
    left = less_course(added, lag)
    np.testing.assert_allclose(left, less_course(values, lag), atol=1e-12)
    design = np.column_stack([
        lag[:, None] == np.arange(lag.max() + 1),
        (i[:, None] == np.arange(12)) | (j[:, None] == np.arange(12)),
    ]).astype(float)  # fmt: skip
    fitted = design @ np.linalg.lstsq(design, added.T, rcond=None)[0]
    np.testing.assert_allclose(left, added - fitted.T, atol=1e-12)


def settings(**blocks):
    return {"along": [{"column": "time", "within": "film"}], **blocks}


@pytest.fixture(scope="module")
def film():
    """A region and layers of a film of 80 frames, all slow, one layer related to the region."""
    rng = np.random.default_rng(3)
    table = film_table(80).sort_values("frame", ignore_index=True)
    truth, *own = (course(rng, 80, 12, 1.0) for _ in range(4))
    names = table["stimulus"].tolist()
    brain = [
        iso.rdm(truth + 0.5 * rng.standard_normal(truth.shape), stimuli=names, subject=s,
                region=region)
        for s in "ab" for region in ("V1", "IT")
    ]  # fmt: skip
    layers = {"related": np.hstack([truth, own[0]]), "other": own[1], "third": own[2]}
    return table, brain, {"net": iso.rdm(layers, stimuli=names)}


QUICK = {"resamples": 50, "permutations": 100, "selection": {"repeats": 1, "resamples": 50}}


def test_tables_say_what_was_exchanged_and_drawn(film):
    table, brain, models = film
    notes = {}
    said = {"shifts": "stimuli shifted along time, 80 orders",
            "blocks": "blocks of 4 of time exchanged"}  # fmt: skip
    for how, words in said.items():
        found = iso.compare(
            brain, models, stimuli=table, blocks=settings(length=4.0, exchange=how), **QUICK
        )
        rows = found.table.set_index(["region", "layer"])
        assert rows["p_note"].str.contains(words).all()
        assert rows["scheme"].str.startswith("blocks of stimuli").all()
        assert rows.loc[("IT", "related"), "p"] < 0.05
        notes[how] = rows["p"]
        assert found.tables["regions"]["p"].notna().all()
    # 79 shifts, and no smaller p than one in 80.
    in_eightieths = 80 * notes["shifts"]
    np.testing.assert_allclose(in_eightieths, in_eightieths.round(), atol=1e-9)
    assert in_eightieths.round().min() >= 1


def test_too_few_blocks_have_shifts_and_no_intervals(film):
    table, brain, models = film
    rows = iso.compare(
        brain[0], models, stimuli=table, blocks=settings(length=8.0), **QUICK
    ).table  # five blocks
    assert rows["p"].notna().all()
    assert rows["p_note"].str.contains("shifted").all()
    assert rows["interval_low"].isna().all()
    assert rows["reason"].str.contains("5 groups of stimuli cannot tell").all()
    rows = iso.compare(
        brain[0], models, stimuli=table, blocks=settings(length=8.0, exchange="blocks"), **QUICK
    ).table
    assert rows["p"].isna().all()


def test_measures_of_features_without_a_gap_have_no_test(film):
    table, _brain, _models = film
    found = along(table, length=4.0)
    for name, able in (("procrustes", False), ("cka_feature_corrected", False), ("ridge", True),
                       ("cka", True), ("tau_a", True), ("mutual_knn", True)):  # fmt: skip
        assert found.tells(MEASURES[name]) == able, name
    stimuli = Stimuli(table, [], "study.yaml", found.groups, found)
    draws = make_draws({"IT": 1}, stimuli, Inference(resamples=10, permutations=20), [0])
    assert not len(draws.orders_for(MEASURES["procrustes"]))
    assert draws.untested(MEASURES["procrustes"]) == NOT_TOLD
    around = along(ring_table(), (HEADING,), exchange="shifts")
    assert around.tells(MEASURES["procrustes"])  # rotations keep every distance


def test_explanations_and_predictions_run_on_blocks(film):
    table, brain, models = film
    blocks = settings(length=4.0)
    models = {"net": models["net"], "second": models["net"].isel(layer=[1])}
    found = iso.partition(
        brain[0], models, stimuli=table, splits=2, resamples=50, blocks=blocks
    ).table
    assert found["scheme"].str.startswith("blocks of stimuli").all()
    assert np.isfinite(found["variance"]).all()
    rng = np.random.default_rng(0)
    rows = iso.predict(
        rng.standard_normal((80, 5)), {"a": {"one": rng.standard_normal((80, 4))}}, "ridge",
        stimuli=table, permutations=30, resamples=20, blocks=blocks,
    ).table  # fmt: skip
    assert rows["p_note"].str.contains("blocks of 4 of time exchanged").any()


def test_data_like_those_of_a_film_are_simulated_and_tested_as_it_is():
    rng = np.random.default_rng(5)
    table = film_table(60).sort_values("frame", ignore_index=True)
    found = along(table, length=2.0, exchange="shifts")
    layers = np.stack([squared(course(rng, 60, 10, 2.0)) for _ in range(2)])
    inference = Inference(recovery={"simulations": 10})
    setting = Setting("d", True, "squared_euclidean", MEASURES["pearson"], inference)
    candidates = Candidates(
        pd.DataFrame({"model": ["a", "b"], "layer": ["x", "y"], "depth": [0, 0]}), layers
    )
    families = [ModelFamily("a", ("a",)), ModelFamily("b", ("b",))]
    terms = Terms(setting, families, table, found.groups, "study.yaml", found)
    whole = SomeStimuli(candidates, [MEASURES["pearson"]], terms, None, [0])
    assert not whole.exact
    assert len(whole.orders) == 59
    look = whole.seen.look(layers[:1, None])
    shuffled_ = look.shuffled(1, whole.orders, whole.lag)["pearson"][:, 0, 0]
    (null,) = Shuffling(layers[1:], MEASURES["pearson"], whole.orders, lag=whole.lag).nulls(
        [layers[:1]]
    )
    # There the layer is shifted, here the region: the same orders, backwards.
    np.testing.assert_allclose(np.sort(shuffled_), np.sort(null.shuffled[:, 0]), atol=1e-10)
    kept = terms.part(30, rng)
    assert np.ptp(np.flatnonzero(kept[found.places.order])) == 29
    part = terms.on(kept)
    assert part.along.n_blocks == 7
    assert len(SomeStimuli(candidates, [], terms, kept, [0]).orders) == 29


def test_so_many_frames_are_not_shuffled_and_never_by_exact_moments():
    table = film_table(50).sort_values("frame", ignore_index=True)
    found = along(table, length=2.0)
    stimuli = Stimuli(table, [], "study.yaml", found.groups, found)
    inference = Inference(resamples=10, permutations=0)
    draws = make_draws({"IT": 1}, stimuli, inference, [0], many=True)
    assert not draws.exact_for(MEASURES["pearson"])
    assert draws.untested(MEASURES["pearson"]) == UNSHUFFLED
    assert draws.lag is None
    assert draws.unsure == UNSURE


def test_the_jackknife_is_not_heeded_over_blocks():
    found = along(film_table(240), length=1.0)
    assert found.n_blocks == 120
    for spread in ("auto", "jackknife", "bootstrap"):
        assert signs_where_enough(found.groups, Inference(spread=spread), found) is None
    assert signs_where_enough(found.groups, Inference()) is not None


def test_the_page_says_which_blocks_gaps_and_orders_there_were(tmp_path):
    found = along(film_table(80), lag=2, exchange="shifts")
    file = tmp_path / "comparisons.csv"
    layout = SimpleNamespace(path=lambda *_: file)
    assert page_words(layout, "d") == ""
    noted = followed(SimpleNamespace(along=found))
    stamp = Provenance("compare", noted=noted)
    write_table(file, ordered(pd.DataFrame(), "comparisons"), "comparisons", stamp)
    words = page_words(layout, "d")
    assert "20 blocks of 2 of time (twice as far as neighbours are alike)" in words
    assert "within 1 of time of one that is scored" in words
    assert "stimuli shifted along time, 80 orders" in words
    assert followed(SimpleNamespace(along=None)) == {}


def test_no_more_shifts_are_asked_for_than_there_are():
    found = along(film_table(40), exchange="shifts")
    note = "39 costly permutations cannot give a corrected p below .03: ask for at least 59"
    rows = pd.DataFrame({"p": [0.1, np.nan], "p_note": [note, "why"], "scheme": ["stimuli", ""]})
    own = marked({"comparisons": rows, "selection": rows[["scheme"]]}, found)
    assert own["comparisons"]["p_note"].tolist() == [
        "stimuli shifted along time, 40 orders; 39 shifts cannot give a corrected p below .03; "
        "there are no more", "why",
    ]  # fmt: skip
    assert own["selection"]["scheme"].tolist() == ["blocks of stimuli", ""]
    assert marked({"comparisons": rows}, None)["comparisons"] is rows


def test_what_no_shift_changes_is_not_tested():
    """An ideal ring is the same wherever it begins: a p of 1 would not be one of a test."""
    found = along(ring_table(), axes=(HEADING,), exchange="shifts")
    rows = pd.DataFrame({
        "estimate": [0.35, 0.35, 0.2], "chance": [0.35 + 1e-16, 0.1, np.nan], "p": [1.0, 1.0, 1.0],
        "p_corrected": 1.0, "calibrated": 0.0, "p_note": "",
    })  # fmt: skip
    own = marked({"comparisons": rows}, found)["comparisons"]
    assert own["p"].isna().tolist() == [True, False, False]
    assert own["p_corrected"].isna().tolist() == own["calibrated"].isna().tolist()
    assert own["p_note"][0].startswith("not tested: no shift or exchange of the stimuli changes")
    assert own["p_note"][1] == "stimuli shifted along heading, 36 orders"
    best = pd.DataFrame({
        "maximum": [0.35], "maximum_chance": 0.35, "maximum_p": 1.0, "maximum_calibrated": 0.0,
    })  # fmt: skip
    own = marked({"selection": best}, found)["selection"]
    assert own[["maximum_p", "maximum_calibrated"]].isna().all(axis=None)


def test_a_ring_is_not_tested_against_an_ideal_one():
    table = ring_table()
    draw = np.random.default_rng(0)
    angle = np.deg2rad(table["heading"].to_numpy())
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    units = ring @ draw.normal(size=(2, 40)) + draw.normal(size=(4, 36, 40))
    brain = iso.rdm(units, "crossnobis", region="ADN", stimuli=table["stimulus"].tolist())
    ideal = iso.rdm(
        {"ring": ring, "other": draw.normal(size=(36, 5))}, "crossnobis", model="net",
        stimuli=table["stimulus"].tolist(),
    )  # fmt: skip
    blocks = {"along": [{"column": "heading", "period": 360}], "length": 100, "gap": 40}
    found = iso.compare(
        brain, ideal, "rho_a", stimuli=table, blocks=blocks, resamples=20, permutations=50
    ).table.set_index("layer")
    assert np.isnan(found.loc["ring", "p"])
    assert np.isfinite(found.loc["other", "p"])
    assert np.isnan(found.loc["ring", "calibrated"])
    assert found.loc["ring", "estimate"] > 0.8


def test_settings_of_blocks_change_nothing_where_nothing_follows(film):
    table, brain, models = film
    plain = iso.compare(brain[0], models, stimuli=table, **QUICK)
    asked = iso.compare(
        brain[0], models, stimuli=table, blocks={"length": 3.0, "gap": 1.0, "exchange": "blocks"},
        **QUICK,
    )  # fmt: skip
    assert plain.tables.keys() == asked.tables.keys()
    for name, one in plain.tables.items():
        pd.testing.assert_frame_equal(one, asked.tables[name])


PLANE = (StimulusAxis("x"), StimulusAxis("y"))
SHIFTS = {"exchange": "shifts"}
REFUSED = {
    "exchange: stimuli: neighbours along time are answered alike":
        (film_table(40), (FILM,), {"exchange": "stimuli"}),
    "12 shifts along time are too few": (film_table(12), (FILM,), SHIFTS),
    "holds a single stimulus, and neighbours are 0.5 apart; expected at least 1":
        (film_table(40), (FILM,), {"length": 0.7}),
    'no column "time"': (film_table(40).drop(columns="time"), (FILM,), {}),
    'holds "n/a" for': (film_table(40).assign(time="n/a"), (FILM,), {}),
    "the period 6.283, and its values run from 0 to 350":
        (ring_table(), (StimulusAxis("heading", 6.283),), {}),
    "another stimulus stands where": (film_table(20, 20), (StimulusAxis("time"),), {}),
    "5 of 36 places along heading have no stimulus":
        (ring_table(without=range(5)), (HEADING,), SHIFTS),
    "1 of 48 places along x and y have no stimulus": (grid_table()[1:], PLANE, SHIFTS),
    'names x, and stimuli also follow "y"': (grid_table(), PLANE, {"length": {"x": 0.2}}),
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(words):
    table, axes, blocks = REFUSED[words]
    with pytest.raises(IsomorphError) as refused:
        along(table, axes, **blocks)
    assert words in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_a_study_that_exchanges_frames_is_refused_before_anything_is_computed():
    def mistakes(axes=(FILM,), **blocks):
        inference = Inference.model_validate({"blocks": blocks})
        study = SimpleNamespace(spec=SimpleNamespace(inference=inference))
        dataset = SimpleNamespace(name="movies", stimuli=SimpleNamespace(axes=axes))
        return list(_mistakes_of_blocks(study, dataset))

    (plain,) = mistakes(exchange="stimuli")
    assert plain.startswith(
        'inference.blocks.exchange: stimuli, of the dataset "movies": neighbours along time'
    )
    (lacking,) = mistakes(PLANE, gap={"x": 1.0})
    assert "inference.blocks.gap: names x, and stimuli of the dataset" in lacking
    assert mistakes(exchange="blocks", length={"time": 3.0}) == []
    assert mistakes((), exchange="stimuli") == []
    assert mistakes((), exchange="stimuli", along=[{"column": "time"}]) != []


def test_few_missing_bins_of_a_ring_are_skipped_and_set_right():
    found = along(ring_table(without=(3, 20)), (HEADING,), exchange="shifts")
    assert not not_shifted(found.places)
    assert found.lag is not None
    assert len(found.orders(100, np.random.default_rng(0))) == 33


def test_a_level_keeps_the_axes_it_has_values_on():
    def axes(level, *columns):
        dataset = SimpleNamespace(stimuli=SimpleNamespace(axes=(FILM, HEADING)))
        study = SimpleNamespace(stimulus_set=str, dataset=lambda _: dataset, level=lambda _: level)
        table = pd.DataFrame(columns=["stimulus", *columns])
        return compared_axes(SimpleNamespace(study=study), "d", table)

    assert axes(None, "time") == (FILM, HEADING)
    assert axes("heading", "heading") == (HEADING,)
    assert axes("film", "film") == ()


def test_nothing_but_the_mechanism_exchanges_stimuli():
    """Whatever permutes stimuli asks `orders_of`, which knows what follows what."""
    room = Path(iso.__file__).parent
    able = {"groups.py", "on_axes.py", "permutation.py", "stimulus_orders.py"}
    calls = {
        file.name
        for file in (room / "inference").rglob("*.py")
        if re.search(r"\b(exchanged|too_few_orders)\(", file.read_text())
    }
    assert calls == able
