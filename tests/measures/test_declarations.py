"""What the members of the registry declare, checked for each of them."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES as REGISTRY
from isomorph.measures import Stack
from isomorph.measures.pairs import pair_indices, pair_positions, pair_weights

ABSOLUTE = 1e-9
OF_UNITS = {"features", "repetitions"}
NEEDS = {"rdm", "gram", "features", "repetitions", "labels"}

# Of neighbours there are fewer than usual here, as there are of stimuli.
USED = [
    f"{name}(2)" if getattr(measure.form, "parameter", "") == "k" else name
    for name, measure in REGISTRY.items()
]
MEASURES = {name: REGISTRY[name] for name in USED}


def distances(features):
    i, j = pair_indices(len(features))
    return ((features[i] - features[j]) ** 2).mean(axis=1)


def stack_of(features):
    """A stack with all that any measure may need, of features (stimulus, feature)."""
    noise = [0.2 * np.random.default_rng(0).standard_normal(x.shape) for x in features]
    repetitions = [np.stack([x + e, x - e], axis=1) for x, e in zip(features, noise, strict=True)]
    labels = [np.arange(len(x)) % 3 for x in features]
    return Stack(
        np.stack([distances(x) for x in features]),
        np.array([x.shape[1] for x in features]),
        {"features": features, "repetitions": repetitions, "labels": labels},
    )


FEWER_DIMENSIONS = {"cca": 3, "svcca": 3, "pwcca": 3}
"""Features for what has no value where they are as many as stimuli."""

MORE_DIMENSIONS = {"neg_riem_dist": 24}
"""Features for what has no value where they are fewer than stimuli."""

SEEDED = {"cca_ridge"}
"""What depends on the order of the stimuli, by the folds they are put in."""


def stacks(seed, n_stimuli=10, sizes=(2, 3), ties=False, name=None):
    """Two stacks that have something in common, more features than one measure needs."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_stimuli, 4))
    made = []
    for size in sizes:
        own = [
            np.concatenate([shared + 0.3 * rng.standard_normal(shared.shape)] * 3, axis=1)
            + 0.5 * rng.standard_normal((n_stimuli, 12))
            for _ in range(size)
        ]
        made.append(stack_of([x[:, : FEWER_DIMENSIONS.get(name)] for x in own]))
    if ties:
        made = [Stack(np.round(s.rdms, 0), s.n_features, s.facts) for s in made]
    return made


def changed(stack, change):
    """The stack after each change that a measure may declare not to see."""
    rng = np.random.default_rng(3)
    i, j = pair_indices(stack.n_stimuli)
    level = rng.uniform(0.5, 3, size=stack.n_stimuli)
    rdms = {
        "scale": stack.rdms * 3.7,
        "offset": stack.rdms + 2.5,
        "additive": stack.rdms + level[i] + level[j],
        "monotone": np.exp(stack.rdms),
    }
    of_units = {
        "scale": lambda x, p: 3.7 * x,
        "translation": lambda x, p: x + rng.uniform(0, 5, p),
        "permutation": lambda x, p: x[..., rng.permutation(p)],
        "orthogonal": lambda x, p: x @ np.linalg.qr(rng.standard_normal((p, p)))[0],
        "linear": lambda x, p: x @ (rng.standard_normal((p, p)) * np.logspace(0, 1.5, p)),
    }
    facts = dict(stack.facts)
    if change in of_units:
        for fact in ("features", "repetitions"):
            facts[fact] = [of_units[change](x, x.shape[-1]) for x in stack.fact(fact)]
    linear = change == "linear"
    before = np.stack([distances(x) for x in facts["features"]]) if linear else stack.rdms
    return Stack(rdms.get(change, before), stack.n_features, facts)


@pytest.mark.parametrize("name", MEASURES)
def test_every_declaration_is_complete(name):
    measure = MEASURES[name]
    assert measure.name == name
    assert measure.needs
    assert set(measure.needs) <= NEEDS
    assert measure.range[0] < measure.range[1]
    assert measure.family
    assert "20" in measure.citation or "19" in measure.citation
    assert measure.accepts("squared_euclidean") == (not OF_UNITS & set(measure.needs))
    assert measure.lacks(NEEDS) == ""
    assert measure.lacks(set()) == "needs " + " and ".join(measure.needs)


