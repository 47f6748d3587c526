"""Circles against variables: what was simulated is found, chance is chance, refusals."""

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.simulation.navigation import random_heading, random_path
from isomorph.topology.decoding import circular_correlation, decoded, held_out

N = 1500


@pytest.fixture(scope="module")
def walked():
    rng = np.random.default_rng(1)
    return random_heading(N, 0.1, rng) % (2 * np.pi), random_path(N, 0.1, rng, side=1.5)[0]


def test_the_correlation_is_that_of_all_pairs():
    rng = np.random.default_rng(1)
    first = rng.uniform(0, 2 * np.pi, 40)
    second = -first + rng.normal(size=40)
    sines = [np.sin(one[:, None] - one) for one in (first, second)]
    literal = (sines[0] * sines[1]).sum() / np.sqrt((sines[0] ** 2).sum() * (sines[1] ** 2).sum())
    assert circular_correlation(first, second) == pytest.approx(literal)
    assert circular_correlation(first + 3, second - 1) == pytest.approx(literal)
    assert circular_correlation(first, 0.4 - first) == pytest.approx(-1)
    assert np.isnan(circular_correlation(first, np.zeros(40)))


def test_a_circle_of_a_heading_is_decoded_whichever_way_it_runs(walked):
    heading, _ = walked
    rng = np.random.default_rng(2)
    noisy = (1.3 - heading + 0.2 * rng.standard_normal(N)) % (2 * np.pi)
    degrees = np.degrees(heading)
    (one,) = decoded(noisy[:, None], {"heading": degrees}, {"heading": 360.0}, 19, rng)
    assert one.frequency == pytest.approx([-1 / 360])
    assert one.error == pytest.approx(np.degrees(0.2) * 0.6745, rel=0.1)
    assert one.correlation == pytest.approx(np.exp(-(0.2**2)), abs=0.02)
    assert 60 < one.chance < 120
    assert one.p == pytest.approx(1 / 20)
    assert one.points == N


def test_a_wave_over_a_place_is_found_with_its_direction(walked):
    _, place = walked
    rng = np.random.default_rng(3)
    waves = np.array([[1.7, -0.9], [0.2, 2.1]])
    phases = (2 * np.pi * place @ waves.T + 0.1 * rng.standard_normal((N, 2))) % (2 * np.pi)
    phases[:40], place = np.nan, place.copy()
    place[-30:, 1] = np.nan
    first, second = decoded(phases, {"x": place[:, 0], "y": place[:, 1]}, {}, 19, rng)
    for one, wave in zip((first, second), waves, strict=True):
        assert one.variable == "x × y"
        np.testing.assert_allclose(one.frequency, wave, atol=0.02)
        assert one.error < 6
        assert one.p == pytest.approx(1 / 20)
        assert one.points == N - 70
    assert (first.circle, second.circle) == (0, 1)


def test_what_has_nothing_to_do_with_a_circle_is_not_decoded(walked):
    heading, place = walked
    p = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        other = random_heading(N, 0.1, rng) % (2 * np.pi)
        variables = {"heading": heading, "x": place[:, 0], "y": place[:, 1]}
        p.append([one.p for one in decoded(other[:, None], variables, {"heading": 7}, 9, rng)])
    assert np.mean(np.array(p) <= 0.1) < 0.4
    assert np.mean(p) > 0.3


def test_blocks_are_held_out_with_gaps():
    folds = held_out(100)
    assert np.concatenate([out for _, out in folds]).tolist() == list(range(100))
    for fit, out in folds:
        assert np.abs(fit[:, None] - out).min() == 3


def test_what_never_varies_or_is_hardly_known_has_no_error(walked):
    heading, _ = walked
    rng = np.random.default_rng(4)
    rare = np.full(N, np.nan)
    rare[:19] = heading[:19]
    found = decoded(heading[:, None], {"rare": rare, "same": np.ones(N)}, {"rare": 7.0}, 9, rng)
    assert [one.points for one in found] == [19, N]
    assert np.isnan([[one.error, one.chance, one.p, one.correlation] for one in found]).all()


@pytest.mark.parametrize(
    ("variables", "periods", "said"),
    [
        ({"heading": np.ones(3)}, {}, r'variable "heading" has shape \(3,\), expected one value'),
        ({"heading": np.ones(N)}, {"headin": 7}, 'no such variable, did you mean "heading"'),
        ({"heading": np.ones(N)}, {"heading": 0}, 'period of "heading": 0 is not above 0'),
    ],
)
def test_what_does_not_fit_is_refused(walked, variables, periods, said):
    with pytest.raises(IsomorphError, match=said):
        decoded(walked[0][:, None], variables, periods, 0, np.random.default_rng(0))
