import base64
import gzip
import re
import subprocess
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import yaml
from markupsafe import escape
from synthetic_study import write_settings

import isomorph
from isomorph import report
from isomorph.artefacts import provenance, read_table, sha256, write_beside, write_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.numerals import interval, number
from isomorph.report.answers import read, sentences
from isomorph.report.columns import tied
from isomorph.report.made import commit
from isomorph.report.missing import judge
from isomorph.report.page import SECTIONS, anchors, render
from isomorph.report.unsaid import unsaid
from isomorph.study import load_study

WHO = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
VOID = {"meta", "img", "input", "br", "link", "hr"}


class Page(HTMLParser):
    """Collects what the tests ask of a page, and checks that its tags nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.links, self.sources, self.text = [], [], [], [], []
        self.tags = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found:
            self.links.append(found["href"])
        if "src" in found:
            self.sources.append(found["src"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    @property
    def words(self):
        return re.sub(r"[\s\xa0]+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def html(drawn):
    path = report.run(drawn)
    assert path == drawn.report
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def files_of(layout):
    """Return the tables and figures a study has, as the page addresses them."""
    found = [
        path
        for dataset in layout.study.datasets
        for folder, kinds in (
            (layout.comparisons(dataset).parent, {".csv"}),
            (layout.figures(dataset), {".svg", ".pdf", ".csv"}),
        )
        for path in folder.iterdir()
        if path.suffix in kinds
    ]
    return {path.relative_to(layout.report.parent).as_posix() for path in found}


def test_the_page_needs_nothing_but_itself_and_leads_to_every_table(drawn, html, page):
    assert page.sources == []
    # Two profiles, pairs of RDMs and maps of stimuli, an overview, a map, reliability.
    kinds = "profile|rdms|stimuli|overview|map|reliability"
    assert len(re.findall(f'<figure class="({kinds})"', html)) == 2 * 9
    elsewhere = ("#", "https://doi.org/", "https://arxiv.org/", "data:")
    assert {link for link in page.links if not link.startswith(elsewhere)} == files_of(drawn)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert not {"link", "iframe", "object"} & set(page.tags)
    assert not re.search(r"<script[^>]*\bsrc=", html)


def test_every_anchor_of_the_contents_exists_once(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link[0] == "#"} <= set(page.ids)


def test_pictures_are_the_drawn_files(drawn, html):
    for dataset in ("real", "sim"):
        for file in drawn.figures(dataset).glob("*.svg"):
            for path in re.findall(r' d="([^"]{40,})"', file.read_text(encoding="utf-8")):
                assert f' d="{path}"' in html


def test_files_are_kept_in_the_page_as_they_are(drawn, html):
    kept = dict(
        re.findall(r'<script type="application/gzip" data-file="(.*?)">(.*?)</script>', html)
    )
    tables = {one for one in files_of(drawn) if one.endswith((".csv", ".pdf"))}
    assert set(kept) == tables
    for address in tables:
        written = (drawn.report.parent / address).read_bytes()
        assert gzip.decompress(base64.b64decode(kept[address])) == written


def test_what_people_wrote_is_escaped(html, page):
    assert "A &lt;small&gt; study" in html
    assert "<small> study" not in html
    assert "A limit &amp; its reason." in html
    assert "A <small> study" in page.words


def test_the_lines_are_those_of_the_headline(drawn, page):
    lines = " ".join(line.strip() for line in report.headline(judge(drawn)))
    said = sentences(read(judge(drawn)))
    assert len(said) == 3
    for sentence in said:
        assert sentence in page.words
        assert f"- {sentence}" in lines


def test_the_head_says_by_which_code_when_and_from_which_file(drawn, html, page, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    head = html[html.index("<header>") : html.index("</header>")]
    assert f"isomorph {isomorph.__version__}" in head
    assert "2 January 1970" in render(judge(drawn))
    (link,) = [link for link in page.links if link.startswith("data:text/yaml")]
    text = drawn.study.path.read_text()
    assert base64.b64decode(link.split(",", 1)[1]).decode() == text
    assert str(escape(text)) in head


def test_code_in_another_s_repository_has_no_commit(tmp_path):
    for command in (["init", "-q"], ["add", "."], [*WHO, "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    assert commit(package) == ""
    subprocess.run(["git", "-C", str(package), "add", "."], check=True)
    subprocess.run(["git", "-C", str(package), *WHO, "commit", "-qm", "y"], check=True)
    clean = commit(package)
    assert re.fullmatch(r"[0-9a-f]{10}", clean)
    (package / "__init__.py").write_text("1")
    assert commit(package) == f"{clean}, with changes"


def test_simulated_data_are_one_panel_and_the_rest_is_folded(html):
    inside = html[html.index('<section id="sim"') : html.index('<section id="run"')]
    panel, _, rest = inside.partition(
        '<details class="part apart">\n<summary>All of this simulated'
    )
    assert "2 of 2 planted layers were recovered exactly" in panel
    assert "<figure" not in panel
    assert 'id="sim-alpha"' in rest
    nav = html[: html.index("</nav>")]
    assert 'href="#sim"' in nav
    assert "#sim-" not in nav


def test_cells_of_the_matrix_say_what_they_are(html):
    matrix = html[html.index('<table class="matrix"') :].partition("</table>")[0]
    cells = re.findall(r'<td class="is-(\w+)[^>]*data-region="(\w+)" data-model="([\w-]+)"', matrix)
    assert cells == [
        (kind, region, model) for region in ("alpha", "beta")
        for kind, model in (("trained", "net"), ("baseline", "pixels"),
                            ("untrained", "net-untrained"))
    ]  # fmt: skip
    assert 'data-layer="blocks.2" data-measure="rho_a" data-distance="correlation"' in matrix
    assert matrix.count('scope="row"') == 2
    assert matrix.count("<svg") == 6


def test_every_estimate_is_in_the_full_tables(drawn, page):
    table = read_table(drawn.comparisons("real"), "comparisons")
    for row in table.itertuples():
        star = "*" if row.p_corrected < 0.05 else ""
        cell = f"{number(row.estimate)}{star} {interval(row.interval_low, row.interval_high)}"
        assert cell in page.words


def test_simulated_is_said_wherever_it_is_shown(html):
    banner = "No animal and no person produced these responses"
    assert html.count(banner) == 1  # its section, where the recovery is too
    inside = html[html.index('<section id="sim"') : html.index('<section id="run"')]
    assert banner in inside
    assert inside.count("Simulated data.") >= 4  # in every caption
    real = html[html.index('<section id="real"') : html.index('<section id="sim"')]
    assert "imulated" not in real


def test_every_p_says_how_it_was_corrected(html):
    datasets = html[html.index('<section id="real"') :]
    for note in re.findall(r'<p class="small">(.*?)</p>', datasets, flags=re.S):
        if "p:" in note or "&lt;" in note:
            assert "false discovery rate correction" in note


def test_tables_hold_contrasts_regions_recovery_and_reliability(page):
    words = page.words
    assert "alpha against beta" in words
    assert ".49 [.41, .57]" in words
    assert "Net, trained, against 3 untrained controls" in words
    assert "blocks.2 (90 %)" in words
    assert "1 of 16" in words
    assert "1 without: one repetition only" in words
    assert "The noise ceiling is undefined: one subject." in words


def test_provenance_can_be_followed(drawn, page):
    words = page.words
    assert "isomorph run config/small.yaml" in words
    made_by = f"isomorph {isomorph.__version__}"
    for name in ("comparisons.csv", "contrasts.csv", "reliability.csv", made_by):
        assert name in words


def test_the_same_results_give_the_same_page(drawn, html):
    assert render(judge(drawn)) == html


def test_a_dataset_that_is_missing_is_named_with_what_to_run(fresh):
    fresh.comparisons("real").unlink()
    words = Page(render(judge(fresh))).words
    assert "No comparisons of real yet. Run" in words
    assert "The figures are not drawn yet. Run" in words  # those of the other dataset


def test_nothing_computed_is_still_a_page(tmp_path):
    layout = Layout(load_study(write_settings(tmp_path)), tmp_path)
    words = Page(report.run(layout).read_text(encoding="utf-8")).words
    assert words.count("what is already done is not repeated") == 2
    assert "No provenance yet." in words


def test_a_study_of_one_family_without_controls(tmp_path, fresh):
    path = fresh.study.path
    spec = {**yaml.safe_load(path.read_text()), "datasets": ["real"], "models": ["net"]}
    path.write_text(yaml.safe_dump(spec))
    layout = Layout(load_study(path), fresh.root)
    assert "<td>Net, trained</td>" in render(judge(layout))
    said = " ".join(unsaid(layout.study, read(judge(layout))))
    assert "no untrained controls" in said
    assert "the study has networks only" in said
    assert "no simulated recording" in said
    assert "no untrained controls" in render(judge(layout))
    assert "Are planted layers recovered?" not in render(judge(layout))


def test_models_that_are_compared_with_nothing_are_not_listed(fresh):
    path = fresh.study.path.parent / "models" / "pixels.yaml"
    path.write_text(path.read_text() + "datasets: [elsewhere]\n")
    page = render(judge(Layout(load_study(fresh.study.path), fresh.root)))
    listed = page[page.index("<caption>Models</caption>") : page.index("<caption>Measures")]
    assert "<td>Net, trained</td>" in listed
    assert "<td>Pixels</td>" not in listed


def test_small_p_beside_an_interval_that_holds_0_is_explained_wherever_it_stands(fresh):
    path = fresh.comparisons("real")
    table = read_table(path, "comparisons")
    one = (table["layer"] == "stem") & (table["region"] == "alpha") & (table["model"] == "net")
    table.loc[one, ["interval_low", "interval_high", "p_corrected"]] = [-0.1, 0.4, 0.01]
    said = ["unsure", "half of the resamples are flat"]
    table.loc[one & (table["measure"] == "rho_a"), ["status", "reason"]] = said
    write_table(path, table, "comparisons", provenance("test"))
    text = render(judge(fresh))
    alpha = text[text.index('id="real-alpha"') : text.index('id="real-beta"')]
    assert alpha.count("Where an interval includes 0") == 1  # below every layer, not below the best
    assert alpha.index("Every layer") < alpha.index("Where an interval includes 0")
    estimate = table.loc[one & (table["measure"] == "rho_a"), "estimate"].iloc[0]
    assert f'<td class="number">{number(estimate)}, no interval: half of the' in alpha
    assert "within what the measure can be" in text


def test_rows_without_numbers_say_why(fresh):
    for kind in ("comparisons", "contrasts", "regions"):
        path = getattr(fresh, kind)("real")
        table = read_table(path, kind)
        where = table["region" if kind != "regions" else "region_a"] == "alpha"
        table.loc[where, ["status", "reason"]] = ["undefined", f"no {kind} because of the moon"]
        write_table(path, table, kind, provenance("test"))
    words = Page(render(judge(fresh))).words
    for kind in ("contrasts", "regions"):
        assert f"no {kind} because of the moon" in words
    assert "No layer has a number: no comparisons because of the moon" in words


def test_a_listed_figure_that_is_gone_stops_the_report_with_a_sentence(fresh):
    folder = fresh.figures("real")
    folder.mkdir(parents=True)
    listing = '[{"title": "", "caption": "", "svg": "x.svg", "pdf": "x.pdf",'
    listing += ' "csv": "x.csv", "alt": "", "region": "", "kind": "map"}]'
    (folder / "figures.json").write_text(listing)
    contents = {"figures.json": sha256(folder / "figures.json")}
    write_beside(folder, provenance("figures"), contents)
    with pytest.raises(IsomorphError, match=r"lists x\.svg, which is not there"):
        report.run(fresh)
    assert not fresh.report.exists()
    assert not list(fresh.results.glob(".report*"))


def test_p_and_brackets_are_not_torn_apart():
    tie = "\N{NO-BREAK SPACE}"
    assert tied("is .3 [.1, .4] (p = .02)") == f"is .3 [.1,{tie}.4] (p{tie}={tie}.02)"


def test_no_two_sections_of_the_page_are_identified_alike():
    regions = ("V1", "v1", "V 1", "methods", "Trust", "\N{GREEK SMALL LETTER ALPHA}")
    shown = [SimpleNamespace(region=region) for region in regions]
    found = [SimpleNamespace(dataset=name, shown=shown) for name in ("one", "two")]
    ids = anchors(found)
    taken = {f"{name}-{section}" for name in ("one", "two") for section in SECTIONS}
    assert len({*ids.values(), *taken}) == 2 * len(regions) + len(taken)
    assert ids["one", "V1"] == "one-v1"
    assert not any(" " in one for one in ids.values())
