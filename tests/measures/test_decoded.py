"""What can be read out: regressions by scikit-learn, limits in CKA and canonical correlation."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from isomorph.measures import MEASURES, Stack
from isomorph.measures.decoded import DecodabilityForm
from isomorph.measures.pairs import pair_indices


def stack_of(*features, labels=None):
    i, j = pair_indices(len(features[0]))
    rdms = np.stack([((x[i] - x[j]) ** 2).sum(axis=1) for x in features])
    return Stack(rdms, facts={} if labels is None else {"labels": [labels] * len(features)})


def value(name, x, y, labels=None):
    return MEASURES[name].pair(stack_of(x, labels=labels), stack_of(y, labels=labels))


def penalty(x, ridge):
    return ridge * ((x - x.mean(axis=0)) ** 2).sum() / (len(x) - 1)


def related(seed, n=20, p=6, q=4):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) * np.arange(1, p + 1)
    return x, x @ rng.standard_normal((p, q)) + 2 * rng.standard_normal((n, q))


@pytest.mark.parametrize("ridge", [1.0, 0.1])
def test_decodability_is_the_agreement_of_regressions_over_tasks(ridge):
    x, y = related(0)
    # All tasks of variance 1 are as likely: those along each stimulus stand for them.
    tasks = np.eye(20)
    read = [
        Ridge(alpha=penalty(one, ridge)).fit(one, tasks).predict(one) - tasks.mean(axis=0)
        for one in (x, y)
    ]
    expected = (read[0] * read[1]).sum() / np.linalg.norm(read[0]) / np.linalg.norm(read[1])
    name = "decodability" if ridge == 1 else f"decodability({ridge:g})"
    assert value(name, x, y) == pytest.approx(expected, abs=1e-9)


def test_decodability_runs_from_canonical_correlation_to_alignment():
    x, y = related(1)
    first, second = stack_of(x), stack_of(y)
    aligned = DecodabilityForm(1e6).compare(first, second)
    np.testing.assert_allclose(aligned, value("cka_biased", x, y), atol=1e-5)
    u, v = (np.linalg.svd(one - one.mean(axis=0), full_matrices=False)[0] for one in (x, y))
    canonical = np.linalg.svd(u.T @ v, compute_uv=False)
    read = DecodabilityForm(1e-7).compare(first, second)
    np.testing.assert_allclose(read, (canonical**2).sum() / np.sqrt(6 * 4), atol=1e-5)


def test_decodability_is_an_inner_product_of_vectors_of_pairs():
    measure = MEASURES["decodability"]
    first, second = stack_of(*related(2, q=6)), stack_of(*related(3, q=6))
    found = measure.embed(first.rdms) @ measure.embed(second.rdms).T
    np.testing.assert_allclose(measure.compare(first, second), found, atol=1e-12)


def test_chance_of_decodability_is_the_mean_over_all_orders():
    measure = MEASURES["decodability"]
    first, second = (stack_of(one) for one in related(2, n=5))
    every = [
        measure.pair(first.chosen(np.array(order)), second) for order in permutations(range(5))
    ]
    assert measure.chance(first, second).item() == pytest.approx(np.mean(every), abs=1e-10)


def literal_discrepancy(x, y, labels, ridge=1.0):
    classes = np.unique(labels)
    targets = (np.asarray(labels)[:, None] == classes).astype(float)
    beyond = []
    for one in (x, y):
        rows = []
        for i in range(len(one)):
            rest = np.delete(np.arange(len(one)), i)
            fitted = Ridge(alpha=penalty(one, ridge)).fit(one[rest], targets[rest])
            rows.append(fitted.predict(one[i : i + 1])[0] - targets[rest].mean(axis=0))
        beyond.append(np.array(rows))
    apart = ((beyond[0] - beyond[1]) ** 2).sum()
    return 1 - apart / ((beyond[0] ** 2).sum() + (beyond[1] ** 2).sum())


@pytest.mark.parametrize("p", [4, 60])
@pytest.mark.parametrize("labels", [np.arange(20) % 3, np.array(["cat", "dog"] * 10)])
def test_probes_leave_out_each_stimulus_by_a_loop(p, labels):
    x, y = related(4, p=p)
    x[labels == labels[0]] += 3
    found = value("transferred_discrepancy", x, y, labels)
    assert found == pytest.approx(literal_discrepancy(x, y, labels), abs=1e-9)


def test_probes_agree_where_labels_are_decoded_and_only_there():
    rng = np.random.default_rng(5)
    labels = np.arange(60) % 3
    coded = [4 * np.eye(3)[labels] @ rng.standard_normal((3, 8)) for _ in range(2)]
    x, y = (one + rng.standard_normal((60, 8)) for one in coded)
    assert value("transferred_discrepancy", x, y, labels) > 0.8
    noise = stack_of(*rng.standard_normal((100, 60, 8)), labels=labels)
    found = MEASURES["transferred_discrepancy"].compare(stack_of(x, labels=labels), noise)
    assert abs(found.mean()) < 4 * found.std() / 10


@pytest.mark.parametrize("labels", [np.zeros(12), np.arange(12)])
def test_labels_that_cannot_be_predicted_have_no_value(labels):
    x, y = related(7, n=12)
    assert np.isnan(value("transferred_discrepancy", x, y, labels))


def test_what_does_not_vary_has_no_value_and_few_stimuli_have_one():
    x, y = related(8, n=12)
    labels = np.arange(12) % 2
    seconds = stack_of(y, np.full((12, 3), 0.1), labels=labels)
    for name in ("decodability", "transferred_discrepancy"):
        found = MEASURES[name].compare(stack_of(x, labels=labels), seconds)[0]
        np.testing.assert_array_equal(np.isnan(found), [False, True])
        for n, p in ((3, 1), (3, 9), (4, 2)):
            a, b = np.random.default_rng(9).standard_normal((2, n, p))
            assert -1 <= value(name, a, b, np.arange(n) % 2) <= 1
