"""Effects averaged over datasets: by the book, and with the coverage that is claimed."""

import numpy as np
import pytest
from scipy.optimize import brentq

from isomorph.errors import IsomorphError
from isomorph.inference.random_effects import between, pooled

EFFECTS, ERRORS = [0.12, 0.45, -0.05, 0.31, 0.2], [0.1, 0.06, 0.12, 0.05, 0.2]


def sum_of_squares(tau2, effects, errors):
    weights = 1 / (np.asarray(errors) ** 2 + tau2)
    mean = np.average(effects, weights=weights)
    return np.sum(weights * (np.asarray(effects) - mean) ** 2)


def test_an_average_is_that_of_another_implementation():
    """combine_effects of statsmodels 0.15, method_re="iterated", use_t=True."""
    found = pooled(EFFECTS, ERRORS)
    assert found.tau2 == pytest.approx(0.027284558492, rel=1e-9)
    assert found.estimate == pytest.approx(0.227690347257, rel=1e-9)
    assert found.standard_error == pytest.approx(0.087162465551, rel=1e-9)
    assert (found.interval_low, found.interval_high) == pytest.approx(
        (-0.01431145, 0.46969215), abs=1e-7
    )
    assert (found.q, found.i2) == pytest.approx((18.286094302902, 0.781254546010), rel=1e-9)
    assert (found.status, found.reason) == ("ok", "")


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e6])
@pytest.mark.parametrize("errors", [ERRORS, [1e-6, 3.0, 0.1, 1e-3, 0.05]])
def test_the_variance_between_is_the_root_of_its_equation(scale, errors):
    effects = np.array(EFFECTS) * scale
    known = between(effects, np.array(errors) * scale) / scale**2
    wanted = brentq(lambda t: sum_of_squares(t, EFFECTS, errors) - 4, 0, 10, xtol=1e-16, rtol=1e-12)
    assert known == pytest.approx(wanted, rel=1e-6)


def test_effects_alike_by_luck_have_an_interval_no_narrower_than_their_errors():
    found = pooled([0.2, 0.2, 0.2], [0.1, 0.1, 0.1])
    assert (found.tau2, found.q, found.i2, found.q_p) == (0, pytest.approx(0), 0, pytest.approx(1))
    assert found.standard_error == pytest.approx(0.1 / np.sqrt(3))
    assert found.predicted_low < found.interval_low < found.interval_high < found.predicted_high


def test_few_datasets_are_said_to_be_few():
    two = pooled([0.1, 0.3], [0.05, 0.05])
    assert two.status == "limited"
    assert "one degree of freedom" in two.reason
    assert np.isnan(two.predicted_low)
    assert np.isfinite(two.interval_low)
    one, none = pooled([0.1], [0.05]), pooled([], [])
    assert one.status == none.status == "undefined"
    assert "one data set alone" in one.reason
    assert np.isnan(one.estimate)
    assert none.reason == "no data set has an effect to average"


@pytest.mark.parametrize(
    ("effects", "errors"),
    [
        ([0.1, 0.2], [0.1]),
        ([0.1, np.nan], [0.1, 0.1]),
        ([0.1, 0.2], [0.1, 0]),
        ([0.1, 0.2], [0.1, 1e-170]),
    ],  # of whose square nothing is left
)
def test_what_cannot_be_averaged_is_refused(effects, errors):
    with pytest.raises(IsomorphError, match="effects"):
        pooled(effects, errors)


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_intervals_hold_the_mean_and_predictions_a_further_dataset(k, tau):
    rng = np.random.default_rng(k)
    errors = np.linspace(1, 3, k)
    covered, ahead, n = 0, 0, 400
    for _ in range(n):
        effects = rng.standard_normal(k) * np.hypot(tau, errors)
        found = pooled(effects, errors * np.sqrt(rng.chisquare(30, k) / 30))
        covered += found.interval_low < 0 < found.interval_high
        ahead += found.predicted_low < tau * rng.standard_normal() < found.predicted_high
    assert covered / n > 0.93
    assert k == 2 or ahead / n > 0.86
