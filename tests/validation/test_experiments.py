"""The parts of which published results are made."""

import numpy as np
import pytest
import torch

from isomorph.measures import MEASURES, Stack
from isomorph.validation.alike import alike, stack_of
from isomorph.validation.bansal import stitched_accuracy
from isomorph.validation.barannikov import clustered
from isomorph.validation.davari import limit
from isomorph.validation.digits import digits
from isomorph.validation.ding import deleted
from isomorph.validation.moschella import exactness
from isomorph.validation.perceptrons import initial, trained
from isomorph.validation.rebasin import barrier, matched
from isomorph.validation.williams import excess


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(5)


def images(rng, n=40, p=6):
    x = rng.standard_normal((n, p))
    return x, (x[:, 0] > 0).astype(int)


def test_networks_trained_side_by_side_are_those_trained_alone(rng):
    x, y = images(rng)
    together = trained(x, y, (8, 5), [3, 4], epochs=3, batch=10)
    alone = trained(x, y, (8, 5), [4], epochs=3, batch=10)
    for one, other in zip(together.layers(x), alone.layers(x), strict=True):
        np.testing.assert_allclose(one[1], other[0], rtol=1e-3, atol=1e-5)
    assert not np.allclose(*together.layers(x)[0])


def test_training_lowers_the_loss_and_layers_are_what_torch_gives(rng):
    x, y = images(rng)
    before, after = (
        initial((6, 8, 10), [0]),
        trained(x, y, (8,), [0], epochs=60, batch=10, rate=1e-2),
    )
    assert after.loss(x, y)[0] < before.loss(x, y)[0] / 2
    assert after.accuracy(x, y)[0] > 0.9
    hidden, logits = after.layers(x)
    weights = [one[0].numpy() for one in after.weights]
    biases = [one[0].numpy() for one in after.biases]
    wanted = np.maximum(x @ weights[0] + biases[0], 0)
    np.testing.assert_allclose(hidden[0], wanted, atol=1e-5)
    np.testing.assert_allclose(logits[0], wanted @ weights[1] + biases[1], atol=1e-5)
    loss = torch.nn.functional.cross_entropy(torch.as_tensor(logits[0]), torch.as_tensor(y))
    assert after.loss(x, y)[0] == pytest.approx(loss.item(), abs=1e-5)


def test_features_as_roots_give_what_rdms_give(rng):
    first, second = ([rng.standard_normal((12, p)) for p in (3, 5)] for _ in range(2))
    for measure in ("cka", "procrustes", "procrustes_angular", "cca", "svcca", "pwcca"):
        stacks = (stack_of(one) for one in (first, second))
        plain = (Stack(one.rdms, one.n_features, one.facts) for one in stacks)
        of_rdms = MEASURES[measure].compare(*plain)
        np.testing.assert_allclose(alike(measure, first, second), of_rdms, atol=1e-6)


def test_a_network_in_another_order_is_put_back(rng):
    x, y = images(rng)
    network = trained(x, y, (16, 12), [0], epochs=20)
    orders = [rng.permutation(16), rng.permutation(12)]
    weights, biases = ([one.clone() for one in part] for part in (network.weights, network.biases))
    for layer, order in enumerate(orders):
        weights[layer] = weights[layer][..., order]
        biases[layer] = biases[layer][..., order]
        weights[layer + 1] = weights[layer + 1][:, order]
    other = type(network)(weights, biases)
    np.testing.assert_allclose(other.layers(x)[-1], network.layers(x)[-1], atol=1e-5)
    found = matched(network, other)
    for one, wanted in zip(found.weights, network.weights, strict=True):
        np.testing.assert_array_equal(one, wanted)


def test_matching_changes_no_output_and_a_network_has_no_barrier_with_itself(rng):
    x, y = images(rng)
    networks = trained(x, y, (16, 12), [0, 1], epochs=10)
    first, second = networks[:1], networks[1:]
    found = matched(first, second)
    np.testing.assert_allclose(found.layers(x)[-1], second.layers(x)[-1], atol=1e-4)

    class Data:
        images, labels = x, y

    assert barrier(first, first, Data) == pytest.approx(0, abs=1e-6)


def test_the_limit_of_cka_is_reached_from_above_or_below(rng):
    features = rng.standard_normal((50, 4))
    moved = features + 1e7 * np.outer(np.arange(50) < 20, rng.standard_normal(4))
    assert alike("cka_biased", [features], [moved])[0, 0] == pytest.approx(
        limit(features, 20), abs=1e-5
    )


def test_of_a_metric_no_detour_is_shorter(rng):
    points = rng.standard_normal((9, 2))
    lengths = np.linalg.norm(points[:, None] - points, axis=2)
    assert excess(lengths) == pytest.approx(0, abs=1e-12)
    assert excess(lengths**2) > 0.1


def test_deleting_components_leaves_the_first_of_them(rng):
    features = rng.standard_normal((30, 5)) * [5, 4, 3, 2, 1] + 7
    mean = features.mean(axis=0)
    axes = np.linalg.svd(features - mean, full_matrices=False)[2]
    for rank in (1, 3, 5):
        left = deleted(features, rank, axes, mean)
        assert np.linalg.matrix_rank(left) == rank
    np.testing.assert_allclose(left, features - mean, atol=1e-10)


def test_a_seam_between_halves_of_one_network_costs_nothing():
    data = digits()
    network = trained(data.images, data.labels, (16, 16), [0], epochs=5)
    whole = network.accuracy(data.test_images, data.test_labels)[0]
    assert stitched_accuracy(network, network, 0, data) > whole - 0.02


def test_relative_spaces_are_exact_under_what_they_do_not_see():
    assert max(exactness().values()) < 1e-12


def test_clusters_are_where_they_are_said_to_be(rng):
    points = rng.standard_normal((60, 2))
    moved = clustered(points, 3) - points
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 10)
    assert len(np.unique(moved.round(6), axis=0)) == 3
    np.testing.assert_array_equal(moved[:5], moved[[0] * 5])


def test_training_leaves_torch_as_it_was_and_does_not_depend_on_it(rng):
    x, y = images(rng)
    threads = torch.get_num_threads()
    torch.manual_seed(1)
    first, state = trained(x, y, (4,), [0], epochs=2), torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = trained(x, y, (4,), [0], epochs=2)
    assert torch.get_num_threads() == threads
    for one, other in zip(first.weights, second.weights, strict=True):
        assert torch.equal(one, other)
