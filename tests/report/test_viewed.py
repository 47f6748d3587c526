import io

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from page_data import opened
from PIL import Image

from isomorph.artefacts import provenance, read_array, read_table, write_array, write_table
from isomorph.errors import IsomorphError
from isomorph.figures.geometry import region_means, reordered
from isomorph.making import inputs_of, job_of
from isomorph.rdms import RdmRow, brain_rdms, flat, indexed
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.viewed import letters, viewed
from isomorph.report.viewed_rdms import positions
from isomorph.report.viewed_stimuli import MOST_STIMULI, small_images, thinned_out


def view_of(layout, datasets=("real", "sim"), **options):
    """Return what the viewer is given of a study: the header of its one set, and arrays."""
    results = {name: read_results(layout, name) for name in datasets}
    header, arrays = opened(viewed(layout, results, **options))
    assert len(header["sets"]) == 1
    return header, header["sets"][0], arrays


def values(header, one, steps):
    return one["low"] + (one["high"] - one["low"]) / header["steps"] * steps.astype(float)


@pytest.fixture(scope="module")
def whole_view(drawn):
    return view_of(drawn)


def test_values_are_those_of_the_artefacts(drawn, whole_view):
    header, held, arrays = whole_view
    stimuli = held["stimuli"]
    found = [values(header, *pair) for pair in zip(held["rdms"], arrays["rdms0"], strict=True)]
    kinds = set()
    for one, rdm in zip(held["rdms"], found, strict=True):
        if one["model"]:
            data = read_array(drawn.model_rdms("real", one["model"]), "rdms")
            true = data["correlation"].sel(layer=one["layer"]).values
        else:
            brain = indexed(read_array(drawn.brain_rdms(one["dataset"]), "rdms"))
            true, n = region_means(brain, "correlation", stimuli)[one["region"]]
            assert one["n_subjects"] == n == 2
        kinds.add((one["dataset"], one["region"], one["model"], one["layer"]))
        np.testing.assert_allclose(rdm, true, atol=0.51 * np.ptp(true) / header["steps"], rtol=0)
    assert len(kinds) == 2 * 2 + 5 + 5 + 1  # regions of two datasets, layers of first seeds
    assert ("", "", "net-untrained-seed0", "stem") in kinds
    assert held["left_out"] == []


def test_every_file_is_opened_once_and_closed(drawn, monkeypatch):
    held, open_dataset = {}, xr.open_dataset

    def noting(file, **options):
        if options.get("phony_dims") is None:  # not who asks for attributes alone
            held.setdefault(file, []).append(found := open_dataset(file, **options))
            return found
        return open_dataset(file, **options)

    monkeypatch.setattr(xr, "open_dataset", noting)
    view_of(drawn)
    rdms = {file: every for file, every in held.items() if "rdms" in str(file)}
    assert len(rdms) > 3
    assert {len(every) for every in rdms.values()} == {1}
    assert all(one._close is None for every in rdms.values() for one in every)


def test_what_tables_say_of_a_pair_is_that_of_the_main_measure(drawn, whole_view):
    _, held, arrays = whole_view
    table = read_table(drawn.comparisons("sim"), "comparisons")
    (row,) = table[
        (table["region"] == "beta") & (table["layer"] == "blocks.0") & (table["model"] == "net")
        & (table["measure"] == "rho_a")
    ].to_dict("records")  # fmt: skip
    names = [(one["dataset"], one["region"] or one["model"], one["layer"]) for one in held["rdms"]]
    pair = [names.index(("sim", "beta", "")), names.index(("", "net", "blocks.0"))]
    (place,) = np.flatnonzero((arrays["scored0"] == pair).all(axis=1))
    told = [row["estimate"], row["interval_low"], row["interval_high"]]
    np.testing.assert_allclose(arrays["told0"][place], told, rtol=1e-6)


def test_regions_are_kept_longest_and_what_has_no_room_is_named(drawn):
    _, held, arrays = view_of(drawn, ("real",), room=2 * letters(12 * 11))
    assert [(each["dataset"], each["region"]) for each in held["rdms"]] == [
        ("real", "alpha"), ("real", "beta"),
    ]  # fmt: skip
    assert arrays["rdms0"].shape == (2, 66)
    assert "5 of 5 layers of Net, trained, 1 - Pearson correlation" in held["left_out"]