@pytest.mark.parametrize("name", MEASURES)
def test_declared_invariances_hold_and_undeclared_do_not(name):
    measure = MEASURES[name]
    first, second = stacks(1, name=name)
    before = measure.compare(first, second)
    implied = {
        "monotone": {"scale", "offset", "monotone"},
        "orthogonal": {"orthogonal", "permutation"},
    }
    holds = set().union(*(implied.get(name, {name}) for name in measure.invariances))
    of_features = {"scale", "translation", "permutation", "orthogonal", "linear"}
    of_rdms = {"scale", "offset", "additive", "monotone", "linear"}
    for change in of_features if OF_UNITS & set(measure.needs) else of_rdms:
        after = measure.compare(changed(first, change), second)
        assert np.allclose(after, before, atol=ABSOLUTE) == (change in holds), change


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**16), n_stimuli=st.integers(5, 12))
def test_range_symmetry_self_and_order_of_stimuli(name, seed, n_stimuli):
    measure = MEASURES[name]
    first, second = stacks(seed, n_stimuli, name=name)
    values = measure.compare(first, second)
    known = values[np.isfinite(values)]
    assert (known >= measure.range[0] - ABSOLUTE).all()
    assert (known <= measure.range[1] + ABSOLUTE).all()
    other_way = measure.compare(second, first).T
    if len(known):  # of very few stimuli some say nothing, either way
        assert np.allclose(values, other_way, atol=ABSOLUTE, equal_nan=True) == measure.symmetric
    if measure.with_itself is not None:
        own = np.diag(measure.compare(first, first))
        np.testing.assert_allclose(own, measure.with_itself, atol=ABSOLUTE)
    order = np.random.default_rng(seed).permutation(n_stimuli)
    shuffled = measure.compare(first.chosen(order), second.chosen(order))
    # What draws stimuli by a seed draws others of another order.
    if name not in SEEDED and not hasattr(measure.form, "draws"):
        np.testing.assert_allclose(shuffled, values, atol=1e-8)
    alone, against = first.rows(slice(1)), second.rows(slice(1))
    np.testing.assert_allclose(measure.pair(alone, against), values[0, 0], atol=ABSOLUTE)


@pytest.mark.parametrize("name", MEASURES)
def test_independent_representations_score_what_is_declared(name):
    measure = MEASURES[name]
    rng = np.random.default_rng(8)

    # One strong direction, so that features of one representation share something.
    def features():
        width = MORE_DIMENSIONS.get(name, 12)
        shared = 3 * rng.standard_normal((16, 2)) @ rng.standard_normal((2, width))
        return [shared + rng.standard_normal((16, width))]

    values = [measure.pair(stack_of(features()), stack_of(features())) for _ in range(300)]
    assert np.isfinite(values).all()
    mean, error = np.mean(values), np.std(values) / np.sqrt(len(values))
    if measure.independence == "0":
        assert abs(mean) < max(4 * error, 0.02)
    else:
        assert measure.independence.startswith(("positive", "negative"))
        sign = -1 if measure.independence.startswith("negative") else 1
        assert sign * mean > max(4 * error, 0.02)


WEIGHED = [name for name, measure in MEASURES.items() if not measure.costly]
OF_RDMS = [name for name, measure in MEASURES.items() if not measure.lacks(("rdm", "gram"))]
SET_AGAINST_CHANCE = [name for name in OF_RDMS if MEASURES[name].known_chance]
EMBEDDED = [name for name in OF_RDMS if not MEASURES[name].costly]


@pytest.mark.parametrize("name", EMBEDDED)
def test_chance_is_the_mean_over_all_orders_of_the_stimuli(name):
    measure = MEASURES[name]
    first, second = stacks(9, n_stimuli=5, name=name)
    position = pair_positions(5)
    i, j = pair_indices(5)
    orders = [np.array(order) for order in permutations(range(5))]
    every = [measure.compare(first.rdms[:, position[o[i], o[j]]], second) for o in orders]
    np.testing.assert_allclose(measure.chance(first, second), np.mean(every, axis=0), atol=1e-12)


