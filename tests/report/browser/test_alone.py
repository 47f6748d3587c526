"""The page as it is sent: from its file alone, printed, without scripts, in chosen colours."""

import re
import shutil

import pytest

from isomorph.report.drawings import dark

OPENED = "for (const one of document.querySelectorAll('details')) one.open = true"
PAPER = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def mailed(report_file, tmp_path):
    """The page alone, in a folder without results."""
    (tmp_path / "mailed").mkdir()
    return shutil.copy(report_file, tmp_path / "mailed" / "page.html")


def save(page, link, folder):
    with page.expect_download() as saved:
        link.click()
    saved.value.save_as(folder / "saved")
    return saved.value.suggested_filename, (folder / "saved").read_bytes()


def test_files_are_saved_from_the_page_that_was_sent_alone(visit, mailed, drawn, tmp_path):
    page = visit(mailed)
    page.evaluate(OPENED)
    link = page.locator('.files a[href="real/comparisons.csv"]')
    name, contents = save(page, link, tmp_path)
    assert name == "real-comparisons.csv"
    assert contents == drawn.comparisons("real").read_bytes()
    assert page.get_by_text("beside the page").count() == 0
    rows = page.get_by_role("link", name=re.compile(r"^CSV: How similar .* alpha")).first
    name, contents = save(page, rows, tmp_path)
    assert name == "real-profile_alpha.csv"
    assert contents == (drawn.figures("real") / "profile_alpha.csv").read_bytes()


def test_a_drawing_is_saved_as_it_is_on_white(visit, mailed, tmp_path):
    page = visit(mailed, color_scheme="dark")
    link = page.get_by_role("link", name=re.compile(r"^SVG: How similar .* alpha")).first
    name, contents = save(page, link, tmp_path)
    assert name == "real-profile_alpha.svg"
    (tmp_path / "saved.svg").write_bytes(contents)
    text = contents.decode()
    assert "#0067a5" in text
    assert "var(" not in text
    drawing = visit(tmp_path / "saved.svg")
    assert drawing.evaluate("document.documentElement.getBBox().width > 300")


def test_what_the_page_does_not_hold_is_marked(visit, mailed):
    whole = mailed.read_text(encoding="utf-8")
    less = re.sub(r'<script type="application/gzip" data-file="real/comp.*?</script>', "", whole)
    mailed.write_text(less, encoding="utf-8")
    page = visit(mailed)
    page.evaluate(OPENED)
    marked = page.locator("a.beside")
    assert marked.count() == 1
    assert marked.get_attribute("href") == "real/comparisons.csv"
    assert page.get_by_text("(beside the page)").is_visible()


def test_colours_are_those_of_the_system_until_others_are_chosen(visit, report_file):
    page = visit(report_file, color_scheme="dark")
    on_dark = page.evaluate(PAPER)
    assert on_dark == "rgb(24, 24, 24)"
    assert dark("#ffffff") == "#181818"
    button = page.get_by_role("button", name="Colours: as the system")
    button.click()
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Colours: light").click()
    assert page.evaluate(PAPER) == on_dark


def test_paper_has_every_table_whole_and_is_white(visit, report_file):
    page = visit(report_file, color_scheme="dark", width=700)
    page.get_by_role("button", name="Colours").dblclick()
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    lost = (
        "[...document.querySelectorAll('main :is(table, figure)')].filter((one) => "
        "!one.closest('.raw, .apart:not([open])') && !one.getBoundingClientRect().height)"
    )
    assert page.evaluate(f"{lost}.length") == 0
    simulated = page.locator(".apart figure").first
    assert not simulated.is_visible()  # what is simulated is printed where it is open
    page.evaluate("document.querySelector('.apart').open = true")
    assert simulated.is_visible()
    leaves = {"open": page.pdf(format="A4").count(b"/Type /Page\n")}
    page.evaluate("document.querySelector('.apart').open = false")
    leaves["folded"] = page.pdf(format="A4").count(b"/Type /Page\n")
    assert leaves["open"] > leaves["folded"] > 3
    assert not page.get_by_role("navigation").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.emulate_media(media="screen")
    assert page.locator("details[open]").count() == 0  # folded again as it was


def test_everything_is_there_without_scripts(visit, report_file):
    page = visit(report_file, java_script_enabled=False, width=390)
    assert page.locator("main table").first.is_visible()
    assert page.locator("main button, .tools, .scheme").count() == 0
    page.locator("#real-methods > summary").click()
    assert page.locator('a[href="real/comparisons.csv"]').is_visible()
    assert page.locator(".scroll:not([tabindex])").count() == 0


def test_colours_are_those_of_the_paper_in_browsers_that_know_no_light_dark(visit, report_file):
    assert "light-dark(" not in report_file.read_text(encoding="utf-8")
    line = "getComputedStyle(document.querySelector('.explorer .series')).color"
    seen = set()
    for scheme in ("light", "dark"):
        page = visit(report_file, color_scheme=scheme)
        page.wait_for_selector(".explorer .series")
        seen.add(page.evaluate(line))
    assert len(seen) == 2


def test_an_address_cut_inside_a_sign_still_opens_the_page(visit, report_file):
    page = visit(report_file, "#view?region=alpha&measure=rho%")
    page.wait_for_selector("#explore .plot svg")
    assert "alpha" in page.inner_text("#explore .finding")