def test_best_layers_and_confidence_sets_come_before_other_layers(fresh):
    path = fresh.comparisons("real")
    table = read_table(path, "comparisons")
    chosen = table["layer"].isin(["stem"]) & (table["model"] == "net")
    table = table.assign(in_set=np.where(chosen, "yes", "no"))
    write_table(path, table, "comparisons", provenance("test"))
    best = table.loc[
        table[table["measure"] == "rho_a"].groupby(["region", "model"])["estimate"].idxmax()
    ]
    first = {("net", "stem"), *zip(best["model"], best["layer"], strict=True)}
    first = {one for one in first if not one[0].endswith(("seed1", "seed2"))}
    one = letters(12 * 11)
    _, held, _ = view_of(fresh, ("real",), room=(2 + len(first)) * one)
    assert {(each["model"], each["layer"]) for each in held["rdms"][2:]} == first


def test_a_study_without_rdms_has_no_viewer(fresh):
    assert 'id="rdms"' in render(judge(fresh))
    for dataset in ("real", "sim"):
        fresh.brain_rdms(dataset).unlink()
    assert viewed(fresh, {name: read_results(fresh, name) for name in ("real", "sim")}) is None
    assert 'id="rdms"' not in render(judge(fresh))


def test_what_is_shown_is_declared_as_read(drawn):
    read = set(inputs_of(drawn, job_of(drawn.study, "report")))
    assert drawn.brain_rdms("sim") in read
    assert drawn.model_rdms("real", "net-untrained-seed0") in read
    assert drawn.model_rdms("real", "net-untrained-seed1") not in read
    assert drawn.stimuli("real") in read


def test_time_bins_and_draws_have_their_own_rdms(fresh):
    names = read_table(fresh.stimuli("real"), "stimuli")["stimulus"].tolist()
    rng = np.random.default_rng(2)
    true = rng.random((2, 2, 3, 66))  # time, subject, draw
    rows = [
        RdmRow(
            "alpha", f"s{subject}", "correlation", time=time, draw=draw,
            rdm=true[time, subject, draw], n_recorded=9, n_units=3,
        )
        for time in range(2) for subject in range(2) for draw in range(3)
    ]  # fmt: skip
    times = np.array([[0.0, 0.1], [0.1, 0.2]])
    data = flat(brain_rdms(rows, names, times=times))
    write_array(fresh.brain_rdms("real"), data, "rdms", provenance("rdms"))
    header, held, arrays = view_of(fresh, ("real",))
    regions = [one["region"] for one in held["rdms"] if one["region"]]
    assert regions == ["alpha 0 to 100 ms", "alpha 100 to 200 ms"]
    found = values(header, held["rdms"][1], arrays["rdms0"][1])
    np.testing.assert_allclose(found, true[1].mean(axis=(0, 1)), atol=2e-5)


def test_pairs_of_some_stimuli_in_another_order_are_found():
    rng = np.random.default_rng(0)
    there = [f"ü/{k}" for k in range(9)]
    some = [there[k] for k in (7, 2, 5, 0)]
    pairs = rng.random(36)
    square = np.zeros((9, 9))
    square[np.triu_indices(9, 1)] = pairs
    square += square.T
    wanted = square[np.ix_([7, 2, 5, 0], [7, 2, 5, 0])][np.triu_indices(4, 1)]
    np.testing.assert_array_equal(pairs[positions(there, some)], wanted)
    np.testing.assert_array_equal(reordered(pairs, there, there), pairs[positions(there, there)])
    with pytest.raises(IsomorphError, match='lack the stimulus "x"'):
        positions(there, ["x"])


def test_of_many_stimuli_some_are_taken_evenly_over_categories():
    kinds = np.array(["a", "b", "c", "a"])[np.arange(4 * MOST_STIMULI) % 4]
    table = pd.DataFrame({"stimulus": [f"s{k}" for k in range(len(kinds))], "kind": kinds})
    few = thinned_out(table)
    assert len(few) == MOST_STIMULI
    assert few.index.is_monotonic_increasing
    shares = few["kind"].value_counts() / MOST_STIMULI
    np.testing.assert_allclose([shares[one] for one in "abc"], [0.5, 0.25, 0.25], atol=0.01)
    assert thinned_out(few) is few


def test_small_images_keep_their_aspect_and_their_room(tmp_path):
    rng = np.random.default_rng(0)
    for k in range(6):
        pixels = rng.integers(0, 255, (100, 200 + 50 * k, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
    files = sorted(tmp_path.glob("*.png"))
    for most in (40_000, 12_000):
        found = small_images(files, most)
        assert sum(map(len, found)) <= most
        for k, one in enumerate(found):
            width, height = Image.open(io.BytesIO(one)).size
            assert width <= 96
            assert height == pytest.approx(width * 100 / (200 + 50 * k), abs=1)
    assert small_images(files, 100) == []
    files[0].write_text("no image")
    with pytest.raises(IsomorphError, match=r"0\.png"):
        small_images(files, 40_000)
