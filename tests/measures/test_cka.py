"""The kernel family against independent packages, literal definitions and published behaviour."""

import re

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from isomorph.errors import IsomorphError
from isomorph.measures import MEASURES
from isomorph.measures.feature_corrected import FeatureCorrectedForm, centred, same_feature
from isomorph.measures.kernels import _median, _weighted_median
from isomorph.measures.pairs import pair_indices
from isomorph.measures.stack import Stack


def features(seed=0, n_stimuli=18, sizes=(6, 9)):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_stimuli, 4))
    return [
        np.concatenate([shared, rng.standard_normal((n_stimuli, size - 4))], axis=1)
        for size in sizes
    ]


def rdm(x):
    return pdist(x, "sqeuclidean")[None]


def feature_corrected(x, y):
    stacks = [Stack(rdm(z), facts={"features": [z]}) for z in (x, y)]
    return FeatureCorrectedForm().compare(*stacks).item()


def value(name, x, y):
    return MEASURES[name].pair(rdm(x), rdm(y))


def test_debiased_cka_equals_pytorch_cka():
    import torch
    from cka.hsic import hsic

    x, y = features()
    cross, own, other = hsic(*(torch.from_numpy(z @ z.T)[None] for z in (x, y)))
    expected = (cross / torch.sqrt(own * other)).item()
    assert value("cka", x, y) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "kernel", "unbiased", "bandwidth"),
    [
        ("cka", "linear", True, 1),
        ("cka_biased", "linear", False, 1),
        ("whitened_cosine", "linear", False, 1),
        ("cka_rbf", "rbf", True, 0.5),
        ("cka_rbf_biased", "rbf", False, 0.5),
        ("cka_rbf(0.2)", "rbf", True, 0.2),
        ("cka_rbf_biased(0.8)", "rbf", False, 0.8),
    ],
)
def test_cka_equals_ckatorch(name, kernel, unbiased, bandwidth):
    import torch
    from ckatorch.core import cka_base

    # An odd number: of an even one, torch's median is the lower of two.
    x, y = features(1, n_stimuli=19)
    given = (torch.from_numpy(x), torch.from_numpy(y))
    expected = cka_base(*given, kernel=kernel, unbiased=unbiased, threshold=bandwidth).item()
    assert value(name, x, y) == pytest.approx(expected, abs=1e-10)


def test_gaussian_kernels_of_kornblith():
    """The example of their notebook, whose median is over the full matrix."""
    rng = np.random.RandomState(1337)
    x = rng.randn(100, 10)
    y = rng.randn(100, 10) + x
    assert value("cka_rbf_biased", x, y) == pytest.approx(0.654831, abs=1e-6)
    assert value("cka_rbf_biased(0.8)", x, y) != pytest.approx(0.654831, abs=1e-2)


@pytest.mark.parametrize("n_stimuli", [2, 3, 4, 5, 8, 9])
def test_median_is_that_of_the_full_matrix(n_stimuli):
    distances = np.random.default_rng(n_stimuli).uniform(
        1, 2, (3, n_stimuli * (n_stimuli - 1) // 2)
    )
    full = [np.median(squareform(one)) for one in distances]
    np.testing.assert_allclose(_median(distances), full, rtol=1e-15)
    weights = np.ones(distances.shape[1], dtype=int)
    np.testing.assert_allclose(_weighted_median(distances, weights, n_stimuli), full, rtol=1e-15)


def test_a_resample_of_kernels_is_that_of_its_stimuli():
    """Stimuli drawn at most once: the measure of those alone."""
    x, y = features(4, n_stimuli=12)
    measure, drawn = MEASURES["cka_rbf(0.3)"], [0, 2, 3, 4, 7, 9, 11]
    counts = np.isin(np.arange(12), drawn).astype(int)[None]
    found = measure.resampled(rdm(x), rdm(y), counts)[0, 0, 0]
    assert found == pytest.approx(value("cka_rbf(0.3)", x[drawn], y[drawn]), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cka_rbf(0.50)", '"cka_rbf" alone has that bandwidth'),
        ("cka_rbf(0.20)", 'write "cka_rbf\\(0.2\\)"'),
        ("cka_rbf(0)", "a fraction of the median distance above 0"),
        ("cka(0.2)", '"cka" has no parameter'),
        ("cka_rfb(0.2)", "did you mean|known: "),
        ("cka_rbf(x)", "did you mean"),
    ],
)
def test_bandwidths_that_are_none(name, message):
    assert name not in MEASURES
    assert re.search(message, MEASURES.suggestion(name))
    with pytest.raises(IsomorphError, match="unknown measure"):
        MEASURES[name]


def test_a_bandwidth_is_part_of_the_name():
    measure = MEASURES["cka_rbf(0.2)"]
    assert "cka_rbf(0.2)" in MEASURES
    assert measure.name == "cka_rbf(0.2)"
    assert measure.title.endswith("bandwidth 0.2")
    assert "cka_rbf(0.2)" not in list(MEASURES)


