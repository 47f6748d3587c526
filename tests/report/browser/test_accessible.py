"""What holds for the page whoever reads it: by eye, by ear, by keyboard, on a phone, in dark."""

from pathlib import Path

import pytest

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = (Path(__file__).parent / "in_page.js").read_text(encoding="utf-8")
OPENED = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.fixture
def ask(visit):
    """Return `ask(file, **context)`: the page with every fold open and `in_page.js` at hand."""

    def open_page(file, **context):
        page = visit(file, **context)
        page.evaluate(f"() => {{ {ASKED}\n{OPENED} }}")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return page

    return open_page


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_rule_of_accessibility_is_broken(ask, report_file, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = ask(report_file, width=width, color_scheme=scheme)
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = axe.run(page, {"exclude": [["main svg > *"]]}, options).response
    broken = [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"][:5]
    ]
    assert broken == []
    assert len(found["passes"]) > 20  # it did look
    assert page.evaluate("tooFaint(4.5)") == []


@pytest.mark.parametrize("width", [1280, 390])
def test_every_letter_is_legible_and_nothing_runs_out_of_the_page(ask, report_file, width):
    page = ask(report_file, width=width)
    assert page.evaluate("tooSmall(9)") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("collisions()") == []


def test_the_keyboard_reaches_everything_and_stops_nowhere_in_vain(ask, report_file):
    page = ask(report_file, reduced_motion="reduce")
    moves = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.evaluate(moves) == "auto"  # at once, where motion makes people ill
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "top"
    stops = []
    while len(stops) < 400:
        page.keyboard.press("Tab")
        if (stop := page.evaluate("focused()")) is None:
            break
        stops.append(stop)
    assert [one for one in stops if one["wrong"]] == []
    expected = page.evaluate(
        "[...document.querySelectorAll('main :is(a[href], button, input, select, summary)')]"
        ".filter((one) => one.checkVisibility()).length"
    )
    assert len(stops) >= expected
