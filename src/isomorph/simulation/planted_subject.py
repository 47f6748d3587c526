"""One simulated subject: regions that follow representations, and units that follow nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.simulation.nwb_recording import SimulatedRecording
from isomorph.simulation.representations import draw_tuning
from isomorph.simulation.spike_trains import draw_schedule, draw_spikes, driven_rates
from isomorph.study.archive import SimulatedArchive

Array = npt.NDArray


def simulate(
    archive: SimulatedArchive, features: dict[str, Array], stimuli: Array, seed: list[int]
) -> SimulatedRecording:
    """Simulate one subject.

    Parameters
    ----------
    archive : SimulatedArchive
        Regions, rates and repetitions.
    features : dict of str to array of shape (stimulus, component)
        Planted features by region.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimuli.
    seed : list of int
        Seed of the subject.

    Returns
    -------
    SimulatedRecording
        The planted units, then bad ones (noise, low signal-to-noise ratio), one that never
        fires, and one whose region is not known.
    """
    rng = np.random.default_rng(seed)
    schedule = draw_schedule(len(stimuli), archive.repetitions, rng)
    driven, spontaneous = [], []
    location: list[str] = []
    for region, planted in archive.regions.items():
        rates = driven_rates(
            draw_tuning(features[region], planted.units, planted.shared, rng),
            schedule.stimulus,
            mean_rate=archive.mean_rate,
            depth=archive.tuning,
            maximum_rate=archive.maximum_rate,
            gain_variability=archive.gain_variability,
            rng=rng,
        )
        driven.append(rates[0])
        spontaneous.append(rates[1])
        location += [region] * planted.units
    good = len(location)
    location += [*rng.choice(list(archive.regions), archive.bad_units + 1).tolist(), ""]
    # The rest respond to nothing; the last but one is silent.
    flat = np.full(archive.bad_units + 2, archive.mean_rate / 2)
    flat[-2] = 0.0
    driven.append(np.broadcast_to(flat, (len(schedule.onset), len(flat))))
    spontaneous.append(flat)
    times, ends = draw_spikes(
        np.concatenate(driven, axis=1), np.concatenate(spontaneous), schedule, rng
    )
    bad = np.zeros(len(location), dtype=bool)
    bad[good : good + archive.bad_units] = True
    snr = np.where(bad, rng.uniform(0.5, 1.9, bad.size), rng.uniform(2.5, 8.0, bad.size))
    return SimulatedRecording(
        schedule=schedule,
        stimuli=stimuli,
        name=np.array([f"unit_{number:03d}" for number in range(len(location))]),
        location=np.array(location),
        quality=np.where(bad, "noise", "good"),
        snr=snr,
        spike_times=times,
        ends=ends,
    )
