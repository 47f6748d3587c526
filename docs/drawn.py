"""Scripts that draw figures, as pages: what they say, what they draw, and their code.

A script begins with a docstring: a title, what its figures show, which is their alternative text
too, and more if there is more to say. Every matplotlib figure that it names is kept. What was drawn
by the same script and the same code before is not drawn again.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from isomorph.digest import code_digest

mpl.use("Agg")

CODE = ("isomorph.figures", "isomorph.inference", "isomorph.rdms", "isomorph.simulation")
"""What decides the figures beside the scripts."""


@dataclass(frozen=True)
class Script:
    """A script and what it says of itself.

    Attributes
    ----------
    file : Path
    title, shows, more : str
    code : str
        Without the docstring.
    """

    file: Path
    title: str
    shows: str
    more: str
    code: str

    @classmethod
    def of(cls, file: Path) -> Script:
        """Read a script.

        Raises
        ------
        ValueError
            When its docstring has no title, or does not say what it shows.
        """
        source = file.read_text(encoding="utf-8")
        tree = ast.parse(source)
        parts = (ast.get_docstring(tree) or "").split("\n\n", 2)
        if len(parts) < 2:
            raise ValueError(f"{file}: begin it with a title, and what it shows")
        code = "\n".join(source.splitlines()[tree.body[0].end_lineno :]).strip()
        title, shows, *more = parts
        return cls(file, title.rstrip("."), " ".join(shows.split()), *(more or [""]), code)

    @property
    def name(self) -> str:
        """The script's name."""
        return self.file.stem

    def figures(self) -> list[Figure]:
        """Run the script in its folder and return the figures that it names."""
        names: dict[str, Any] = {"__name__": self.name}
        with contextlib.chdir(self.file.parent):
            exec(compile(self.code, str(self.file), "exec"), names)
        found = [value for value in names.values() if isinstance(value, Figure)]
        if not found:
            raise ValueError(f"{self.file}: names no figure")
        return list(dict.fromkeys(found))


def draw(scripts: Path, into: Path, *, folded: bool) -> Iterator[tuple[Script, str]]:
    """Yield every script of a folder with its part of a page, pictures drawn.

    Parameters
    ----------
    scripts : Path
        Folder of scripts.
    into : Path
        Folder for pictures, two below that of the documentation.
    folded : bool
        Whether the code is shown on demand.
    """
    into.mkdir(parents=True, exist_ok=True)
    how = code_digest(*CODE)
    for file in sorted(scripts.glob("[a-z]*.py")):
        script = Script.of(file)
        key = hashlib.sha256(f"{how}{file.read_text(encoding='utf-8')}".encode()).hexdigest()
        kept = into / f"{script.name}.txt"
        if not kept.is_file() or kept.read_text(encoding="utf-8").split()[:1] != [key]:
            kept.write_text(" ".join([key, *_saved(script, into)]), encoding="utf-8")
        pictures = kept.read_text(encoding="utf-8").split()[1:]
        places = [f"/{into.parent.name}/{into.name}/{one}" for one in pictures]
        yield script, _shown(script, places, folded=folded)


def _saved(script: Script, into: Path) -> list[str]:
    names = []
    settings = {"svg.hashsalt": script.name}
    for number, figure in enumerate(script.figures(), start=1):
        names.append(f"{script.name}-{number}.svg")
        with mpl.rc_context(settings):
            figure.savefig(into / names[-1], metadata={"Date": None}, bbox_inches="tight")
    return names


def _shown(script: Script, pictures: list[str], *, folded: bool) -> str:
    alternative = script.shows.replace("`", "").replace("$", "").replace('"', "'")
    images = [f"```{{image}} {one}\n:alt: {alternative}\n```" for one in pictures]
    code = f"```python\n{script.code.replace('  # fmt: skip', '')}\n```"
    if folded:
        code = f"<details><summary>How it was made</summary>\n\n{code}\n\n</details>"
    return "\n\n".join([script.shows, *images, *([script.more] if script.more else []), code])
