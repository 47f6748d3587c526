"""Pages of the documentation that are made: what they are made of is understood in full."""

import re
import sys
from pathlib import Path

import pytest

from isomorph.measures import MEASURES
from isomorph.models import SOURCES
from isomorph.rdms import DISTANCES

sys.path.append(str(Path(__file__).parents[2] / "docs"))

import drawn
import generate
from mathml import mathml

DOCS = Path(__file__).parents[2] / "docs"

SCRIPT = '''"""A line.

It goes up.

More of it.
"""

from matplotlib.figure import Figure

figure = Figure()
figure.subplots().plot([0, 1])
'''


def test_every_figure_found_by_simulation_is_on_a_page_with_what_it_had_to_be():
    text = (DOCS / "calibration.txt").read_text()
    found = generate.calibration(text)
    told = [one for rows in found.values() for own in rows.values() for one in own]
    assert len(told) == len(re.findall(r" \u00b1 ", text))
    assert sum(holds != "" for *_, holds in told) == len(
        re.findall(r"  (yes|no|unsure)$", text, re.M)
    )
    assert all(must for _, must, _, holds in told if holds)
    assert ("figures", "≥ 1", "1.000 ± 0.010", "yes") not in told
    own = found["3"]["20 objects in 4 variants (400 data sets)"]
    assert own[0] == ("estimate covered", "≥ .9", "0.950 ± 0.011", "yes")
    assert "3 requirements: 3 hold" in generate.checked(found["3"])
    with pytest.raises(ValueError, match="a line that is not understood:     nonsense"):
        generate.calibration(f"{text}    nonsense\n")


@pytest.mark.parametrize("name", sorted({*MEASURES.own, *DISTANCES.own}))
def test_every_formula_is_drawn_and_none_is_left_as_it_was_written(name):
    declared = [registry.own[name] for registry in (MEASURES, DISTANCES) if name in registry.own]
    for text in [text for one in declared for text in (one.definition, one.avoid)]:
        for formula in re.findall(r"\$\$?([^$]+)\$\$?", text):
            shown = mathml(formula)
            assert shown.startswith("<math")
            assert "\\" not in shown, formula


def test_a_script_is_a_picture_with_what_it_shows_and_its_code(tmp_path):
    scripts, into = tmp_path / "scripts", tmp_path / "generated" / "figures"
    scripts.mkdir()
    (scripts / "line.py").write_text(SCRIPT)
    [(script, part)] = drawn.draw(scripts, into, folded=True)
    assert (script.title, script.shows, script.more) == ("A line", "It goes up.", "More of it.")
    assert "```{image} /generated/figures/line-1.svg\n:alt: It goes up." in part
    assert "<details>" in part
    assert "figure = Figure()" in part
    picture = into / "line-1.svg"
    before = picture.read_bytes()
    picture.write_text("kept")
    list(drawn.draw(scripts, into, folded=False))
    assert picture.read_text() == "kept"
    (scripts / "line.py").write_text(SCRIPT.replace("It goes up", "It rises"))
    list(drawn.draw(scripts, into, folded=False))
    assert picture.read_bytes() == before


def test_a_script_that_shows_nothing_is_refused(tmp_path):
    for text, why in (
        ('"""A title."""\n', "begin it with a title, and what it shows"),
        (
            SCRIPT.replace("figure = Figure()", "Figure()").replace("figure.", "Figure()."),
            "names no",
        ),
    ):
        (tmp_path / "one.py").write_text(text)
        with pytest.raises(ValueError, match=why):
            drawn.Script.of(tmp_path / "one.py").figures()


@pytest.mark.parametrize("script", sorted(DOCS.glob("*/**/[a-z]*.py")), ids=lambda one: one.stem)
def test_every_script_says_what_its_figure_shows(script):
    found = drawn.Script.of(script)
    assert found.shows.endswith(".")
    assert len(found.shows) > 60


def test_every_source_of_models_says_what_it_gives_and_its_options():
    page = generate.sources_page()
    for name, source in SOURCES.own.items():
        assert source.title, name
        assert f"| `{name}` | {source.title} |" in page
        if source.settings is not None:
            assert f"## Options of `{name}`" in page
    assert "- `stack`: What several RDMs in one variable are: `layers`; `seeds`," in page
