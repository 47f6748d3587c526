"""Damaged intermediates are refused by whoever reads them, in one sentence."""

import pytest

from damaged import DAMAGES, HARMLESS, TOLD, intermediates, trial
from isomorph.jobs import Job

FILES = {
    "data/archive/small/manifest.json": "responses small one",
    "data/stimuli/small/stimuli.csv": "responses small one",
    "data/stimuli/small/stimuli.json": "brain_rdms small",
    "data/stimuli/small/images/image_00.png": "activations small pixels",
    "results/tiny/small/responses/one.nc": "brain_rdms small",
    "data/activations/small/pixels/*/activations.nc": "model_rdms small pixels",
    "results/tiny/small/rdms/brain.nc": "compare small",
    "results/tiny/small/rdms/pixels.nc": "compare small",
    "results/tiny/broken/responses/one.nc": "reliability broken",
}


ALONE = "data/stimuli/small/stimuli.json"
"""No other file is of its kind."""
TRIALS = [
    (name, damage)
    for name in FILES
    for damage in DAMAGES
    if (name, damage) != (ALONE, "a sibling's")
]


@pytest.mark.parametrize(("name", "damage"), TRIALS)
def test_it_is_refused(computed, name, damage):
    file, sibling, job = next(
        (file, sibling, job)
        for file, sibling, job in intermediates(computed)
        if file.relative_to(computed.root).match(name) and job == Job(*_split(FILES[name]))
    )
    found = trial(computed, file, sibling, job, damage)
    # a single bit may hit a gap between the blocks of HDF5
    assert found.outcome == TOLD or (damage == "one byte flipped" and found.outcome == HARMLESS)
    assert found.outcome == HARMLESS or found.said.startswith("isomorph: ")


def _split(job):
    stage, *names = job.split()
    return stage, tuple(names)
