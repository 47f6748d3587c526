"""Many measures from few products are those measures, also of many stimuli and in any order."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from isomorph.inference.permutation import shuffled
from isomorph.inference.trust.chance import Chance
from isomorph.inference.trust.layers import SomeStimuli
from isomorph.inference.trust.noise_level import calibrated, simulated
from isomorph.inference.trust.seen import Seen
from isomorph.inference.trust.spaces import moved
from isomorph.inference.trust.told_apart import Terms
from isomorph.measures import MEASURES
from isomorph.simulation.gaussian import FINE, SimulatedDesign, draw, mix, simulated_rdms
from isomorph.simulation.planting import PLANTINGS, root

NAMES = (
    "rho_a", "spearman", "pearson", "cosine", "whitened_cosine", "whitened_correlation", "cka",
    "linear_cka",
)  # fmt: skip
KNOWN = [MEASURES[name] for name in NAMES if name in MEASURES]


def some_rdms(n_stimuli, n, seed=0):
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((n_stimuli, 6))
    return np.array([pdist(own + rng.standard_normal(own.shape)) ** 2 for _ in range(n)])


@pytest.mark.parametrize(("n_stimuli", "off"), [(20, 1e-13), (FINE + 30, 1e-6)])
def test_every_measure_is_had_from_products_in_its_space(n_stimuli, off):
    layers, data = some_rdms(n_stimuli, 5), some_rdms(n_stimuli, 4, seed=1)
    layers[3] = np.round(layers[3] / 8)  # many ties
    layers[4] = 1.0  # nothing to see
    seen = Seen(layers, KNOWN)
    look = seen.look(data.reshape(2, 2, -1))
    orders = np.random.default_rng(2).permuted(np.tile(np.arange(n_stimuli), (2, 1)), axis=1)
    in_orders = np.concatenate(
        [shuffled(data[2 * k : 2 * k + 2], orders[[k]])[0] for k in range(2)]
    )
    np.testing.assert_array_equal(moved(data, np.repeat(orders, 2, axis=0)), in_orders)
    by_order = look.shuffled(1, orders)
    for measure in KNOWN:
        expected = measure.compare(data, layers).reshape(2, 2, -1)
        np.testing.assert_allclose(look.scores(measure), expected, atol=off)
        expected = measure.compare(in_orders, layers).reshape(2, 2, -1)
        np.testing.assert_allclose(look.moved(orders).scores(measure), expected, atol=off)
        among = [measure.compare(own, own) for own in (data[:2], data[2:])]
        np.testing.assert_allclose(look.among(measure), among, atol=off)
        vectors = measure.embed(data)
        np.testing.assert_allclose(look.mean(measure).ravel(), vectors.mean(axis=1), atol=off)
        layer = measure.embed(layers[1:2])
        assert seen.mean(measure, 1) == pytest.approx(layer.mean(), abs=off)
        assert seen.power(measure, 1) == pytest.approx(np.square(layer).sum(), abs=off)
        in_order = shuffled(layers[1:2], orders)[:, 0]
        expected = measure.compare(data, in_order).T.reshape(2, 2, 2)
        np.testing.assert_allclose(by_order[measure.name], expected, atol=off)


def test_a_layer_of_which_a_measure_sees_little_is_looked_at_with_care():
    rng = np.random.default_rng(3)
    n_stimuli = FINE + 20
    first, second = np.triu_indices(n_stimuli, 1)
    numbers = rng.random(n_stimuli)
    layers = some_rdms(n_stimuli, 2)
    layers[1] = numbers[first] + numbers[second] + 1e-4 * rng.random(len(first))
    seen = Seen(layers, KNOWN)
    data = some_rdms(n_stimuli, 2, seed=1)
    for measure in KNOWN:
        np.testing.assert_allclose(
            seen.look(data[None]).scores(measure)[0], measure.compare(data, layers), atol=1e-6
        )


def test_a_few_large_distances_do_not_blur_the_ranks_of_all_others():
    n_stimuli = FINE + 20
    layers, data = some_rdms(n_stimuli, 3), some_rdms(n_stimuli, 2, seed=1)
    data[0, :3] = 1e9
    for name in ("rho_a", "spearman"):
        measure = MEASURES[name]
        found = Seen(layers, [measure]).look(data[None]).scores(measure)[0]
        np.testing.assert_allclose(found, measure.compare(data, layers), atol=1e-6)


@pytest.mark.parametrize("n_subjects", [1, 3])
def test_chance_has_the_moments_that_shuffles_have(n_subjects):
    n_stimuli, n = 24, 4
    layers = some_rdms(n_stimuli, 3)
    data = some_rdms(n_stimuli, n * n_subjects, seed=1).reshape(n, n_subjects, -1)
    terms = Terms(None, [], None, np.arange(n_stimuli), "")
    candidates = type("Candidates", (), {"rdms": layers})()
    part = SomeStimuli(candidates, KNOWN, terms, None, [0])
    look = part.seen.look(data)
    rng = np.random.default_rng(4)
    orders = rng.permuted(np.tile(np.arange(n_stimuli), (4000, 1)), axis=1)
    by_order = look.shuffled(1, orders)
    for measure in KNOWN:
        found = Chance(part, 1, data, look, {}).moments(measure, n_subjects)
        drawn = by_order[measure.name].mean(axis=2)
        spread = drawn.std(axis=0)
        np.testing.assert_allclose(found.mean, drawn.mean(axis=0), atol=0.06 * spread.max())
        np.testing.assert_allclose(np.sqrt(found.variance), spread, rtol=0.06)
        skewness = ((drawn - drawn.mean(axis=0)) ** 3).mean(axis=0) / spread**3
        np.testing.assert_allclose(found.skewness, skewness, atol=0.25)


def test_data_of_one_noise_level_are_those_of_all_levels_in_single_precision_too():
    rng = np.random.default_rng(5)
    for n_stimuli, off in ((18, 1e-12), (FINE + 5, 1e-5)):
        for distance in ("correlation", "crossvalidated_euclidean", "euclidean"):
            planting = PLANTINGS[distance]
            kind = "correlation" if distance == "correlation" else "sqeuclidean"
            features = root(pdist(rng.standard_normal((n_stimuli, 5)), kind), planting)
            draws = draw(SimulatedDesign(n_stimuli, (7, 12), 4, True, planting), 2, rng)
            for mixture, noise in zip(
                mix(features, draws), (draws.whole, draws.parts), strict=True
            ):
                expected = mixture.rdms(0.7)
                found = simulated_rdms(features, draws, noise, 0.7)
                scale = expected.std()
                np.testing.assert_allclose(found, expected, atol=off * scale)


@pytest.mark.parametrize("target", [0.3, 0.999, 0.0])
def test_a_search_on_some_of_the_stimuli_ends_at_the_noise_for_all(target):
    rng = np.random.default_rng(6)
    n_stimuli, planting, measure = FINE + 20, PLANTINGS["correlation"], MEASURES["rho_a"]
    features = root(pdist(rng.standard_normal((n_stimuli, 8)), "correlation"), planting)
    design = SimulatedDesign(n_stimuli, (30,), 4, True, planting)
    chosen = np.sort(rng.permutation(n_stimuli)[:100])
    few = draw(SimulatedDesign(100, (30,), 4, True, planting), 6, rng)
    draws = draw(design, 6, rng)
    found = calibrated(features, draws, target, measure, (chosen, few))
    whole = calibrated(features, draws, target, measure)
    assert found.reached is whole.reached
    again = [
        float(simulated(*mix(features, draws), one.angle, measure.embed).mean())
        for one in (found, whole)
    ]
    assert again[0] == pytest.approx(again[1], abs=0.006)
