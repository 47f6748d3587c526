"""Rows that nothing was shuffled for keep their numbers."""

import pytest

from isomorph.report.columns import INTERVAL, P, PageColumn, table_of

COLUMNS = [
    PageColumn("region"),
    PageColumn("scheme", "resampled", "scheme", reason=True),
    PageColumn("estimate", "", "number"),
    INTERVAL,
    P,
]
ROW = {"region": "V1", "scheme": "stimuli", "estimate": 0.3, "interval_low": 0.1,
       "interval_high": 0.5, "p_corrected": float("nan")}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "cells"),
    [
        ("ok", ("V1", "stimuli", ".30", "[.10, .50]", "–")),
        ("untested", ("V1", "stimuli", ".30", "[.10, .50]", "why")),
        ("unsure", ("V1", "why", "–", "–", "–")),
        ("undefined", ("V1", "why", "–", "–", "–")),
    ],
)
def test_a_reason_stands_in_place_of_what_is_not_there(status, cells):
    reason = "" if status == "ok" else "why"
    assert table_of([{**ROW, "status": status, "reason": reason}], COLUMNS).rows == [cells]
