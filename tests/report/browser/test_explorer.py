import csv
import re
import xml.etree.ElementTree as ET
import zlib

import pandas as pd
import pytest
from synthetic_study import write_scores, write_study

from isomorph import report
from isomorph.artefacts import provenance, read_table, write_table

FINDING = '[data-part="finding"]'
PROFILE = '[data-part="profile"] svg'
BINS = [(-0.05, 0.0), (0.0, 0.05), (0.05, 0.1), (0.1, 0.15)]


@pytest.fixture(scope="module")
def timed_file(tmp_path_factory):
    """A page of one dataset; its region beta has four time bins, the third the highest."""
    layout = write_study(tmp_path_factory.mktemp("timed"), datasets=("real",))
    path = layout.comparisons("real")
    table = read_table(path, "comparisons")
    beta = table["region"] == "beta"
    parts = [table[~beta]]
    for n, (start, stop) in enumerate(BINS):
        part = table[beta].assign(time_start=start, time_stop=stop)
        names = ["estimate", "interval_low", "interval_high"]
        parts.append(part.assign(**{name: part[name] * (1 if n == 2 else 0.3) for name in names}))
    write_table(path, pd.concat(parts, ignore_index=True), "comparisons", provenance("test"))
    write_scores(layout, "real")
    return report.run(layout)


def opened(visit, file, fragment=""):
    """Return a page when its explorer has drawn."""
    page = visit(file, fragment)
    page.wait_for_selector("#explore[data-drawn]")
    return page


def wait_for(page, region):
    """Wait until a region is in view."""
    page.locator(FINDING).filter(has_text=re.compile(f"^{region}")).wait_for()


def saved(page, label, within='[data-part="profile"]'):
    """Click a button beside a drawing and return what it saves."""
    with page.expect_download() as download:
        page.locator(f"{within} + .downloads").get_by_text(label, exact=True).click()
    with open(download.value.path(), "rb") as file:
        return download.value.suggested_filename, file.read()


def test_a_choice_is_in_drawing_and_address_and_the_address_gives_it_again(visit, timed_file):
    page = opened(visit, timed_file)
    assert "alpha: Net, trained scores" in page.inner_text(FINDING)
    before = page.inner_html(PROFILE)
    page.select_option('select[name="place"]', label="beta")
    wait_for(page, "beta")
    assert page.inner_html(PROFILE) != before
    page.select_option('select[name="measure"]', "pearson")
    page.select_option('select[name="axis"]', "depth")
    assert "relative depth" in page.inner_html(PROFILE)
    page.get_by_role("button", name="Pixels").click()
    assert page.get_by_role("button", name="Pixels").get_attribute("aria-pressed") == "false"
    seen = page.inner_text(FINDING), page.inner_html(PROFILE)
    assert "beta 50 to 100 ms" in seen[0]  # the bin of the highest estimate
    again = opened(visit, timed_file, page.evaluate("location.hash"))
    assert (again.inner_text(FINDING), again.inner_html(PROFILE)) == seen


def test_an_address_that_cannot_be_read_stops_no_script(visit, timed_file):
    assert "alpha: Net, trained" in opened(visit, timed_file, "#100%").inner_text(FINDING)


def test_the_note_says_the_numbers_that_are_saved(visit, timed_file):
    page = opened(visit, timed_file)
    dots = page.locator(f'{PROFILE} .series[data-group="net"] .dot')
    dots.nth(3).hover(force=True)  # blocks.2; its score lies over it
    note = page.inner_text(".note")
    assert note.startswith("blocks.2 · Net, trained")
    name, text = saved(page, "CSV")
    assert name == "real-alpha-layers-rho-a-correlation.csv"
    rows = list(csv.DictReader(text.decode().splitlines()))
    assert len(rows) == 5 + 3 * 5 + 1
    (row,) = (one for one in rows if (one["model"], one["layer"]) == ("net", "blocks.2"))
    shown = [re.sub(r"^0\.", ".", f"{float(row[key]):.2f}")
             for key in ("estimate", "interval_low", "interval_high")]  # fmt: skip
    assert f"alpha: {shown[0]}, 95 % interval [{shown[1]}, {shown[2]}]" in note
    assert "p < .001" in note
    assert float(row["p_corrected"]) == pytest.approx(0.0009)
    assert "noise ceiling .50 to .60" in note
    assert (row["ceiling_low"], row["ceiling_high"]) == ("0.5", "0.6")


