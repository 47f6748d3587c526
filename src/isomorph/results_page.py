"""The page of a study, as a notebook shows it or a browser opens it."""

from __future__ import annotations

import builtins
import html
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Page:
    """The page of a study, which a notebook shows as a link and a frame.

    Attributes
    ----------
    file : Path
    """

    file: Path

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return self.file.resolve().as_uri()

    def __repr__(self) -> str:
        return f"the page of the study: {self.file}"

    def _repr_html_(self) -> str:
        # A notebook's server shows what lies below the notebook, and no other files.
        here = Path.cwd()
        below = self.file.resolve().is_relative_to(here)
        found = quote(self.file.resolve().relative_to(here).as_posix()) if below else self.address
        where = html.escape(found, quote=True)
        link = f'<p><a href="{where}" target="_blank">{html.escape(str(self.file))}</a></p>'
        if not below:
            return link
        return f'{link}<iframe src="{where}" title="report" width="100%" height="600"></iframe>'


def shown_page(file: Path) -> Page:
    """Return a page that a notebook shows as a value; anywhere else a browser opens it."""
    page = Page(file)
    if not _in_notebook():
        webbrowser.open(page.address)
    return page


def _in_notebook() -> bool:
    """Tell whether a kernel of a notebook runs this."""
    shell = getattr(builtins, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
