"""Rates over the bins of a variable: from an NWB recording to RDMs."""

import followed
import numpy as np
import pytest

from isomorph.artefacts import read_array, read_responses, read_table
from isomorph.rdms.collection import indexed
from isomorph.stages.rdms import run_brain
from isomorph.stages.reliability import run as reliability

N_UNITS = 12


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ring")
    (folder / "files").mkdir()
    rng = np.random.default_rng(0)
    times, heading = followed.turning(400, rng)
    preferred = np.arange(N_UNITS) / N_UNITS * followed.TURN
    spikes = followed.fired(times, followed.bumps(heading, preferred), rng)
    followed.write(folder / "files" / "s1.nwb", times, heading, spikes)
    return folder, times, heading, spikes


def test_rates_are_spikes_over_time_by_bin_and_repetition(ring):
    folder, times, heading, spikes = ring
    layout = followed.made(followed.study(folder))
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    # what it should be, said anew: the bin of each sample and of each spike, and blocks in turn
    bins = (heading / followed.TURN * 12).astype(int)
    block = (times // 5).astype(int) % 2
    for unit in (0, 7):
        at = np.rint(spikes[unit] * followed.RATE).astype(int).clip(0, len(times) - 1)
        for repetition in (0, 1):
            counts = np.bincount(bins[at][block[at] == repetition], minlength=12)
            dwell = np.bincount(bins[block == repetition], minlength=12) / followed.RATE
            own = data.sel(unit=data["unit"] == data["unit"][unit])
            own = own.sel(presentation=own["repetition"] == repetition)
            found = dict(zip(own["stimulus"].values, own["response"].values[:, 0], strict=True))
            for place in range(12):
                assert found[f"heading_{place:03d}"] == pytest.approx(
                    counts[place] / dwell[place], rel=0.02, abs=0.02
                )
            np.testing.assert_allclose(own["dwell"].sum(), dwell.sum(), rtol=0.01)
    assert data["response"].attrs["units"] == "spikes/s"
    assert data["run"].values.tolist() == data["repetition"].values.astype(str).tolist()
    assert dict(data.sizes) == {"presentation": 24, "unit": N_UNITS}


def test_all_that_follows_works_on_rates(ring):
    layout = followed.made(followed.study(ring[0], stimuli={"repetitions": 6, "minimum": 0.2}))
    reliability(layout, "ring")
    table = read_table(layout.reliability("ring"), "reliability")
    assert table.loc[table["unit"] != "", "split_half"].astype(float).min() > 0.9
    run_brain(layout, "ring")
    rdms = indexed(read_array(layout.brain_rdms("ring"), "rdms"))
    apart = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    ring_like = np.minimum(apart, 12 - apart)[np.triu_indices(12, k=1)]
    for distance in ("euclidean", "crossnobis"):
        assert np.corrcoef(rdms[distance].values[0], ring_like)[0, 1] > 0.8, distance
