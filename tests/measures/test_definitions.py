"""What a measure says it computes is what it computes: each formula, written out anew."""

import re
from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import eigh, sqrtm
from scipy.optimize import linear_sum_assignment, minimize
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.stats import rankdata

import isomorph as iso
from isomorph.measures import MEASURES, Stack
from isomorph.measures.anchored import drawn_anchors
from isomorph.rdms import DISTANCES

N, P, Q, K = 24, 5, 4, 4
RNG = np.random.default_rng(3)
X = RNG.standard_normal((N, P)) + RNG.standard_normal((N, 1)) + 0.5
Y = 0.7 * X[:, :Q] + RNG.standard_normal((N, Q))
LABELS = np.arange(N) % 3
FIRST, SECOND = np.triu_indices(N, 1)
M = len(FIRST)
H = np.eye(N) - 1 / N


def corr(x, y):
    return np.corrcoef(x, y)[0, 1]


def cosine(x, y):
    return (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())


def squares(x):
    return pdist(x, "sqeuclidean")


def unit(x):
    x = x - x.mean(axis=0)
    return x / np.linalg.norm(x)


def gram(x):
    return unit(x) @ unit(x).T


def u_centred(kernel):
    k = kernel - np.diag(np.diag(kernel))
    rows = k.sum(axis=1)
    found = k - (rows[:, None] + rows) / (N - 2) + k.sum() / ((N - 1) * (N - 2))
    return found - np.diag(np.diag(found))


def less_additive(d):
    return u_centred(squareform(d))[FIRST, SECOND]


def whitened(x, y):
    a = np.zeros((M, N))
    a[np.arange(M), FIRST] = a[np.arange(M), SECOND] = 1
    white = np.linalg.inv(2 * np.eye(M) + a @ a.T)
    return x @ white @ y / np.sqrt(x @ white @ x * (y @ white @ y))


def signs(d):
    k, m = np.triu_indices(len(d), 1)
    return np.sign(d[k] - d[m])


def gaussian(x):
    d = squareform(squares(x))
    return np.exp(-d / (2 * 0.5**2 * np.median(d)))


def feature_corrected(x, y):
    def power(z):
        each = [less_additive(squares(z[:, [a]])) for a in range(z.shape[1])]
        p = len(each)
        return sum(each[a] @ each[b] for a, b in permutations(range(p), 2)) / (p * (p - 1))

    cross = less_additive(squares(x) / P) @ less_additive(squares(y) / Q)
    return cross / np.sqrt(power(x) * power(y))


def nuclear(x, y):
    return np.linalg.norm(x.T @ y, "nuc")


def fidelity(x, y):
    k, m = gram(x), gram(y)
    root = sqrtm(k).real
    return np.sqrt(np.maximum(np.linalg.eigvals(root @ m @ root).real, 0)).sum()


def angle(value):
    return 1 - 2 / np.pi * np.arccos(value)


def partly_whitened(x, alpha=0.5):
    x = unit(x)
    x = x @ (alpha * np.eye(x.shape[1]) + (1 - alpha) * np.linalg.inv(sqrtm(x.T @ x).real))
    return x / np.linalg.norm(x)


def matched(cross):
    return cross[linear_sum_assignment(cross, maximize=True)].sum()


def transported(x, y):
    from scipy.optimize import linprog

    gain = unit(x).T @ unit(y)
    sums = [np.kron(np.eye(P), np.ones(Q)), np.kron(np.ones(P), np.eye(Q))]
    margins = np.r_[np.full(P, 1 / P), np.full(Q, 1 / Q)]
    found = linprog(-gain.ravel(), A_eq=np.vstack(sums), b_eq=margins)
    return -found.fun * np.sqrt(P * Q)


def basis(x, share=1.0):
    left, spreads, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    kept = np.cumsum(spreads**2) / (spreads**2).sum()
    return left[:, : int(np.searchsorted(kept, share - 1e-9)) + 1]


