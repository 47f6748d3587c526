"""Real volumes: the categories of Haxby et al. (2001) in one slice of one person."""

from pathlib import Path

import numpy as np
import pytest

from isomorph.rdms import DISTANCES, fold_gram, geometry_of_features
from isomorph.responses.bids.bold import open_bold
from isomorph.responses.bids.estimates import estimate, read_runs, with_signal
from isomorph.responses.bids.regions import RegionSource, read_regions
from isomorph.responses.bids.run_files import RunFiles
from isomorph.responses.bids.runs import Reader
from isomorph.responses.bids.scratch import Scratch
from isomorph.stimuli.names import names_from
from isomorph.study.bids import BidsResponses

FILES = Path(__file__).parents[4] / "shared" / "data" / "haxby_bids"
CATEGORIES = ["bottle", "cat", "chair", "face", "house", "scissors", "scrambledpix", "shoe"]

pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="haxby_bids is not on this machine")


@pytest.fixture(scope="module")
def amplitudes(tmp_path_factory):
    """Noise-normalised amplitudes (run, category, voxel)."""
    settings = BidsResponses.model_validate(
        {
            "kind": "bids", "bold": "", "events": {"files": ""}, "noise": "multivariate",
            "regions": {"kind": "whole", "file": "**/*_mask.nii.gz", "region": "slice"},
        }
    )  # fmt: skip
    runs = [
        RunFiles(bold, Path(str(bold).replace("bold.nii.gz", "events.tsv")), "")
        for bold in sorted(FILES.glob("sub-1/func/*_bold.nii.gz"))
    ]
    first = open_bold(runs[0].files)
    source = RegionSource(lambda pattern: sorted(FILES.glob(pattern)), first.place)
    regions = read_regions(settings.regions, source)
    names = names_from(CATEGORIES, "")
    jsons = [FILES / "task-objectviewing_bold.json"]
    reader = Reader(settings, names, jsons, [])
    with Scratch(tmp_path_factory.mktemp("scratch")) as scratch:
        masked = read_runs(reader, runs, regions.units, first, scratch)
        regions, units, silent = with_signal(masked, regions, settings)
        assert not silent
        found = estimate(reader, masked, regions, units, "haxby")
    assert all(run.stimulus.tolist() == CATEGORIES for run, _ in found)
    return np.stack([by_region["slice"] for _, by_region in found])


def identified(amplitudes):
    """Return how often a category is the nearest to its own mean over the other runs."""
    centred = amplitudes - amplitudes.mean(axis=1, keepdims=True)
    right = 0
    for run, own in enumerate(centred):
        others = np.delete(centred, run, axis=0).mean(axis=0)
        nearness = np.corrcoef(own, others)[:8, 8:]
        right += (nearness.argmax(axis=1) == np.arange(8)).sum()
    return right / (8 * len(centred))


def test_categories_are_identified_in_other_runs(amplitudes):
    assert amplitudes.shape == (12, 8, 530)
    assert identified(amplitudes) > 0.75  # chance is 0.125


def test_any_two_categories_are_told_apart_in_the_other_half_of_the_runs(amplitudes):
    """The test of Haxby et al. (2001): a pattern is nearer to its own category than to another."""
    centred = amplitudes - amplitudes.mean(axis=1, keepdims=True)
    nearness = np.corrcoef(centred[::2].mean(axis=0), centred[1::2].mean(axis=0))[:8, 8:]
    right = np.diag(nearness)[:, None] > nearness
    assert right[~np.eye(8, dtype=bool)].mean() > 0.95  # of 56, chance is 0.5


def test_labels_shuffled_within_runs_are_identified_by_chance(amplitudes):
    rng = np.random.default_rng(0)
    shares = [
        identified(np.stack([run[rng.permutation(8)] for run in amplitudes])) for _ in range(20)
    ]
    assert np.mean(shares) == pytest.approx(0.125, abs=0.03)


def test_faces_and_houses_are_among_the_most_distinct(amplitudes):
    crossed = fold_gram(amplitudes, np.ones((12, 8), dtype=bool))
    rdm = DISTANCES["crossvalidated_euclidean"].compute(
        geometry_of_features(amplitudes.mean(axis=0), crossed)
    )
    pairs = [(CATEGORIES[a], CATEGORIES[b]) for a, b in zip(*np.triu_indices(8, 1), strict=True)]
    farthest = [pairs[index] for index in np.argsort(rdm)[::-1]]
    assert farthest.index(("face", "house")) < 7  # of 28
    assert all("house" in pair for pair in farthest[:3])
    assert rdm.mean() > 0
