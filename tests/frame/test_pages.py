"""The documentation: what executes its pages, and that no block of any page is forgotten.

The pages themselves are executed by `make docs-test`.
"""

import re
from pathlib import Path

import pytest
import run_pages

from isomorph.models import SOURCES
from isomorph.study.archive import SETTINGS

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"


def done(folder, monkeypatch, text):
    """A page after all of its blocks."""
    monkeypatch.chdir(folder)
    page = run_pages.Page("page.md", folder)
    for block in run_pages.blocks_of(text):
        run_pages.follow(page, block)
    return page


def refused(folder, monkeypatch, text):
    with pytest.raises(run_pages.PageError) as error:
        done(folder, monkeypatch, text)
    return str(error.value)


def fenced(language, code):
    return f"```{language}\n{code}\n```\n"


def test_blocks_are_run_written_and_compared_in_order(tmp_path, monkeypatch):
    page = done(
        tmp_path,
        monkeypatch,
        fenced("yaml", "# config/a.yaml\nname: a")
        + fenced("yaml", "# added to config/a.yaml\ntitle: b")
        + fenced("sh", "grep -v '^#' config/a.yaml")
        + fenced("output", "name: a\n   title:   b")
        + fenced("python", "x = 3")
        + fenced("python", "print('said')\nx + 1")
        + fenced("output", "...\ns...d\n4\n...")
        + fenced("text", "not a command")
        + fenced("{toctree}", "a"),
    )
    assert (page.executed, page.left) == (7, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (fenced("sh", "echo a") + fenced("output", "b"), "the page says\nb\nand what came out is"),
        (fenced("sh", "echo why; exit 3"), "ended with 3\nwhy"),
        (fenced("sh", "false | true"), "ended with 1"),
        (fenced("python", "1 / 0"), "ZeroDivisionError"),
        ("<!-- fails -->\n" + fenced("python", "1"), "ended well"),
        ("<!-- fails -->\n" + fenced("sh", "true"), "ended with 0"),
        (fenced("yaml", "name: a"), "a block of yaml names no file"),
        (fenced("", "name"), "a block of no language names no file"),
        ("<!-- instead: false -->\n" + fenced("sh", "true"), "ended with 1"),
    ],
)
def test_a_block_that_does_not_do_what_the_page_says_is_refused(tmp_path, monkeypatch, text, said):
    assert said in refused(tmp_path, monkeypatch, text)


def test_what_is_not_executed_is_listed_with_its_reason(tmp_path, monkeypatch):
    text = "<!-- not executed: it\nfetches -->\n<!-- instead: echo checked -->\n"
    page = done(tmp_path, monkeypatch, text + fenced("sh", "exit 1") + fenced("output", "checked"))
    assert page.left == ["page.md:4: it fetches (instead: echo checked)"]
    assert page.executed == 1


def test_what_fails_on_purpose_is_compared(tmp_path, monkeypatch):
    text = "<!-- fails -->\n" + fenced("python", "raise ValueError('no')")
    done(tmp_path, monkeypatch, text + fenced("output", "ValueError: no"))


@pytest.mark.parametrize("name", run_pages.pages())
def test_every_block_is_executed_or_says_why_not(name):
    known = {*run_pages.DO, *run_pages.SHOWN}
    for block in run_pages.blocks_of((ROOT / name).read_text(encoding="utf-8")):
        marked = {"not executed", "instead"} & set(block.said)
        assert block.language in known or block.file or marked, f"{name}:{block.line}"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("datasets.md", {file.stem for file in (ROOT / "config" / "datasets").glob("*.yaml")}),
        ("datasets.md", set(SETTINGS.own)),
        ("models.md", {name.partition("/")[0] for name in SOURCES.own}),
    ],
)
def test_the_lists_of_the_pages_are_complete(page, names):
    said = re.findall(r"`([\w-]+)[/`<]", (HOW_TO / page).read_text(encoding="utf-8"))
    assert names - set(said) == set()