@pytest.mark.parametrize("name", SET_AGAINST_CHANCE)
def test_calibrated_values_are_0_at_chance_and_1_at_best(name):
    measure = MEASURES[name]
    first, second = stacks(10, n_stimuli=8, name=name)
    value, calibrated = measure.calibrated(first, second)
    chance = measure.chance(first, second)
    np.testing.assert_allclose(value, measure.compare(first, second))
    best = 1 if measure.with_itself is None else measure.with_itself
    np.testing.assert_allclose(calibrated * (best - chance) + chance, value, atol=1e-12)
    if measure.with_itself is not None:
        np.testing.assert_allclose(np.diag(measure.calibrated(first, first)[1]), 1, atol=1e-9)
    ones = np.ones((1, 8), dtype=int)
    for plain, resampled in zip((value, calibrated), measure.calibrated(first, second, ones),
                                strict=True):  # fmt: skip
        np.testing.assert_allclose(resampled[0], plain, atol=ABSOLUTE)
    unknown = replace(measure, known_chance=False)
    np.testing.assert_array_equal(*unknown.calibrated(first, second))


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_resampling_with_ones_is_the_plain_measure(name, ties):
    measure = MEASURES[name]
    first, second = stacks(2, 9, ties=ties, name=name)
    counts = np.ones((2, 9), dtype=int)
    plain = measure.compare(first, second)
    np.testing.assert_allclose(
        measure.resampled(first, second, counts), [plain, plain], atol=ABSOLUTE
    )


@pytest.mark.parametrize("name", MEASURES)
def test_a_known_stack_in_another_order_compares_as_one_that_was_never_seen(name):
    measure = MEASURES[name]
    first, second = stacks(12, n_stimuli=12, name=name)
    measure.compare(first, second)
    once, again = np.random.default_rng(0).permuted([np.arange(12)] * 2, axis=1)
    moved = first.chosen(once).chosen(again)
    facts = {
        key: [np.asarray(array)[once[again]] for array in arrays]
        for key, arrays in first.facts.items()
    }
    fresh = Stack(moved.rdms.copy(), moved.n_features, facts)
    fresh.derived("places", lambda: moved.places)  # a stimulus stays in the part it was dealt to
    expected = measure.compare(fresh, second)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(measure.compare(moved, second), expected, atol=ABSOLUTE)


def expanded(values, counts):
    """Rows repeated as often as they were drawn, pairs of copies left out; by explicit loops."""
    drawn = np.repeat(np.arange(len(counts)), counts)
    i, j = pair_indices(len(counts))
    at = {(a, b): k for k, (a, b) in enumerate(zip(i, j, strict=True))}
    kept = [at[min(a, b), max(a, b)] for x, a in enumerate(drawn) for b in drawn[x + 1 :] if a != b]
    return values[:, kept]


@pytest.mark.parametrize("name", ["pearson", "spearman", "rho_a", "tau_a", "tau_b", "cosine"])
@pytest.mark.parametrize("ties", [False, True])
def test_a_resample_is_the_measure_of_stimuli_physically_repeated(name, ties):
    """For measures that are functions of a list of distances; linear ones by their definition
    in the tests of the linear form."""
    from scipy.stats import kendalltau, spearmanr

    def rho_a(x, y):
        from scipy.stats import rankdata

        n = len(x)
        x, y = rankdata(x) - (n + 1) / 2, rankdata(y) - (n + 1) / 2
        return 12 * (x @ y) / (n**3 - n)

    def tau_a(x, y):
        signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
        return signs.sum() / (len(x) * (len(x) - 1))

    literal = {
        "pearson": lambda x, y: np.corrcoef(x, y)[0, 1],
        "cosine": lambda x, y: x @ y / np.sqrt((x @ x) * (y @ y)),
        "spearman": lambda x, y: spearmanr(x, y).statistic,
        "tau_b": lambda x, y: kendalltau(x, y).statistic,
        "rho_a": rho_a,
        "tau_a": tau_a,
    }[name]
    first, second = stacks(4, 11, ties=ties, name=name)
    counts = np.random.default_rng(4).multinomial(11, np.full(11, 1 / 11), size=5)
    ours = MEASURES[name].resampled(first, second, counts)
    for row, result in zip(counts, ours, strict=True):
        left, right = expanded(first.rdms, row), expanded(second.rdms, row)
        assert left.shape[1] == pair_weights(row[None]).sum()
        expected = [[literal(x, y) for y in right] for x in left]
        np.testing.assert_allclose(result, expected, atol=1e-10)


