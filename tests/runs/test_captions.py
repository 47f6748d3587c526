"""Captions of the results that Snakemake's own report shows."""

import json

import jinja2
from docutils.core import publish_parts

from isomorph.catalogue import CATALOGUE
from isomorph.layout import Layout
from isomorph.runs import captions
from isomorph.stages.figures import FORMATS
from isomorph.study import load_study


class Shown:
    """What Snakemake gives a caption to fill in."""

    wildcards = {"dataset": "planted", "figure": "map"}


def rendered(text):
    filled = jinja2.Environment().from_string(text).render(snakemake=Shown)
    return publish_parts(filled, writer="html")["body"]


def test_every_artefact_has_a_caption_in_which_nothing_is_markup(tmp_path, repository):
    layout = Layout(load_study(repository / "config" / "demo.yaml"), tmp_path)
    folder = layout.figures("planted")
    folder.mkdir(parents=True)
    said = {kind: f"map.{kind}" for kind in FORMATS}
    said |= {"title": "A map?", "caption": "A `model`_ of *a|b* {{ c }} \\d."}
    (folder / "figures.json").write_text(json.dumps([said]))
    captions.write(layout, tmp_path / "captions")
    found = {file.stem: file.read_text() for file in (tmp_path / "captions").iterdir()}
    assert set(found) == set(CATALOGUE)
    bodies = {name: rendered(text) for name, text in found.items()}
    assert not [body for body in bodies.values() if "system-message" in body]
    assert "A map? A `model`_ of *a|b* {{ c }} \\d." in bodies["figures"]
    assert "Every region against every layer" in bodies["comparisons"]
    assert layout.study.dataset("planted").title in bodies["comparisons"]
    assert captions.titles(layout) == {("planted", "map"): "A map?"}