def canonical(x, y, share=1.0):
    u, v = basis(x, share), basis(y, share)
    return nuclear(u, v) / min(u.shape[1], v.shape[1])


def projected(x, y):
    left, rho, _ = np.linalg.svd(basis(x).T @ basis(y), full_matrices=False)
    weights = np.abs((basis(x) @ left).T @ (x - x.mean(axis=0))).sum(axis=1)
    return weights @ rho / weights.sum()


def log_eigenvalues(a, b):
    return np.log(eigh(a, b, eigvals_only=True))


def riemannian(x, y, s=0.1):
    a, b = ((1 - s) * (N - 1) * gram(z) + s * np.eye(N) for z in (x, y))
    return np.exp(-np.sqrt((log_eigenvalues(a, b) ** 2).sum() / (N - 1)))


def noisy(x, y):
    from scipy.linalg import helmert

    basis = helmert(N)
    a, b = (basis @ gram(z) @ basis.T for z in (x, y))

    def far(v):
        logs = log_eigenvalues(a + np.exp(v[0]) * np.eye(N - 1), b)
        return np.sqrt(((logs - logs.mean()) ** 2).sum())

    return -min(minimize(far, [start], method="Nelder-Mead").fun for start in (-8, -4, -1))


def regressed(x, penalty):
    return gram(x) @ np.linalg.inv(gram(x) + penalty * np.eye(N))


def decoded(x, y):
    return cosine(*(regressed(z, 1 / (N - 1)) for z in (x, y)))


def gulp(x, y):
    one, other = regressed(x, 0.01), regressed(y, 0.01)
    return 2 * (one * other).sum() / ((one**2).sum() + (other**2).sum())


def nearest(x):
    d = squareform(squares(x))
    np.fill_diagonal(d, np.inf)
    return [set(row.argsort()[:K]) for row in d]


def shared(x, y):
    return np.array([len(a & b) for a, b in zip(nearest(x), nearest(y), strict=True)])


def of_ranks(x, y):
    ranks = [squareform(squares(z)).argsort(axis=1).argsort(axis=1) for z in (x, y)]
    found = []
    for i, (a, b) in enumerate(zip(nearest(x), nearest(y), strict=True)):
        both = [(ranks[0][i, j], ranks[1][i, j]) for j in a & b]
        harmonic = sum(1 / h for h in range(1, len(both) + 1)) or 1
        found.append(sum(2 / ((1 + abs(r - s)) * (r + s)) for r, s in both) / harmonic)
    return np.mean(found)


def second_order(x, y):
    d, e = (squareform(squares(z)) for z in (x, y))
    either = [sorted(a | b) for a, b in zip(nearest(x), nearest(y), strict=True)]
    return np.mean([cosine(d[i, one], e[i, one]) for i, one in enumerate(either)])


def edges(x):
    weights = np.array([[float(j in near) for j in range(N)] for near in nearest(x)])
    return weights + weights.T


def modularity(x):
    graph, same = edges(x), LABELS[:, None] == LABELS
    ends = graph.sum(axis=1)
    return ((graph - np.outer(ends, ends) / graph.sum()) * same).sum() / graph.sum()


def one_to_one(x, y):
    found = []
    for a in range(P):
        zx = (x[:, a] - x[:, a].mean()) / x[:, a].std()
        products = np.empty(N)
        zy = (y - y.mean(axis=0)) / y.std(axis=0)
        partners = np.empty(N)
        for i in range(N):
            rest = np.delete(np.arange(N), i)
            best = max(range(Q), key=lambda b: corr(x[rest, a], y[rest, b]))
            products[i], partners[i] = zx[i] * zy[i, best], best
        found.append(products.mean())
    return np.mean(found)


def components(x, k=5):
    left, spreads, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    return left[:, : min(k, (spreads > 1e-9).sum())] * np.sqrt(N)