@pytest.mark.parametrize("name", WEIGHED)
def test_a_subset_is_weights_of_zero_and_one(name):
    measure = MEASURES[name]
    first, second = stacks(5, 14, name=name)
    chosen = np.sort(np.random.default_rng(5).choice(14, size=8, replace=False))
    counts = np.bincount(chosen, minlength=14)[None]
    plain = measure.compare(first.chosen(chosen), second.chosen(chosen))
    np.testing.assert_allclose(measure.resampled(first, second, counts)[0], plain, atol=1e-8)


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_a_small_fold_scores_the_same_among_large_ones(name, seed):
    """Whatever way is taken for resamples of few stimuli, it is not seen in the value."""
    measure = MEASURES[name]
    rng = np.random.default_rng(seed)
    first, second = stacks(seed, 24, name=name)
    folds = np.zeros((3, 24), dtype=int)
    for fold, size in zip(folds, (5, 7, 8), strict=True):
        fold[rng.choice(24, size, replace=False)] = rng.integers(1, 3, size)
    with_all = np.concatenate([folds, np.ones((1, 24), dtype=int)])
    alone = measure.resampled(first, second, folds)
    np.testing.assert_allclose(alone, measure.resampled(first, second, with_all)[:3], atol=1e-8)


@pytest.mark.parametrize("name", MEASURES)
def test_every_stimulus_drawn_twice_is_nearly_every_stimulus_once(name):
    """Exactly so for cosines, whose weights are then all 4."""
    measure = MEASURES[name]
    first, second = stacks(6, 12, name=name)
    twice = measure.resampled(first, second, np.full((1, 12), 2))[0]
    once = measure.compare(first, second)
    exact = name in {"pearson", "cosine", "spearman"}
    np.testing.assert_allclose(twice, once, atol=1e-10 if exact else 0.15)


@pytest.mark.parametrize("name", MEASURES)
def test_degenerate_inputs_have_an_answer(name):
    measure = MEASURES[name]
    first, second = stacks(7, 8, name=name)
    alike = [np.full((8, 12), 0.1)]  # every stimulus the same, their mean but for rounding
    constant = Stack(np.ones((1, 28)), None, stack_of(alike).facts)
    against = measure.compare(constant, second)
    if OF_UNITS & set(measure.needs):
        assert np.isnan(against).all()
    elif measure.costly:  # squared distances of a simplex, in which nothing is alike
        low, high = measure.range
        assert (np.isnan(against) | ((against >= low) & (against <= high))).all()
    elif measure.independence == "0":
        np.testing.assert_array_equal(against, 0)
    else:
        assert np.isfinite(against).all()
    # One stimulus that is another once more.
    copied = stack_of([x[[0, 0, 1, 2, 3, 4, 5, 6]] for x in first.fact("features")])
    bounded = np.isfinite(measure.range).all()
    assert np.isfinite(measure.compare(copied, second)).all() or not bounded
    # The fewest stimuli there can be: a number in range, or none.
    few = first.chosen(np.arange(3)), second.chosen(np.arange(3))
    values = measure.compare(*few)
    assert not np.isinf(values).any()
    # Resamples without a geometry.
    one_stimulus = np.zeros((1, 8), dtype=int)
    one_stimulus[0, 3] = 8
    assert np.isnan(measure.resampled(first, second, one_stimulus)).all()


def test_a_stack_says_what_is_wrong_with_it():
    rdms = np.ones((2, 6))
    with pytest.raises(IsomorphError, match="features: 1 arrays for 2 representations"):
        Stack(rdms, None, {"features": [np.ones((4, 3))]})
    with pytest.raises(IsomorphError, match="features: an array of 5 stimuli beside RDMs of 4"):
        Stack(rdms, None, {"features": [np.ones((4, 3)), np.ones((5, 3))]})
    with pytest.raises(IsomorphError, match=r"needs features, and these .* come as RDMs alone"):
        MEASURES["cka_feature_corrected"].compare(rdms, rdms)
