"""Execute the pages of the documentation: python docs/run_pages.py [PAGE ...].

Every page is read from top to bottom in an empty folder of its own. A block of `sh` is run by
bash, a block of `python` in one namespace per page, and the value of its last expression is shown
as in a notebook. A block whose first line is a comment with the name of a file,
`# config/mine.yaml`, is written to that file, or appended to it, `# added to config/mine.yaml`. A
block of `output` is compared with what the block before it said; `...` stands for anything, and
spaces count as one. A block of `text` is a drawing. Blocks in any other language must name a file.

Comments that a reader does not see say what else holds for the next block:

    <!-- not executed: why -->       it is shown only; the reason is listed at the end
    <!-- instead: command -->        as above, and this command is run in its place
    <!-- fails -->                   it must end with an error

or, before the first block, for the page:

    <!-- begins with: a checkout -->     the settings and the workflow of the repository
    <!-- begins with: the demo -->       these, and what `make demo` has made; not executed without
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cells

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
GENERATED = ("docs/generated", "docs/_build")
"""Folders that `make docs` writes."""

FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})(?P<language>[^`\s]*).*$")
COMMENT = re.compile(r"^<!--\s*(?P<word>[a-z ]+?)\s*(?::\s*(?P<rest>.*?))?\s*-->$", re.DOTALL)
FILE = re.compile(r"^(?:#|//)\s*(?P<added>added to )?(?P<path>[\w./-]+\.\w+)$")
SHOWN = ("text", "bibtex")
"""Languages of blocks that are there to be looked at."""


class PageError(Exception):
    """A block that does not do what its page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    language, code : str
    line : int
        Of its first fence, counted from 1.
    said : dict of str to str
        The comments before it: the word of each, and what stands behind its colon.
    """

    language: str
    code: str
    line: int
    said: dict[str, str]

    @property
    def file(self) -> tuple[str, bool] | None:
        """The file it is written to and whether it is appended, where its first line names one."""
        found = FILE.match(self.code.partition("\n")[0])
        return (found["path"], bool(found["added"])) if found else None


@dataclass
class Page:
    """What a page has done so far.

    Attributes
    ----------
    name : str
        From the top of the repository.
    folder : Path
        Where it is executed.
    names : dict
        The namespace of its Python.
    output : str
        What the block before said.
    """

    name: str
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    output: str = ""
    executed: int = 0
    left: list[str] = field(default_factory=list)


def blocks_of(text: str) -> list[Block]:
    """Return the fenced blocks of a page in order, directives of Sphinx left out."""
    found: list[Block] = []
    said: dict[str, str] = {}
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        line, place = lines[place], place + 1
        if line.startswith("<!--"):
            while "-->" not in line and place < len(lines):
                line, place = f"{line} {lines[place].strip()}", place + 1
            if comment := COMMENT.match(line):
                said[comment["word"]] = comment["rest"] or ""
        elif fence := FENCE.match(line.lstrip()):
            first, indent = place, len(line) - len(line.lstrip())
            while place < len(lines) and lines[place].strip() != fence["fence"]:
                place += 1
            code = "\n".join(one[indent:] for one in lines[first:place])
            place += 1
            if not fence["language"].startswith("{"):
                found.append(Block(fence["language"], code, first, said))
                said = {}
    return found


def execute(name: str) -> tuple[str, int, list[str], float, str]:
    """Execute one page.

    Returns
    -------
    name : str
    executed : int
        How many blocks were run, written or compared.
    left : list of str
        Those that were not executed, each with the reason.
    seconds : float
    failure : str
        What went wrong, empty if nothing did.
    """
    began = time.monotonic()
    blocks = blocks_of((ROOT / name).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="page-") as scratch:
        page = Page(name, Path(scratch) / "here")
        page.folder.mkdir()
        line, failure = 1, ""
        try:
            missing = _furnish(page, blocks[0].said.get("begins with", "") if blocks else "")
            if missing:
                page.left.append(f"{name}: the whole page: {missing}")
                blocks = []
            os.environ.update(_environment(page.folder))
            sys.path.insert(0, os.environ["PIP_TARGET"])
            with contextlib.chdir(page.folder):
                for block in blocks:
                    line = block.line
                    follow(page, block)
        except PageError as error:
            failure = f"{name}:{line}: {error}"
    return name, page.executed, page.left, time.monotonic() - began, failure


def follow(page: Page, block: Block) -> None:
    """Do what one block says, in the current folder.

    Parameters
    ----------
    page : Page
        Is changed.
    block : Block

    Raises
    ------
    PageError
        When it does not do what the page says.
    """
    reason = block.said.get("not executed")
    instead = block.said.get("instead")
    if reason is not None or instead is not None:
        checked = f" (instead: {instead})" if instead else ""
        page.left.append(f"{page.name}:{block.line}: {reason or 'not executed'}{checked}")
        if instead:
            page.output = _shell(page, instead, fails=False)
        return
    if block.language in SHOWN:
        return
    page.executed += 1
    if block.file:
        path, added = block.file
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("a" if added else "w", encoding="utf-8") as file:
            file.write(block.code + "\n")
    elif block.language in DO:
        page.output = DO[block.language](page, block.code, "fails" in block.said)
    else:
        raise PageError(
            f"a block of {block.language or 'no language'} names no file in its first line"
        )


def _shell(page: Page, code: str, fails: bool) -> str:
    """Run commands in the page's folder, and return what they said."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if (done.returncode != 0) != fails:
        raise PageError(f"ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def _python(page: Page, code: str, fails: bool) -> str:
    """Run Python in the page's namespace, and return what it said and what it gave."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            value = cells.run(code, page.names, page.name)
            if value is not None:
                print(repr(value))
    except Exception as error:
        if not fails:
            raise PageError(f"{printed.getvalue()}{traceback.format_exc()}") from None
        print(f"{type(error).__name__}: {error}", file=printed)
    else:
        if fails:
            raise PageError(f"ended well\n{printed.getvalue()}")
    return printed.getvalue()


def _compared(page: Page, wanted: str, fails: bool) -> str:
    """Refuse an output that is not the one on the page."""
    del fails
    parts = (re.escape(" ".join(part.split())) for part in wanted.split("..."))
    if not re.fullmatch(".*".join(parts), " ".join(page.output.split())):
        raise PageError(f"the page says\n{wanted}\nand what came out is\n{page.output}")
    return page.output


DO: dict[str, Callable[[Page, str, bool], str]] = {
    "sh": _shell,
    "python": _python,
    "output": _compared,
}
"""What is done with a block, by its language."""


def _furnish(page: Page, begins_with: str) -> str:
    """Put into the folder what a page begins with, or say what is not there for it."""
    if begins_with not in ("", "a checkout", "the demo"):
        raise PageError(f'a page cannot begin with "{begins_with}"')
    if begins_with:
        for name in ("workflow", "profiles", "docs"):
            (page.folder / name).symlink_to(ROOT / name)
        (page.folder / "Snakefile").symlink_to(ROOT / "Snakefile")
        shutil.copytree(ROOT / "config", page.folder / "config")
    if begins_with == "the demo":
        if not (ROOT / "results" / "demo" / "report.html").is_file():
            return "`make demo` has not been run in this checkout"
        fits = [sys.executable, "-m", "isomorph", "verify", "--study", "config/demo.yaml"]
        if subprocess.run(fits, cwd=ROOT, capture_output=True, check=False).returncode:
            return "results/demo was made by other code or settings; `make demo` makes it again"
        for name in ("results/demo", "data/archive", "data/stimuli"):
            shutil.copytree(ROOT / name, page.folder / name)
    return ""


def _environment(folder: Path) -> dict[str, str]:
    """Return what commands find: this Python first, and room for packages of the page's own."""
    installed = folder.parent / "installed"
    places = [str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(places),
        "PIP_TARGET": str(installed),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say that there is none
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_QUIET": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "COLUMNS": "100",
    }


def pages() -> list[str]:
    """Return the pages that have blocks, by their names from the top of the repository."""
    names = {file.relative_to(ROOT).as_posix() for pattern in PAGES for file in ROOT.glob(pattern)}
    return sorted(
        name
        for name in names
        if not name.startswith(GENERATED) and blocks_of((ROOT / name).read_text(encoding="utf-8"))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute pages, two at a time, and say what was executed and what was not."""
    parser = argparse.ArgumentParser(description="Execute the pages of the documentation.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="all unless given")
    asked = parser.parse_args(arguments).pages or pages()
    left: list[str] = []
    failures: list[str] = []
    began = time.monotonic()
    with get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        for name, executed, its, seconds, failure in pool.imap_unordered(execute, asked, 1):
            print(
                f"{'FAILED' if failure else 'ok':6} {name}: {executed} blocks, {seconds:.0f} s",
                flush=True,
            )
            left += its
            failures += [failure] if failure else []
    if left:
        print("\nNot executed:", *sorted(left), sep="\n  ")
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    print(f"\n{len(asked)} pages in {time.monotonic() - began:.0f} s, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
