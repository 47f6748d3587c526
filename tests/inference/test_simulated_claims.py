"""What is claimed of simulated data is what the tables would claim of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from calibrated.drawn import (
    candidates_of,
    compared,
    distances,
    equal_layers,
    few,
    region_of,
    stimuli_of,
)
from calibrated.recovered import by_tables, terms_of
from isomorph.inference.groups import exchanged, group_count
from isomorph.inference.independence import independence_p
from isomorph.inference.members import ModelFamily
from isomorph.inference.permutation import permutation_null, shuffled
from isomorph.inference.scores import scores_of
from isomorph.inference.setting import make_draws
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.trust.layers import Layers
from isomorph.inference.trust.measured_data import MeasuredData
from isomorph.inference.trust.rates import CLAIMS, Tally, power_row
from isomorph.inference.trust.seen import Seen
from isomorph.inference.trust.simulated_scores import recover
from isomorph.inference.trust.told_apart import (
    RESAMPLES,
    Contest,
    Trial,
    part_of,
)
from isomorph.inference.trust.winners import counted_as_related, relations_of
from isomorph.measures import MEASURES
from isomorph.simulation.gaussian import SimulatedDesign
from isomorph.simulation.planting import PLANTINGS

PEARSON = MEASURES["pearson"]
AS_TESTED = {"resamples": RESAMPLES, "selection": {"resamples": RESAMPLES}}


def claims(data, layers, models, terms, planted="", measure=PEARSON, seed=0):
    """Which of several data sets `(data, subject, pair)` a claim is made of."""
    made = []
    counts = (data.shape[1],)
    contest = Contest(candidates_of(layers, models), terms, [seed])
    trials = [
        Trial(rdms, planted, counts, lambda name, n, claimed: made.append(claimed))
        for rdms in data
    ]  # fmt: skip
    contest.decide(trials, [measure])
    return made


CONTROLLED = [
    ModelFamily("a", ("a",)),
    ModelFamily("b", ("b",), control_of="a"),
    ModelFamily("c", ("c",)),
]


@pytest.mark.parametrize(
    ("measure", "planted", "families", "n_subjects"),
    [("pearson", "", None, 1), ("pearson", "a", CONTROLLED, 3), ("rho_a", "b", None, 3),
     ("cosine", "c", CONTROLLED, 1)],
)  # fmt: skip
def test_a_claim_is_made_where_the_tables_of_a_comparison_make_it(
    measure, planted, families, n_subjects
):
    rng = np.random.default_rng(1)
    n_stimuli, n_data = 26, 10
    own = rng.standard_normal((n_stimuli, 8))
    features = [own + 0.9 * rng.standard_normal(own.shape) for _ in range(6)]
    layers, models = distances(np.stack(features)), ["a", "a", "b", "b", "c", "c"]
    data = np.stack(
        [
            distances(features[at % 6] + strength * rng.standard_normal((n_subjects, *own.shape)))
            for at, strength in zip(
                rng.integers(0, 6, n_data), np.linspace(0.2, 2, n_data), strict=True
            )
        ]
    )
    stimuli = stimuli_of(n_stimuli, [layers])
    terms = terms_of(models, stimuli, measure, families)
    made = claims(data, layers, models, terms, planted, MEASURES[measure])
    expected = [
        by_tables(
            compared(rdms, layers, models, measure, families=families or (), **AS_TESTED), planted
        )
        for rdms in data
    ]
    assert made == expected
    assert 0 < sum(made) < n_data


def test_of_two_models_of_no_relation_one_wins_as_often_as_the_level_says():
    """Fifty resamples are enough for the level of the test."""
    rng = np.random.default_rng(2)
    n_stimuli, n = 24, 300
    layers = distances(rng.standard_normal((8, n_stimuli, 10)))
    data = distances(rng.standard_normal((n, 1, n_stimuli, 10)))
    models = ["a"] * 4 + ["b"] * 4
    made = claims(data, layers, models, terms_of(models, stimuli_of(n_stimuli, [layers])))
    assert binomtest(sum(made), n, 0.05, alternative="greater").pvalue > 0.01


def test_models_whose_family_has_one_seed_or_no_chance_level_are_not_told_apart():
    rng = np.random.default_rng(3)
    rdms, layers, models = equal_layers(rng, 24, 2, n_models=2)
    layers[0] = rdms[0]
    stimuli = stimuli_of(24, [layers])
    seeded = [ModelFamily("a", ("a",), seeded=True), ModelFamily("b", ("b",))]
    assert claims(rdms[None], layers, models, terms_of(models, stimuli), "a") == [True]
    assert claims(rdms[None], layers, models, terms_of(models, stimuli), "b") == [False]
    terms = terms_of(models, stimuli, families=seeded)
    assert claims(rdms[None], layers, models, terms, "a") == [False]
    unknown = replace(PEARSON, known_chance=False)
    assert claims(rdms[None], layers, models, terms_of(models, stimuli), "a", unknown) == []
    together = stimuli_of(24, [layers], keep_together=["object"], object=[*"abcdef"] * 4)
    assert claims(rdms[None], layers, models, terms_of(models, together), "a") == []


def test_nothing_is_claimed_of_stimuli_whose_resamples_can_hardly_be_split():
    rng = np.random.default_rng(3)
    for n_stimuli, n_claims in ((9, 0), (20, 1)):
        rdms, layers, models = equal_layers(rng, n_stimuli, 1)
        terms = terms_of(models, stimuli_of(n_stimuli), **AS_TESTED)
        assert len(claims(rdms[None], layers, models, terms)) == n_claims


def test_scores_of_the_first_subjects_are_those_of_a_region_of_them():
    rng = np.random.default_rng(4)
    rdms, layers, _ = equal_layers(rng, 24, 3, n_subjects=4)
    draws = make_draws({"all": 4, "two": 2}, stimuli_of(24, [layers]), few(), [0])
    regions = [region_of(rdms, "all"), region_of(rdms[:2], "two")]
    every, two = scores_of(regions, layers, draws, PEARSON)
    found = every.of(slice(2), draws.subjects["two"])
    for name in ("estimate", "resampled", "plain", "drawn", "subject_draws"):
        np.testing.assert_array_equal(getattr(found, name), getattr(two, name))
    np.testing.assert_array_equal(found.redrawn.scored_on, two.redrawn.scored_on)


# ---------------------------------------------------------------- related at all


@pytest.mark.parametrize("sides", ["one", "two"])
def test_data_are_related_where_the_permutation_test_of_comparisons_says_so(sides):
    rng = np.random.default_rng(5)
    n_stimuli = 20
    groups = np.repeat(np.arange(10), 2)
    own = rng.standard_normal((n_stimuli, 5))
    noise = np.tile(np.linspace(0.3, 6, 6), 2)[:, None, None]
    data = distances(own + noise * rng.standard_normal((12, n_stimuli, 5)))
    data[6:] *= -1
    candidate = distances(own[None])
    orders = exchanged(groups, 199, rng)
    inference = few(sides=sides)
    look = Seen(candidate, [PEARSON]).look(data[:, None])
    shuffled_scores = look.shuffled(0, orders)["pearson"][..., 0]
    found = counted_as_related(look.scores(PEARSON)[:, 0, 0], shuffled_scores, inference)
    # Shuffling the candidate in one order is shuffling the data in the inverse order.
    null = [permutation_null(candidate, one[None], PEARSON, orders) for one in data]
    expected = [independence_p(one, inference)[0][0] <= 0.05 for one in null]
    assert found.tolist() == expected
    assert found[:6].any()
    assert found[6:].any() == (sides == "two")


def test_a_part_of_the_stimuli_has_whole_groups_but_for_the_last():
    rng = np.random.default_rng(6)
    groups = rng.permutation(np.repeat(np.arange(9), 4))
    kept = part_of(groups, 18, rng)
    assert kept.sum() == 18
    assert sorted(np.bincount(groups[kept])[np.bincount(groups[kept]) > 0]) == [2, 4, 4, 4, 4]
    assert len(pairs_among(np.flatnonzero(kept), len(kept))) == 18 * 17 // 2
    assert part_of(np.arange(7), 7, rng).all()


# ---------------------------------------------------------------- the rates


def simulated(groups, n_stimuli, **recovery):
    """Rows of power by size, of one of three models with two layers each."""
    rng = np.random.default_rng(7)
    layers = distances(rng.standard_normal((6, n_stimuli, 8)))
    models = ["a", "a", "b", "b", "c", "c"]
    stimuli = stimuli_of(n_stimuli, [layers], keep_together=["object"], object=groups)
    terms = terms_of(models, stimuli, recovery=recovery)
    candidates = candidates_of(layers, models)
    design = SimulatedDesign(n_stimuli, (30, 30), 1, False, PLANTINGS["squared_euclidean"])
    data = MeasuredData(region_of(np.zeros((2, 1))), design, 0.5, True, "")
    related = relations_of(candidates.table, {})
    result = recover(data, Layers(candidates, (PEARSON,), terms, (1,)), (0,), seed=(1,))
    return {size: power_row(tally, 0, related) for (_, _, size), tally in result.tallies.items()}


def test_every_rate_has_the_number_and_the_error_of_its_own_simulations():
    rows = simulated([f"o{k}" for k in range(24)], 24, simulations=20, tested=8)
    whole = rows[24, 2]
    numbers = {"recovery": 20, "power_zero": 20, "power_runner_up": 8, "false_positive": 8,
               "false_winner": 4}  # fmt: skip
    for of, n in numbers.items():
        assert whole[f"n_{of}"] == n
        rate = whole["recovery_exact" if of == "recovery" else of]
        assert whole[f"error_{of}"] == 0.5 / np.sqrt(n)
        assert whole[f"error_{of}"] >= np.sqrt(rate * (1 - rate) / n) - 1e-12
    assert whole["power_runner_up"] >= 0.5
    # Six stimuli are too few to choose a layer on some and score it on the others.
    tested = {size: row["n_power_runner_up"] for size, row in rows.items()}
    assert tested == {(24, 2): 8, (12, 2): 8, (6, 2): 0, (24, 1): 8}
    assert rows[12, 2]["n_false_winner"] == 0
    assert np.isnan(rows[12, 2]["error_false_winner"])


def test_groups_too_few_or_unlike_to_change_places_leave_rates_untested():
    few_groups = simulated(np.repeat([*"abcdef"], 4).tolist(), 24, simulations=6, tested=3)[24, 2]
    assert [few_groups[f"n_{one}"] for one in CLAIMS] == [0, 0, 0, 0]
    assert few_groups["n_recovery"] == 6
    sizes = [1, 1, 2, 2, 3, 3, 4, 4, 5]  # hardly an order beside the one there is
    unlike = np.repeat(np.arange(9), sizes).astype(str).tolist()
    unequal = simulated(unlike, 25, simulations=6, tested=3)[25, 2]
    assert [unequal[f"n_{one}"] for one in CLAIMS] == [0, 3, 0, 0]


def test_shuffled_data_keep_groups_whole():
    """Twenty objects in four views: exchanged singly, half of them would seem to be related."""
    rng = np.random.default_rng(8)
    groups = np.repeat(np.arange(20), 4)
    objects = rng.standard_normal((2, 20, 6))
    both = [distances(one[groups] + 0.1 * rng.standard_normal((80, 6)))[None] for one in objects]
    data = shuffled(both[0], exchanged(groups, 200, rng))[:, 0]
    look, inference = Seen(both[1], [PEARSON]).look(data[:, None]), few()

    def related(which):
        orders = exchanged(which, 199, rng)
        observed, chance = look.scores(PEARSON)[:, 0, 0], look.shuffled(0, orders)["pearson"]
        return counted_as_related(observed, chance[..., 0], inference)

    kept, single = related(groups), related(np.arange(80))
    assert group_count(groups) == 20
    assert binomtest(int(kept.sum()), 200, 0.05).pvalue > 1e-3
    assert single.mean() > 0.2


def test_a_tally_without_tests_has_no_rate():
    tally = Tally()
    tally.claim("power_zero", None)
    assert tally.rate("power_zero")[1] == 0
    tally.claim("power_zero", [True, False])
    assert tally.rate("power_zero") == (0.5, 2)
