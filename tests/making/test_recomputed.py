"""The command that stands beside a number of the summary makes that number again."""

import shlex

import pandas as pd

from isomorph.artefacts import provenance_file, read_table
from isomorph.cli import main
from isomorph.jobs import Job
from isomorph.making import Fitting, outputs_of
from isomorph.report import across


def test_the_command_of_a_row_makes_its_numbers_again(layout):
    across.run(layout)  # the copy stands elsewhere than what it is a copy of
    before = read_table(layout.summary(), "summary")
    row = before[before["score"].notna()].iloc[0]
    job = Job("compare", (row["dataset"],))
    for file in outputs_of(layout, job).values():
        file.unlink()
        provenance_file(file).unlink()
    program, *words = shlex.split(row["command"])
    assert program == "isomorph"
    assert main(words) == 0
    assert Fitting(layout).first(Job("summarise")) == ""  # the tables are the same, byte by byte
    layout.summary().unlink()
    words = ["summarise", "--study", str(layout.study.path), "--root", str(layout.root)]
    assert main(words) == 0
    pd.testing.assert_frame_equal(read_table(layout.summary(), "summary"), before)
