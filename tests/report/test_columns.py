"""Columns of the page's tables: formats, reasons in place of numbers, and what is bold."""

import math

import pandas as pd
import pytest

from isomorph.report import contests, explained, methods, robustness
from isomorph.report.best import SELECTED
from isomorph.report.columns import FIGURES, INTERVAL, WORDS, P, PageColumn, table_of

ROW = {
    "region": "V1", "measure": "rho_a", "scheme": "stimuli and subjects", "layer": "conv1",
    "chosen_share": 0.9, "score": 0.456, "interval_low": -0.034, "interval_high": 0.7,
    "p_corrected": 0.03, "n": 1234, "status": "ok", "reason": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [("region", "text", "V1"), ("measure", "measure", "rho-a"), ("layer", "chosen", "conv1 (90 %)"),
     ("scheme", "scheme", "stimuli, subjects"), ("score", "number", ".46"),
     ("score", "number_3", ".456"), ("interval", "interval", "[−.03, .70]"),
     ("interval", "interval_3", "[−.034, .700]"), ("score", "estimate", ".46 [−.03, .70]"),
     ("p_corrected", "p", ".030"), ("score", "percent", "46 %"),
     ("n", "ready", "1234")],
)  # fmt: skip
def test_every_format_gives_finished_text(name, kind, text):
    column = PageColumn(name, kind=kind)
    assert table_of(pd.DataFrame([ROW]), [column]).rows == [(text,)]
    assert column.numeric == (kind in FIGURES) != (kind in WORDS)


def test_a_number_that_is_missing_is_a_dash_in_every_format():
    row = dict.fromkeys(ROW, math.nan)
    kinds = [kind for kind in FIGURES if kind not in ("ready", "interval", "interval_3")]
    cells = table_of([row], [PageColumn("score", kind=kind) for kind in kinds]).rows[0]
    assert [cell.split()[0] for cell in cells] == ["–"] * len(kinds)
    assert table_of([row], [INTERVAL]).rows == [("–",)]


def test_a_row_without_a_number_says_why_in_its_place_and_dashes_after():
    columns = [
        PageColumn("region"),
        PageColumn("scheme", reason=True),
        PageColumn("score", kind="number"),
        P,
    ]
    rows = pd.DataFrame(
        [ROW, {**ROW, "status": "undefined", "reason": "too few stimuli", "score": 0.2}]
    )
    table = table_of(rows, columns)
    assert table.rows[1] == ("V1", "too few stimuli", "–", "–")
    assert table.strong == [True, False]  # its p is small too, but the row has no number


def test_without_a_column_for_reasons_a_row_is_shown_as_it_is():
    rows = pd.DataFrame([{**ROW, "status": "limited", "reason": "a remark"}])
    assert table_of(rows, [PageColumn("region")]).rows == [("V1",)]


def test_titles_are_names_unless_given_and_rows_may_be_bold_for_another_reason():
    columns = [PageColumn("region"), PageColumn("score", "mean score", "number")]
    table = table_of([ROW, ROW], columns, [False, True])
    assert table.head == ("region", "mean score")
    assert table.strong == [False, True]
    assert table_of([], columns).rows == []


SPECIFIED = {
    name: columns
    for module in (contests, explained, methods, robustness)
    for name, columns in vars(module).items()
    if isinstance(columns, tuple) and columns and isinstance(columns[0], PageColumn)
} | {"SELECTED": SELECTED}


@pytest.mark.parametrize("name", SPECIFIED)
def test_the_page_s_columns_have_known_formats_and_words_before_numbers(name):
    columns = SPECIFIED[name]
    assert all(column.kind in {*WORDS, *FIGURES} for column in columns)
    assert len({column.name for column in columns}) == len(columns)
    assert sum(column.reason for column in columns) <= 1
    numeric = [column.numeric for column in columns if column.title != "best single layer"]
    assert numeric == sorted(numeric)
