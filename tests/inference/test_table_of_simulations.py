"""The table of simulations: every row simulates and is printed, and says what holds."""

import json

import numpy as np
import pytest

import calibration
from calibrated.rows import WORLDS
from calibrated.table import Figure, Finding, World, findings, number, said_of, share

from calibrated.table import covered, told_over_true  # isort: skip

ROWS = list(dict.fromkeys(world.row for world in WORLDS))


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_simulated_and_told(row):
    world = next(world for world in WORLDS if world.row == row)
    ((*found,),) = findings([world], lambda _: 2, processes=1)
    text = said_of(found)
    assert text.startswith(f"{row:3} {world.said} (2 data sets)")
    for figure, one in zip(world.figures, found, strict=True):
        assert figure.name in text
        assert one.holds in ({"yes", "unsure", "no"} if figure.must else {""})
        assert not np.isnan(one.value)


def test_names_are_the_keys_of_numbers(capsys):
    calibration.main(["--rows", "3", "--simulations", "2", "--processes", "2", "--json"])
    out, err = capsys.readouterr()
    numbers = json.loads(out)
    asked = [world for world in WORLDS if world.row == "3"]
    assert len(numbers) == sum(len(world.figures) for world in asked)
    assert set(numbers) == {
        f"{world.row}. {world.said}: {figure.name}" for world in asked for figure in world.figures
    }
    assert "not as they must be" in err
    calibration.main(["--rows", "3", "--simulations", "2", "--processes", "1"])
    alone = capsys.readouterr().out
    for world in asked:
        assert world.said in alone
    for name, value in numbers.items():
        figure = name.split(": ")[-1]
        assert any(figure in line and f"{value:.3f} ±" in line for line in alone.splitlines())


@pytest.mark.parametrize("wrong", [["--rows", "99"], ["--simulations", "1"], ["--processes", "0"]])
def test_what_cannot_be_simulated_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        calibration.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_all_worlds_have_names_of_their_own():
    names = [f"{world.row}. {world.said}" for world in WORLDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("value", "error", "holds"),
    [(0.05, 0.01, "yes"), (0.08, 0.01, "unsure"), (0.1, 0.01, "no"), (np.nan, np.inf, "no")],
)
def test_a_bound_is_missed_when_chance_does_not_explain_it(value, error, holds):
    world = World("1", "nothing", lambda _: {}, ())
    figure = Figure("p", share("p"), most=0.07)
    assert Finding(world, figure, value, error, 9).holds == holds
    assert figure.must == "≤ .07"
    assert Figure("p", share("p"), least=-0.02, most=0.02).must == "-.02 to .02"
    assert number(1.0) == "1"


def test_errors_of_figures_are_those_of_their_spread():
    rng = np.random.default_rng(0)
    p, shares = 0.1, []
    for _ in range(400):
        shares.append(share("hit")({"hit": (rng.random((100, 1)) < p).astype(float)}))
    values, errors = np.transpose(shares)
    assert errors.mean() == pytest.approx(values.std(), rel=0.15)
    assert share("hit")({"hit": np.zeros((50, 2))})[1] > 0.01
    with pytest.raises(ValueError, match="no number"):
        share("hit")({"hit": np.array([0.0, np.nan])})
    estimate = rng.standard_normal(4000)
    ratio, error = told_over_true({"estimate": estimate, "told": np.full(4000, 1.2)})
    assert ratio == pytest.approx(1.2, abs=4 * error)
    columns = {"truth": estimate, "low": estimate - 1.96, "high": estimate + 1.96}
    assert covered(columns)[0] == pytest.approx(0.95, abs=0.02)