def test_gaussian_kernels_see_what_is_not_linear():
    rng = np.random.default_rng(2)
    angle = rng.uniform(0, 2 * np.pi, 60)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    doubled = np.stack([np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    assert abs(value("cka", circle, doubled)) < 0.1
    assert value("cka_rbf", circle, doubled) > 0.1


def test_noise_fools_the_biased_and_not_the_debiased():
    """50 stimuli, 10,000 features, nothing in common."""
    rng = np.random.default_rng(0)
    x, y = (rdm(rng.standard_normal((50, 10_000))) for _ in range(2))
    assert MEASURES["cka_biased"].pair(x, y) == pytest.approx(0.995, abs=0.001)
    assert MEASURES["cosine"].pair(x, y) == pytest.approx(1.0, abs=0.001)
    for name in ("cka", "pearson", "whitened_correlation"):
        assert abs(MEASURES[name].pair(x, y)) < 0.1


def test_whitened_correlation_is_close_to_debiased_cka_and_not_equal():
    x, y = features(3, n_stimuli=40)
    whitened, debiased = value("whitened_correlation", x, y), value("cka", x, y)
    assert whitened == pytest.approx(debiased, abs=0.03)
    assert abs(whitened - debiased) > 1e-4


def u_centred(distances, n):
    square = np.zeros((n, n))
    square[pair_indices(n)] = distances
    square += square.T
    sums = square.sum(axis=1)
    centred = square - (sums[:, None] + sums) / (n - 2) + square.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0)
    return centred


def inner(x, y):
    n = len(x)
    return (u_centred(rdm(x)[0], n) * u_centred(rdm(y)[0], n)).sum() / 2


def test_feature_correction_is_the_mean_over_couples_of_different_features():
    x, y = features(4, n_stimuli=9)
    x, y = (z @ np.random.default_rng(4).standard_normal((z.shape[1],) * 2) for z in (x, y))

    def between(z):
        columns = range(z.shape[1])
        return np.mean([inner(z[:, [p]], z[:, [q]]) for p in columns for q in columns if p != q])

    expected = inner(x, y) / x.shape[1] / y.shape[1] / np.sqrt(between(x) * between(y))
    assert feature_corrected(x, y) == pytest.approx(expected, abs=1e-10)
    own = sum(inner(x[:, [p]], x[:, [p]]) for p in range(x.shape[1]))
    assert same_feature([centred(x)], np.ones((1, 9), dtype=int)).item() == pytest.approx(
        own, rel=1e-10
    )


def test_feature_correction_tells_the_alignment_of_all_features_from_few():
    """Two populations that share a latent each unit follows with noise: the truth is 1."""
    means = {}
    for n_units in (20, 100, 1000):
        found = {"cka_biased": [], "cka": [], "corrected": []}
        for seed in range(6):
            rng = np.random.default_rng(seed)
            latent = rng.standard_normal((100, 1))
            x, y = (
                latent @ rng.standard_normal((1, n_units)) + 3 * rng.standard_normal((100, n_units))
                for _ in range(2)
            )
            for name in ("cka_biased", "cka"):
                found[name].append(value(name, x, y))
            found["corrected"].append(feature_corrected(x, y))
        means[n_units] = {name: np.mean(values) for name, values in found.items()}
    debiased = [means[n]["cka"] for n in (20, 100, 1000)]
    assert debiased[0] < 0.25 < debiased[1] < 0.6 < debiased[2]
    assert [means[n]["corrected"] for n in (100, 1000)] == pytest.approx([1, 1], abs=0.06)
    assert means[20]["corrected"] == pytest.approx(1, abs=0.2)


def test_feature_correction_is_undefined_where_features_share_nothing():
    rng = np.random.default_rng(11)
    noise = [rng.standard_normal((60, 20)) for _ in range(12)]
    values = [feature_corrected(x, y) for x, y in zip(noise[::2], noise[1::2], strict=True)]
    assert np.isnan(values).any()
    one_feature = rng.standard_normal((10, 1))
    assert np.isnan(feature_corrected(one_feature, noise[0][:10]))


@pytest.mark.parametrize("value", ["0.0000001", "1000000", "12345678.25", "0.2"])
def test_a_name_has_all_digits_of_its_parameter_and_what_is_suggested_is_known(value):
    assert MEASURES[f"cka_rbf({value})"].form.bandwidth == float(value)
    assert MEASURES[f"cka_rbf({value})"].name == f"cka_rbf({value})"
    suggested = re.search('write "(.*?)"', MEASURES.suggestion(f"cka_rbf(0{value})"))
    assert suggested is not None
    assert suggested[1] == f"cka_rbf({value})"


def test_what_a_side_has_alone_is_found_once(monkeypatch):
    """Another region against the same candidates costs what the region costs."""
    from isomorph.measures import feature_corrected as module

    rng = np.random.default_rng(12)
    shared = rng.standard_normal((20, 3))

    def stack(count):
        made = [
            shared @ rng.standard_normal((3, 15)) + rng.standard_normal((20, 15))
            for _ in range(count)
        ]
        return Stack(np.concatenate([rdm(x) for x in made]), facts={"features": made})

    candidates, regions = stack(4), [stack(1), stack(1)]
    seen, counts = [], rng.multinomial(20, np.full(20, 0.05), size=3)
    plain = module.same_feature
    monkeypatch.setattr(
        module, "same_feature", lambda sides, drawn: seen.append(len(sides)) or plain(sides, drawn)
    )
    form = FeatureCorrectedForm()
    found = [form.resampled(region, candidates, counts) for region in regions]
    assert sorted(seen) == [1, 1, 4]
    alone = form.resampled(regions[1], candidates.rows([2]), counts)
    np.testing.assert_allclose(found[1][:, :, 2:3], alone, atol=1e-12)
