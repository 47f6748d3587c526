import json
from urllib.parse import parse_qsl, quote

import numpy as np
import pytest

from isomorph.artefacts import read_array, read_table
from isomorph.figures.geometry import square
from isomorph.rdms import indexed

PHONE = {"width": 390, "height": 844}


def fragment(**state):
    return "#view?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in state.items())


@pytest.fixture
def rdm_of(drawn):
    """Return `rdm_of(name)`, the RDM `(stimulus, stimulus)` of a layer of the network."""
    data = indexed(read_array(drawn.model_rdms("real", "net"), "rdms"))
    return lambda layer: square(data["correlation"].sel(layer=layer).values)


def told(page):
    """Return the rows of the strip: name, distance and rank."""
    rows = page.locator("#rdms .cell tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def printed(value):
    return float(value.replace("\N{MINUS SIGN}", "-"))


def percentile(rdm, i, j):
    pairs = rdm[np.triu_indices(len(rdm), 1)]
    return (
        100 * (np.sum(pairs < rdm[i, j]) + (np.sum(pairs == rdm[i, j]) - 1) / 2) / (pairs.size - 1)
    )


def test_a_layer_in_the_address_is_shown_and_pointing_tells_both_stimuli(
    visit, report_file, rdm_of
):
    state = fragment(left="real/alpha", right="real/net/blocks.2", order="table")
    page = visit(report_file, state)
    panels = page.locator("#rdms svg.square")
    assert "Net, trained: blocks.2" in panels.nth(1).get_attribute("aria-label")
    # The picture is as wide as 12 cells: point into row 3, column 7.
    picture = panels.nth(1).locator("image")
    cell = picture.bounding_box()["width"] / 12
    picture.hover(position={"x": 7.5 * cell, "y": 3.5 * cell})
    chosen = page.locator("#rdms .cell select").evaluate_all(
        "all => all.map((one) => Number(one.value))"
    )
    assert chosen == [3, 7]
    names = page.locator("#rdms .cell img").evaluate_all("all => all.map((one) => one.alt)")
    assert names == ["s03", "s07"]
    _, (name, distance, rank), _ = told(page)
    rdm = rdm_of("blocks.2")
    assert name == "Net, trained: blocks.2"
    assert printed(distance) == pytest.approx(rdm[3, 7], abs=0.006)
    assert float(rank.split()[0]) == pytest.approx(percentile(rdm, 3, 7), abs=0.51)


def test_keys_move_through_cells_and_say_where(visit, report_file, rdm_of):
    page = visit(report_file, fragment(left="real/net/stem", right="real/net/head"))
    panel = page.locator("#rdms svg.square").first
    page.locator("#rdms .cell select").nth(0).select_option("s04")
    page.locator("#rdms .cell select").nth(1).select_option("s01")
    panel.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    said = page.locator("#rdms .spoken").inner_text()
    assert said.startswith("s06 and s02; Net, trained: stem ")
    assert printed(told(page)[0][1]) == pytest.approx(rdm_of("stem")[6, 2], abs=0.006)


@pytest.mark.parametrize("third", ["difference", "scatter", "mds"])
def test_orders_and_what_stands_below_on_a_phone(visit, report_file, third):
    page = visit(
        report_file, fragment(left="sim/beta", third=third), viewport=PHONE, has_touch=True
    )
    first = page.locator("#rdms svg.square").first
    before = first.locator("image").get_attribute("href")
    page.locator("#rdms").get_by_label("Order").select_option("left")
    first = page.locator("#rdms svg.square").first
    assert first.locator("image").get_attribute("href") != before
    assert "order=left" in page.url
    third_part = page.locator("#rdms .third svg").first
    assert third_part.bounding_box()["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert "simulated" in page.locator("#rdms figcaption").first.inner_text()


def test_rdms_that_are_not_in_the_page_are_named_with_their_file(visit, report_file):
    page = visit(report_file, fragment(left="real/alpha", right="real/net-untrained-seed2/stem"))
    said = page.locator("#rdms .missing").inner_text()
    assert "net-untrained-seed2 stem" in said
    assert "results/small/real/rdms/net-untrained-seed2.nc" in said
    assert page.locator("#rdms svg.square").count() == 3  # both RDMs and their difference


def test_the_plane_lies_as_far_apart_as_the_rdm(visit, report_file, drawn, rdm_of):
    page = visit(
        report_file, fragment(left="real/net/blocks.1", right="real/net/blocks.1", third="mds")
    )
    points = page.locator("#rdms svg.plane").first.locator("[data-stimulus] image").evaluate_all(
        "all => all.map((one) => [Number(one.getAttribute('x')), Number(one.getAttribute('y'))])"
    )  # fmt: skip
    n = len(read_table(drawn.stimuli("real"), "stimuli"))
    places = np.array(points)[:n]
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    upper = np.triu_indices(n, 1)
    wanted, found = rdm_of("blocks.1")[upper], apart[upper]
    scale = (found @ wanted) / (found @ found)
    stress = np.sqrt(np.sum((scale * found - wanted) ** 2) / np.sum((scale * found) ** 2))
    said = page.locator("#rdms .third figcaption").first.inner_text()
    assert f"stress {stress:.2f}".replace("0.", ".") in said
    assert stress < 0.4


def test_pairs_are_saved_with_names_and_values(visit, report_file, rdm_of):
    page = visit(report_file, fragment(left="real/alpha", right="real/net/head"))
    with page.expect_download() as download:
        page.locator("#rdms figure").nth(1).get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 66
    assert lines[0].startswith('stimulus_a,stimulus_b,"left: alpha, correlation"')
    first, second, *numbers = lines[3].split(",")
    assert json.dumps([first, second]) == '["s00", "s03"]'
    assert float(numbers[2]) == pytest.approx(rdm_of("head")[0, 3], rel=1e-3)


def test_a_layer_that_is_chosen_in_the_explorer_stands_beside_its_region(visit, report_file):
    page = visit(report_file)
    page.wait_for_selector("#explore[data-drawn]")
    page.locator('[data-part="profile"] svg').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panels = page.locator("#rdms svg.square")
    shown = view_of(page)
    assert shown["left"].startswith("real/")
    _, model, layer = shown["right"].split("/")
    assert panels.nth(0).get_attribute("aria-label").startswith(f"RDM of {shown['region']},")
    assert f": {layer}, " in panels.nth(1).get_attribute("aria-label")
    assert model == shown["model"]


def view_of(page):
    """Return the view in the address."""
    return dict(parse_qsl(page.url.split("#view?", 1)[1]))