def held_out_components(x, y):
    found = []
    for one, other in ((components(x), components(y)), (components(y), components(x))):
        there, said = [], []
        for i in range(N):
            rest = np.delete(np.arange(N), i)
            a, b = one[rest] - one[rest].mean(axis=0), other[rest] - other[rest].mean(axis=0)
            said.append((one[i] - one[rest].mean(axis=0)) @ np.linalg.lstsq(a, b, rcond=None)[0])
            there.append(other[i] - other[rest].mean(axis=0))
        found.append(cosine(np.array(there), np.array(said)))
    return np.mean(found)


def probes(x):
    """What ridge regression, with the penalty of all stimuli, says of each from all others."""
    k = H @ (x @ x.T) @ H
    penalty = np.trace(k) / (N - 1)
    targets = np.eye(3)[LABELS]
    found = np.empty((N, 3))
    for i in range(N):
        rest = np.delete(np.arange(N), i)
        z = x - x[rest].mean(axis=0)
        mean = targets[rest].mean(axis=0)
        inner = z[rest] @ z[rest].T + penalty * np.eye(N - 1)
        found[i] = z[i] @ z[rest].T @ np.linalg.solve(inner, targets[rest] - mean)
    return found


def probed(x, y):
    p, q = probes(x), probes(y)
    return 1 - ((p - q) ** 2).sum() / ((p**2).sum() + (q**2).sum())


def to_anchors(x, kind):
    if kind == "cosine":
        z = x - x.mean(axis=0)
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        return z @ z.T
    return cdist(x, x, {"l2": "euclidean", "l1": "cityblock", "linf": "chebyshev"}[kind])


def standardised(x, kind, anchors, others):
    z = to_anchors(x, kind)[np.ix_(others, anchors)]
    z = z - z.mean(axis=1, keepdims=True)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def relative(*kinds):
    def value(x, y):
        found = [
            (standardised(x, kind, *draw) * standardised(y, kind, *draw)).sum(axis=1).mean()
            for draw in drawn_anchors(N, 0.5)
            for kind in kinds
        ]
        return np.mean(found)

    return value


def retrieved(score):
    def value(x, y):
        found = []
        for draw in drawn_anchors(N, 0.5):
            cosines = standardised(x, "cosine", *draw) @ standardised(y, "cosine", *draw).T
            for way in (cosines, cosines.T):
                found += list(score((way >= np.diag(way)[:, None] - 1e-12).sum(axis=1)))
        return np.mean(found)

    return value


def framed(x):
    length = np.linalg.norm(x, axis=1).mean()
    constant = np.full(x.shape[1], length / np.sqrt(x.shape[1]))
    return squares(np.vstack([x, np.zeros(x.shape[1]), constant]))


def ranks_of(x):
    return rankdata(squares(x))


def of_squares(form):
    return lambda x, y: form(squares(x), squares(y))


def roots_apart(x, y):
    return cosine(*(less_additive(np.sqrt(squares(z))) for z in (x, y)))


def hsic(x, y):
    d, e = squares(x), squares(y)
    cross = less_additive(d) @ less_additive(e)
    return 2 * cross / (N * (N - 3) * d.mean() * e.mean())


