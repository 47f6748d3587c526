"""From judgements to RDMs: by hand, against rsatoolbox, and back from a planted geometry."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist, squareform

import isomorph as iso
from isomorph.errors import IsomorphError
from isomorph.models import mistakes_of
from isomorph.models.given.arrangements import rdm_of_arrangements
from isomorph.models.given.ratings import rdm_of_ratings
from isomorph.models.given.triplets import rdm_of_triplets
from isomorph.study import ModelSpec

NAMES = [f"im{number:02}" for number in range(1, 11)]
PLANE = np.random.default_rng(7).normal(size=(10, 2))
TRUE = pdist(PLANE)


def upper(rdm: pd.DataFrame) -> np.ndarray:
    return squareform(rdm.to_numpy())


def rated(scale: np.ndarray, who: str = "p1") -> pd.DataFrame:
    rows = list(combinations(NAMES, 2))
    return pd.DataFrame(rows, columns=["first", "second"]).assign(rating=scale, participant=who)


def test_ratings_are_means_over_raters_each_of_whom_counts_once():
    told = pd.concat([rated(TRUE), rated(TRUE + 2, "p2")])
    assert_allclose(upper(rdm_of_ratings(told, NAMES)), TRUE + 1)
    often = pd.concat([told, *[rated(TRUE + 2, "p2")] * 3])
    assert_allclose(upper(rdm_of_ratings(often, NAMES)), TRUE + 1)
    swapped = told.rename(columns={"first": "second", "second": "first"})
    backwards = rdm_of_ratings(swapped, NAMES[::-1])
    assert_allclose(upper(backwards.loc[NAMES, NAMES]), TRUE + 1)


def test_similarities_are_taken_from_the_top_of_their_scale():
    told = rated(7 - TRUE)
    similar = rdm_of_ratings(told, NAMES, scale="similarity", most=7)
    assert_allclose(upper(similar), TRUE)
    highest = rdm_of_ratings(told, NAMES, scale="similarity")
    assert_allclose(upper(highest), TRUE - TRUE.min())
    with pytest.raises(IsomorphError, match="above the 5 of most"):
        rdm_of_ratings(told, NAMES, scale="similarity", most=5)


def test_pairs_that_nobody_rated_are_counted_and_named():
    told = rated(TRUE).iloc[2:]
    with pytest.raises(IsomorphError, match=r'2 of 45 pairs .*"im01" and "im02" was rated by no'):
        rdm_of_ratings(told, NAMES)
    assert rdm_of_ratings(told, NAMES[1:]).shape == (9, 9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rating": ""}, 'rating: "" in row 1 is not a finite number'),
        ({"second": "im01"}, '"im01" is rated against itself'),
        ({"rating": -1}, "makes a dissimilarity of -1"),
    ],
)
def test_ratings_that_cannot_be_are_refused(change, said):
    told = rated(TRUE).astype(object)
    told.loc[0, list(change)] = list(change.values())
    with pytest.raises(IsomorphError, match=said):
        rdm_of_ratings(told, NAMES)


def every_triplet(distances: np.ndarray) -> pd.DataFrame:
    """Return the choices of one who always leaves the nearest pair."""
    square, rows = squareform(distances), []
    for three in combinations(range(len(square)), 3):
        pairs = [(a, b) for a, b in combinations(three, 2)]
        a, b = min(pairs, key=lambda pair: square[pair])
        (odd,) = set(three) - {a, b}
        rows.append([NAMES[a], NAMES[b], NAMES[odd]])
    return pd.DataFrame(rows, columns=["first", "second", "odd"])


def test_triplets_by_hand():
    told = pd.DataFrame(
        [["a", "b", "c"], ["a", "c", "b"], ["a", "b", "d"], ["c", "d", "a"], ["b", "c", "d"]],
        columns=["first", "second", "odd"],
    )
    rdm = rdm_of_triplets(told)
    # a and b are shown in three triplets and left in two; b and c in three, left in one
    assert rdm.loc["a", "b"] == pytest.approx(1 / 3)
    assert rdm.loc["b", "c"] == pytest.approx(2 / 3)
    assert rdm.loc["a", "d"] == 1


def test_triplets_as_they_were_shown_say_the_same():
    told = every_triplet(TRUE)
    turned = told.assign(third=told["odd"])[["third", "second", "first", "odd"]]
    shown = turned.set_axis(["first", "second", "third", "odd"], axis=1)
    pd.testing.assert_frame_equal(rdm_of_triplets(told), rdm_of_triplets(shown))
    with pytest.raises(IsomorphError, match='odd: "im05" is not one of the three'):
        rdm_of_triplets(shown.assign(odd="im05"))


def test_triplets_recover_an_order_and_reach_their_limits():
    line = np.arange(10.0)[:, None] ** 1.5  # the nearer, the more often left
    rdm = upper(rdm_of_triplets(every_triplet(pdist(line)), NAMES))
    assert iso.MEASURES["spearman"].pair(rdm[None], pdist(line)[None]) > 0.8
    pair = np.where(TRUE.min() == TRUE, 0.0, 1.0 + TRUE)
    found = upper(rdm_of_triplets(every_triplet(pair), NAMES))
    assert found[TRUE.argmin()] == 0
    assert found.max() == 1


def test_pairs_never_shown_together_are_refused_and_others_are_context():
    told = every_triplet(TRUE)
    some = rdm_of_triplets(told, NAMES[:4])
    assert_allclose(some, rdm_of_triplets(told).loc[NAMES[:4], NAMES[:4]])
    few = told[~(told.isin(["im01"]).any(axis=1) & told.isin(["im02"]).any(axis=1))]
    with pytest.raises(IsomorphError, match=r"1 of 45 pairs .* never shown in one triplet"):
        rdm_of_triplets(few)


def arranged(points: np.ndarray, trials: list[list[int]], noise: float = 0.0) -> pd.DataFrame:
    """Return trials of some points each, every one turned, moved and scaled to fill the screen."""
    draw, rows = np.random.default_rng(1), []
    for number, some in enumerate(trials):
        angle, size = draw.uniform(0, 7), draw.uniform(0.5, 3)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        placed = size * (points[some] @ turn) + draw.normal(size=2)
        placed += noise * draw.normal(size=placed.shape)
        rows += [(number, NAMES[at], *xy) for at, xy in zip(some, placed, strict=True)]
    return pd.DataFrame(rows, columns=["trial", "stimulus", "x", "y"])


TRIALS = [list(range(10)), [0, 1, 2, 3], [3, 4, 5, 8], [1, 6, 9]]
PARTS = [[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 6, 7, 8, 9], [0, 4, 5, 6, 9]]


@pytest.mark.parametrize("trials", [TRIALS, PARTS])
def test_arrangements_recover_the_plane_whatever_their_scales(trials):
    rdm = upper(rdm_of_arrangements(arranged(PLANE, trials), NAMES))
    assert_allclose(rdm, TRUE / np.sqrt(np.mean(TRUE**2)), rtol=1e-6)


def test_noisy_arrangements_are_those_of_rsatoolbox():
    from rsatoolbox.rdm import RDMs
    from rsatoolbox.rdm.combine import rescale

    told = arranged(10 * PLANE, TRIALS, noise=0.3)  # its floor under the weights is at .2
    partial = np.full((len(TRIALS), 45), np.nan)
    for number, some in enumerate(TRIALS):
        at = np.full((10, 2), np.nan)
        at[some] = told.loc[told["trial"] == number, ["x", "y"]]
        a, b = np.triu_indices(10, k=1)
        partial[number] = np.hypot(*(at[a] - at[b]).T)
    theirs = rescale(RDMs(partial), threshold=1e-18).mean(weights="rescalingWeights")
    ours = upper(rdm_of_arrangements(told, NAMES))
    expected = theirs.dissimilarities[0]
    assert_allclose(ours, expected / np.sqrt(np.mean(expected**2)), rtol=1e-5)


def test_arrangements_that_share_no_pair_have_no_common_scale():
    # every pair of seven in one of seven trials of three, none in two: the plane of Fano
    fano = [[0, 1, 2], [0, 3, 4], [0, 5, 6], [1, 3, 5], [1, 4, 6], [2, 3, 6], [2, 4, 5]]
    with pytest.raises(IsomorphError, match="fall into 7 parts that share no pair"):
        rdm_of_arrangements(arranged(PLANE, fano), NAMES[:7])
    with pytest.raises(IsomorphError, match=r"was never placed in one trial"):
        rdm_of_arrangements(arranged(PLANE, [[0, 1, 2], [1, 2, 3]]), NAMES[:4])
    twice = arranged(PLANE, [[0, 1, 2, 0]])
    with pytest.raises(IsomorphError, match=r'trial 0.*places "im01" twice'):
        rdm_of_arrangements(twice, NAMES[:3])


# ---------------------------------------------------------------- as models


def of_table(tmp_path, table: pd.DataFrame, seed: int | None = None, **options):
    table.to_csv(tmp_path / "told.csv", index=False)
    stimuli = pd.DataFrame({"stimulus": NAMES})
    return iso.activations(
        "behaviour/told.csv", table=stimuli, beside=tmp_path, options=options, seed=seed
    )


def test_a_table_is_a_model_whose_rdm_stands_as_it_is(tmp_path):
    told = every_triplet(TRUE).rename(columns={"odd": "choice"}).map(lambda name: f"{name}.jpg")
    found = of_table(tmp_path, told, task="triplets", columns={"odd": "choice"})
    assert found["layer"].values.tolist() == ["triplets"]
    assert_allclose(found["as_given"][0], upper(rdm_of_triplets(every_triplet(TRUE))))
    assert "odd one out" in found.attrs["judged"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "triplet"}, 'options.task: unknown "triplet", did you mean "triplets"'),
        ({}, "options.task: is required"),
        ({"task": "ratings", "scale": "alike"}, "options.scale"),
        ({"task": "arrangement"}, 'no column "stimulus"'),
        ({"task": "ratings", "columns": {"odd": "rating"}}, '"odd" is nothing that ratings takes'),
        ({"task": "ratings", "participants": "seeds"}, "is read by seed, and there are none"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, options, said):
    with pytest.raises(IsomorphError, match=said):
        of_table(tmp_path, rated(TRUE), **options)


def test_a_table_without_the_columns_of_its_task_is_found_before_anything_runs(tmp_path):
    rated(TRUE).rename(columns={"first": "image1"}).to_csv(tmp_path / "rated.csv", index=False)

    def mistakes(**options):
        spec = ModelSpec(name="m", title="M", source="behaviour/rated.csv",
                         options={"task": "ratings", **options})  # fmt: skip
        return mistakes_of(spec, beside=tmp_path)

    assert mistakes(columns={"first": "image1"}) == []
    (said,) = mistakes()
    assert 'no column "first"' in said
    (said,) = mistakes(columns={"first": "imagel"})
    assert '"imagel"' in said
    assert "image1" in said
