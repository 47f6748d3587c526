"""Execute a notebook and keep what its cells show: python docs/run_notebook.py docs/library.ipynb.

The cells are plain Python, so they need no kernel: they run one after another in one namespace, in
the folder of the notebook, and the value of the last expression of each is shown.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import cells
import matplotlib

matplotlib.use("Agg")


def executed(file: Path) -> dict[str, Any]:
    """Return a notebook with the outputs that its code cells have now.

    Parameters
    ----------
    file : Path
        The notebook.
    """
    notebook: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with contextlib.chdir(file.parent):
        for number, cell in enumerate(code, start=1):
            cell["execution_count"] = number
            cell["outputs"] = outputs_of("".join(cell["source"]), names, number)
    return notebook


def outputs_of(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Run one cell and return what it shows."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        value = cells.run(source, names, f"cell {number}")
    found: list[dict[str, Any]] = []
    if text := printed.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": _lines(text)})
    if value is not None:
        found.append(
            {
                "data": _shown(value),
                "execution_count": number,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return found


def _shown(value: Any) -> dict[str, Any]:
    """Return what a notebook shows of a value, by kind."""
    if hasattr(value, "savefig"):
        picture = io.BytesIO()
        value.savefig(picture, format="png", dpi=90)
        return {
            "image/png": base64.b64encode(picture.getvalue()).decode(),
            "text/plain": [f"<{type(value).__name__}>"],
        }
    plain = {"text/plain": _lines(repr(value))}
    if hasattr(value, "_repr_html_"):
        return {"text/html": _lines(value._repr_html_()), **plain}
    return plain


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    text = json.dumps(executed(place), indent=1, ensure_ascii=False, sort_keys=True)
    place.write_text(text + "\n", encoding="utf-8")
