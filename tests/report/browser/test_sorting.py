"""Tables of the page in a browser: sorted, filtered, saved; quick when long, plain without."""

import csv

import pytest

ROWS = [  # estimate, p, layer: as the page's tables print them
    (".28 [.16, .38]", "< .001", "blocks.10"),
    ("−.04 [−.17, .08]*", ".990", "blocks.2"),
    ("–", "–", "no units"),
    ("1.2", "1", "Blocks.1"),
]
TABLE = """
const rows = {rows};
const table = document.createElement("table");
table.innerHTML = '<caption>Made up</caption><thead><tr><th class="number">estimate</th>' +
  '<th class="number">p</th><th>layer</th></tr></thead><tbody></tbody>';
for (const row of rows) table.tBodies[0].insertRow().append(
  ...row.map((text) => Object.assign(document.createElement("td"), {{ textContent: text }})));
const old = document.querySelector("main");
old.replaceChildren(table);
"""


@pytest.fixture
def put(visit, tmp_path, report_file):
    """Return `put(rows)`: the page with one table in it, which its script found there."""
    whole = report_file.read_text(encoding="utf-8")
    script = whole[
        whole.rindex("<script>\n") : whole.index("</script>", whole.rindex("<script>\n"))
    ]
    head = whole[: whole.index("</head>")]

    def open_page(rows):
        made = f"{head}</head><body><nav></nav><main></main><script>{TABLE.format(rows=rows)}"
        file = tmp_path / "page.html"
        file.write_text(f"{made}</script>{script}</script></body></html>", encoding="utf-8")
        return visit(file)

    return open_page


def column(page, n):
    return page.locator(f"tbody tr:visible td:nth-child({n})").all_inner_texts()


def sort(page, name):
    head = page.get_by_role("columnheader", name=name)
    head.get_by_role("button").press("Enter")
    return head.get_attribute("aria-sort")


def test_a_heading_sorts_up_then_down_then_as_written(put):
    page = put([list(row) for row in ROWS])
    assert sort(page, "estimate") == "ascending"
    assert column(page, 1) == ["−.04 [−.17, .08]*", ".28 [.16, .38]", "1.2", "–"]
    assert sort(page, "estimate") == "descending"
    assert column(page, 1) == ["1.2", ".28 [.16, .38]", "−.04 [−.17, .08]*", "–"]
    assert sort(page, "p") == "ascending"
    assert column(page, 2) == ["< .001", ".990", "1", "–"]
    assert page.get_by_role("columnheader", name="estimate").get_attribute("aria-sort") == "none"
    assert sort(page, "layer") == "ascending"
    assert column(page, 3) == ["Blocks.1", "blocks.2", "blocks.10", "no units"]
    sort(page, "layer")
    assert sort(page, "layer") == "none"
    assert [tuple(column(page, n)[0] for n in (1, 2, 3))] == ROWS[:1]


def test_a_long_table_filters_sorts_and_is_saved_as_it_stands(put, tmp_path):
    rows = [[f".{n:04d}", f"{n:,}", f'layer {n}, "{n % 7}"'] for n in range(2000)]
    page = put(rows)
    page.get_by_label("Filter rows").fill('layer "3"')
    assert page.get_by_role("status").inner_text() == "286 of 2000 rows"
    took = page.evaluate(
        "() => { const start = performance.now(); document.querySelectorAll('.sort')[1].click();"
        "document.querySelectorAll('.sort')[1].click(); document.body.offsetHeight;"
        "return performance.now() - start; }"
    )
    assert took < 2000  # milliseconds, twice; about 60 on an idle machine
    assert column(page, 2)[:2] == ["1,998", "1,991"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    saved.value.save_as(tmp_path / "saved.csv")
    with (tmp_path / "saved.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file))
    assert saved.value.suggested_filename == "made-up.csv"
    assert found[:2] == [["estimate", "p", "layer"], [".1998", "1,998", 'layer 1998, "3"']]
    assert len(found) == 287
    page.get_by_label("Filter rows").fill("")
    assert page.get_by_role("status").inner_text() == ""
    assert len(column(page, 1)) == 2000


def test_short_tables_are_left_alone(put):
    page = put([list(row) for row in ROWS[:2]])
    assert page.locator("main button").count() == 0


def test_tables_in_folds_get_their_tools_when_they_are_opened(visit, report_file):
    page = visit(report_file)
    fold = page.locator("details", has=page.locator("tbody tr:nth-child(9)")).first
    assert fold.locator(".tools").count() == 0
    fold.locator("summary").click()
    fold.get_by_label("Filter rows").first.fill("blocks.2")
    assert " of " in fold.get_by_role("status").first.inner_text()
    shown = fold.locator("table").first.locator("tbody tr:visible").all_inner_texts()
    assert shown
    assert all("blocks.2" in row for row in shown)
