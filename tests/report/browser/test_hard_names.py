"""Names as people give them: signs of HTML and of addresses, any script, any length."""

import synthetic_study
from synthetic_study import write_study

from isomorph import report

HARD = "a\"b'c<i>&amp;/d%41#e?f é漢 "
LONG = "x" * 200


def test_hard_and_long_names_are_shown_linked_and_kept_in_the_address(tmp_path, monkeypatch, visit):
    regions = (f"{HARD}region", f"{LONG}region", "β", "γ")
    layers = (f"{HARD}layer", f"{LONG}layer")
    monkeypatch.setattr(synthetic_study, "REGIONS", regions)
    monkeypatch.setattr(synthetic_study, "LAYERS", ("stem", *layers))
    monkeypatch.setattr(synthetic_study, "BEST", dict.fromkeys(regions, layers[0]))
    layout = write_study(tmp_path, datasets=("real",))
    file = report.run(layout)
    page = visit(file, width=390)
    page.wait_for_selector("#explore .plot svg")
    every = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(every) == len(set(every))
    for place in range(2):
        page.locator(".matrix tbody tr:not(.dataset)").nth(place).locator("td a").first.click()
        page.focus("#explore .plot svg")
        for key in ("ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        page.wait_for_selector("#rdms .viewer-room table")
        assert regions[place] in page.inner_text("#explore .finding")
        said = "document.querySelector('#rdms .viewer-room').textContent"
        sent = visit(file, page.evaluate("location.hash"), width=390)
        sent.wait_for_selector("#rdms .viewer-room table")
        assert sent.evaluate(said) == page.evaluate(said)
        assert regions[place] in sent.inner_text("#explore .finding")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
