"""Simulated paths stay where they may, and cells fire as the ones they stand for."""

import numpy as np
import pytest

from isomorph.simulation.navigation import (
    grid_cells,
    grid_phases,
    heading_cells,
    hexagonal_waves,
    line_cells,
    line_preferences,
    peak_rates,
    poisson_spikes,
    random_heading,
    random_path,
    random_states,
    shifted,
    state_cells,
)

STEP = 0.02
N_SAMPLES = 30_000


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_a_heading_is_smooth_and_comes_round(rng):
    heading = random_heading(N_SAMPLES, STEP, rng)
    assert heading.min() >= 0
    assert heading.max() < 2 * np.pi
    turned = np.angle(np.exp(1j * np.diff(heading)))
    assert np.abs(turned).max() < 0.2
    assert turned.std() / STEP == pytest.approx(1.5, rel=0.1)
    occupancy = np.histogram(heading, bins=12, range=(0, 2 * np.pi))[0] / N_SAMPLES
    assert occupancy.min() > 0.04


def test_a_path_stays_between_its_walls_and_goes_where_its_velocity_says(rng):
    position, velocity = random_path(N_SAMPLES, STEP, rng, side=1.5)
    assert position.shape == velocity.shape == (N_SAMPLES, 2)
    assert position.min() >= 0
    assert position.max() <= 1.5
    assert np.hypot(*velocity.T).mean() == pytest.approx(0.2, rel=0.1)
    inside = ((position[1:] > 0.05) & (position[1:] < 1.45)).all(axis=1)
    moved = np.diff(position, axis=0) / STEP
    np.testing.assert_allclose(moved[inside], velocity[1:][inside], atol=1e-9)
    visits = np.histogram2d(*position.T, bins=4)[0]
    assert visits.min() > 0


def test_states_last_as_long_as_asked_and_never_follow_themselves(rng):
    states = random_states(N_SAMPLES, STEP, rng, states=3, dwell=2.0)
    assert set(states.tolist()) == {0, 1, 2}
    assert np.count_nonzero(np.diff(states)) == pytest.approx(N_SAMPLES * STEP / 2, rel=0.2)


def test_cells_of_a_heading_peak_where_they_prefer():
    heading = np.linspace(0, 2 * np.pi, 361)[:-1]
    rates = heading_cells(heading, np.array([0.0, np.pi / 2]), peak=np.array([20.0, 10.0]))
    assert heading[rates.argmax(axis=0)].tolist() == pytest.approx([0, np.pi / 2])
    assert rates.max(axis=0).tolist() == pytest.approx([20, 10])
    half = np.count_nonzero(rates[:, 0] > (20 + 0.5) / 2)
    assert 60 < half < 80


def test_grid_cells_repeat_along_their_lattice_and_nowhere_else(rng):
    spacing, orientation = 0.4, 0.3
    phases = grid_phases(50, spacing, rng, orientation=orientation)
    places = rng.uniform(0, 1, size=(20, 2))
    rates = grid_cells(places, phases, spacing, orientation=orientation)
    for turn in range(6):
        angle = orientation + turn * np.pi / 3
        step = spacing * np.array([np.cos(angle), np.sin(angle)])
        moved = grid_cells(places + step, phases, spacing, orientation=orientation)
        np.testing.assert_allclose(moved, rates, atol=1e-9)
    at_phase = grid_cells(phases, phases, spacing, orientation=orientation, peak=7.0)
    np.testing.assert_allclose(np.diag(at_phase), 7.0)
    half = spacing / 2 * np.array([np.cos(orientation), np.sin(orientation)])
    between = grid_cells(phases + half, phases, spacing, orientation=orientation, peak=7.0)
    assert np.diag(between).max() < 1


def test_three_waves_of_a_lattice_close():
    waves = hexagonal_waves(0.5, 0.1)
    np.testing.assert_allclose(waves[0] - waves[1] + waves[2], 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(waves, axis=1), 4 * np.pi / np.sqrt(3) / 0.5)


def test_a_line_is_answered_alike_at_its_ends_and_in_its_middle(rng):
    preferred = line_preferences(2000, 1.0, 0.2, rng)
    sums = line_cells(np.array([0.0, 0.5, 1.0]), preferred, width=0.2).sum(axis=1)
    np.testing.assert_allclose(sums, sums.mean(), rtol=0.1)


def test_cells_of_a_line_and_of_states(rng):
    value = np.linspace(0, 1, 101)
    rates = line_cells(value, np.array([0.25, 0.5]), width=0.1, peak=12.0, baseline=1.0)
    assert value[rates.argmax(axis=0)].tolist() == [0.25, 0.5]
    assert rates.max() == pytest.approx(12)
    assert rates.min() == pytest.approx(1)
    state = np.array([0, 2, 1, 0, 2])
    of_states = state_cells(state, 4, rng)
    np.testing.assert_array_equal(of_states[0], of_states[3])
    assert (of_states[0] != of_states[1]).all()


def test_a_shift_keeps_each_unit_and_loses_what_they_share(rng):
    heading = random_heading(N_SAMPLES, STEP, rng)
    rates = heading_cells(heading, np.zeros(2), peak=peak_rates(2, rng))
    moved = shifted(rates, rng, least=500)
    np.testing.assert_allclose(np.sort(moved, axis=0), np.sort(rates, axis=0))
    assert np.corrcoef(rates.T)[0, 1] > 0.99
    assert abs(np.corrcoef(moved.T)[0, 1]) < 0.5


def test_spikes_are_as_many_as_rates_say_and_stand_when_they_say(rng):
    rates = np.tile(np.repeat([[2.0, 0.0, 30.0], [8.0, 5.0, 0.0]], 500, axis=0), (30, 1))
    times, ends = poisson_spikes(rates, STEP, rng, start=100.0)
    trains = np.split(times, ends[:-1])
    assert ends[-1] == len(times)
    assert len(trains) == 3
    for train, expected in zip(trains, rates.sum(axis=0) * STEP, strict=True):
        assert (np.diff(train) >= 0).all()
        assert len(train) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert ((trains[2] - 100) % 20 < 10).all()