WRITTEN_OUT = {
    "pearson": of_squares(corr),
    "spearman": lambda x, y: corr(ranks_of(x), ranks_of(y)),
    "rho_a": lambda x, y: 12 / (M**3 - M) * ((ranks_of(x) - (M + 1) / 2) @ ranks_of(y)),
    "tau_a": of_squares(lambda d, e: (signs(d) * signs(e)).mean()),
    "tau_b": of_squares(lambda d, e: cosine(signs(d), signs(e))),
    "cosine": of_squares(cosine),
    "whitened_cosine": of_squares(whitened),
    "whitened_correlation": of_squares(lambda d, e: whitened(d - d.mean(), e - e.mean())),
    "neg_riem_dist": noisy,
    "cka": lambda x, y: cosine(u_centred(gram(x)), u_centred(gram(y))),
    "cka_biased": lambda x, y: cosine(gram(x), gram(y)),
    "cka_rbf": lambda x, y: cosine(u_centred(gaussian(x)), u_centred(gaussian(y))),
    "cka_rbf_biased": lambda x, y: cosine(H @ gaussian(x) @ H, H @ gaussian(y) @ H),
    "cka_feature_corrected": feature_corrected,
    "procrustes": lambda x, y: nuclear(unit(x), unit(y)),
    "procrustes_angular": lambda x, y: angle(nuclear(unit(x), unit(y))),
    "bures": fidelity,
    "nbs": fidelity,
    "shape_alpha": lambda x, y: angle(nuclear(partly_whitened(x), partly_whitened(y))),
    "permutation": lambda x, y: matched(unit(x).T @ unit(y)),
    "soft_matching": transported,
    "cca": canonical,
    "svcca": lambda x, y: canonical(x, y, 0.99),
    "pwcca": projected,
    "distance_correlation": roots_apart,
    "hsic": hsic,
    "riemannian": riemannian,
    "gulp": gulp,
    "mutual_knn": lambda x, y: shared(x, y).mean() / K,
    "knn_jaccard": lambda x, y: (shared(x, y) / (2 * K - shared(x, y))).mean(),
    "rank_similarity": of_ranks,
    "second_order_cosine": second_order,
    "gbs": lambda x, y: np.mean([cosine(a, b) for a, b in zip(edges(x), edges(y), strict=True)]),
    "modularity": lambda x, y: 1 - abs(modularity(x) - modularity(y)) / 1.5,
    "one_to_one": one_to_one,
    "linear_identifiability": held_out_components,
    "transferred_discrepancy": probed,
    "decodability": decoded,
    "relative_cosine": relative("cosine"),
    "relative_l2": relative("l2"),
    "relative_l1": relative("l1"),
    "relative_linf": relative("linf"),
    "relative_product": relative("cosine", "l2", "l1", "linf"),
    "asif_accuracy": retrieved(lambda rank: rank == 1),
    "asif_mrr": retrieved(lambda rank: 1 / rank),
    "framed_cosine": lambda x, y: cosine(framed(x), framed(y)),
    "framed_pearson": lambda x, y: corr(framed(x), framed(y)),
}  # fmt: skip

ELSEWHERE = {
    "stochastic_shape", "rtd", "persistence", "mcc", "cca_ridge", "ridge", "ridge_reverse", "pls",
    "stitching",
}  # fmt: skip
"""Held against other packages, or written out, in the tests of their modules."""


LOOSE = {"neg_riem_dist": 1e-5, "bures": 1e-6, "nbs": 1e-6}
"""Of a search, and of roots of matrices that are singular."""


def stack_of(x):
    return Stack(squares(x)[None], np.array([x.shape[1]]), {"features": [x], "labels": [LABELS]})


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_a_measure_is_what_its_definition_says(name):
    measure = MEASURES[name]
    if getattr(measure.form, "parameter", "") == "k":
        measure = MEASURES[name if measure.form.k == K else f"{name}({K})"]
    second = Y
    if name == "neg_riem_dist":  # the second must differ between stimuli in all dimensions
        second = np.hstack([Y, np.random.default_rng(1).standard_normal((N, N))])
    expected = WRITTEN_OUT[name](X, second)
    found = measure.pair(stack_of(X), stack_of(second))
    assert found == pytest.approx(expected, abs=LOOSE.get(name, 1e-8))