def test_drawings_are_saved_as_files_that_others_can_open(visit, timed_file):
    page = visit(timed_file, color_scheme="dark")
    page.wait_for_selector("#explore[data-drawn]")
    _, text = saved(page, "SVG")
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"class=" not in text
    assert b"var(" not in text
    assert b'"rgb(0, 103, 165)"' in text  # the first network's on white paper, whatever the screen
    name, document = saved(page, "PDF")
    assert name.endswith(".pdf")
    check_pdf(document)
    _, document = saved(page, "PDF", '[data-part="measures-drawing"]')
    check_pdf(document)


def check_pdf(document):
    """Check that every object is where the table of a PDF says, and that its streams open."""
    assert document.startswith(b"%PDF-1.4")
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", document)[1])
    table = document[start:].splitlines()
    assert table[0] == b"xref"
    count = int(table[1].split()[1])
    for n, entry in enumerate(table[3 : 2 + count], start=1):
        assert document[int(entry.split()[0]) :].startswith(b"%d 0 obj\n" % n)
    streams = re.findall(rb"/Length (\d+) >>\nstream\n", document)
    assert streams
    for found in re.finditer(rb"/Length (\d+) >>\nstream\n", document):
        whole = document[found.end() : found.end() + int(found[1])]
        assert document[found.end() + int(found[1]) :].startswith(b"\nendstream")
        page = zlib.decompress(whole)
    assert page.count(b"q\n") == page.count(b"Q")
    assert b" Tj" in page


def test_layers_are_reached_and_chosen_by_the_keyboard(visit, timed_file):
    page = opened(visit, timed_file)
    page.focus(PROFILE)
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.inner_text('[data-part="pointed"]').startswith("blocks.1 · Net, trained; alpha: .")
    page.keyboard.press("Enter")
    address = page.evaluate("decodeURIComponent(location.hash)")
    for part in ("model=net", "layer=blocks.1", "left=real/alpha", "right=real/net/blocks.1"):
        assert part in address
    assert page.locator(f'{PROFILE} .series.chosen[data-group="net"]').count() >= 1


def test_time_bins_are_drawn_and_chosen(visit, timed_file):
    page = opened(visit, timed_file, "#view?dataset=real&region=beta")
    assert page.locator('[data-part="course-map"] .cell').count() == 5 * 4
    page.locator('[data-part="course-map"] .cell').first.click()
    assert page.input_value('select[name="time"]').endswith("50 to 0 ms")
    assert "layer=stem" in page.evaluate("location.hash")


def test_what_cannot_be_shown_is_said(visit, timed_file, tmp_path):
    page = opened(visit, timed_file, "#view?dataset=real&region=alpha&measure=phrenology")
    said = 'Not among these results: measure "phrenology". alpha: Net, trained scores'
    assert page.inner_text(FINDING).startswith(said)
    broken = tmp_path / "broken.html"
    whole = timed_file.read_text(encoding="utf-8")
    spoilt = re.sub(r'(id="explored-real">).{40}', r"\1" + 40 * "A", whole)
    broken.write_text(spoilt, encoding="utf-8")
    page = visit(broken)
    page.wait_for_selector('[data-part="failed"]:not([hidden])')
    assert page.inner_text('[data-part="failed"]').startswith("alpha cannot be shown: ")


def test_a_cell_of_the_matrix_says_more_and_leads_to_its_model(visit, timed_file):
    page = opened(visit, timed_file)
    cell = page.locator('.matrix td[data-region="beta"][data-model="net"]')
    cell.hover()
    opens = "Net, trained · beta 50 to 100 ms"
    page.locator(".note").filter(has_text=opens).wait_for()
    assert page.inner_text(".note").startswith(f"{opens}\non held-out stimuli: .")
    cell.get_by_role("link").focus()
    page.keyboard.press("Enter")
    wait_for(page, "beta")
    assert "model=net" in page.evaluate("location.hash")
    place = "document.getElementById('explore').getBoundingClientRect().top"
    page.wait_for_function(f"() => {place} < 200")