def test_what_is_said_of_measures_and_distances_is_said_of_each_and_once():
    """A copy with another name takes the words with it unless it has its own."""
    for registry in (MEASURES, DISTANCES):
        for one in registry.values():
            assert one.definition.startswith("$$"), one.name
            assert one.definition.count("$$") == 2, one.name
            assert one.avoid.endswith("."), one.name
            assert len(one.avoid) > 40, one.name
            assert not set("$\\") & set(one.avoid), one.name  # plain words, which the page has too
            mentioned = set(re.findall(r"`(\w+)`", f"{one.definition} {one.avoid}"))
            assert mentioned <= {*MEASURES, *DISTANCES}, one.name
        said = [one.avoid for one in registry.values()]
        assert len(set(said)) == len(said) - (registry is MEASURES)  # framed_cosine, framed_pearson
        computed = [one.definition for one in registry.values()]
        assert len(set(computed)) == len(computed)


def test_every_measure_is_written_out_here_or_named_as_one_that_is_elsewhere():
    assert set(WRITTEN_OUT) | ELSEWHERE == set(MEASURES)
    assert not set(WRITTEN_OUT) & ELSEWHERE


RUNS = np.random.default_rng(5).poisson(6.0, (4, 8, 7)).astype(float)
"""Counts of 7 units for 8 stimuli in 4 runs, once each."""


def between_runs(of):
    pairs = list(permutations(range(4), 2))
    return np.mean([[of(RUNS[r], RUNS[s], i, j) for i, j in OF_FEW] for r, s in pairs], axis=0)


OF_FEW = list(zip(*np.triu_indices(8, 1), strict=True))
MEAN = RUNS.mean(axis=0)


def precision(runs):
    residuals = (runs - runs.mean(axis=0)).reshape(-1, 7)
    return np.linalg.inv(residuals.T @ residuals / ((len(runs) - 1) * 8))


PRECISION = precision(RUNS)


def crossnobis():
    found = []
    for own, rest in ((RUNS[r], np.delete(RUNS, r, axis=0)) for r in range(4)):
        x, weights = rest.mean(axis=0), precision(rest)
        found.append([(own[i] - own[j]) @ weights @ (x[i] - x[j]) / 7 for i, j in OF_FEW])
    return np.mean(found, axis=0)


def rates(runs):
    return (runs + 0.1 * 1.0) / 1.1


def divergence(a, b, i, j):
    return ((a[i] - a[j]) * (np.log(b[i]) - np.log(b[j]))).mean()


def crossed_divergence():
    others = [np.delete(RUNS, r, axis=0).mean(axis=0) for r in range(4)]
    sides = [(rates(other), rates(own)) for other, own in zip(others, RUNS, strict=True)]
    return np.mean([[divergence(a, b, i, j) for i, j in OF_FEW] for a, b in sides], axis=0)


PLAIN = {
    "correlation": lambda: [1 - corr(MEAN[i], MEAN[j]) for i, j in OF_FEW],
    "cosine": lambda: [1 - cosine(MEAN[i], MEAN[j]) for i, j in OF_FEW],
    "euclidean": lambda: np.sqrt(squares(MEAN) / 7),
    "euclidean_norm": lambda: np.sqrt(squares(MEAN)),
    "squared_euclidean": lambda: squares(MEAN) / 7,
    "crossvalidated_euclidean": lambda: between_runs(
        lambda x, y, i, j: (x[i] - x[j]) @ (y[i] - y[j]) / 7
    ),
    "mahalanobis": lambda: pdist(MEAN, "mahalanobis", VI=PRECISION) ** 2 / 7,
    "crossnobis": crossnobis,
    "poisson_kl": lambda: [divergence(rates(MEAN), rates(MEAN), i, j) for i, j in OF_FEW],
    "crossvalidated_poisson_kl": crossed_divergence,
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_distance_is_what_its_definition_says(name):
    found = iso.rdm(RUNS, name, shrinkage="none")[name].values[0]
    np.testing.assert_allclose(found, PLAIN[name](), rtol=1e-9, atol=1e-9)


def test_every_distance_is_written_out_but_decoding():
    assert set(PLAIN) | {"lda_accuracy"} == set(DISTANCES)
