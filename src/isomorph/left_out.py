"""Optional models that a study goes on without, as its last run decided."""

from __future__ import annotations

import json
from collections.abc import Mapping

from isomorph.artefacts import replacing
from isomorph.errors import IsomorphError
from isomorph.layout import Layout


def as_decided(layout: Layout) -> Layout:
    """Return the layout of a study without the models that its runs go on without.

    Raises
    ------
    IsomorphError
        When the file that says which is damaged.
    """
    if not layout.left_out.is_file():
        return layout
    try:
        reasons = json.loads(layout.left_out.read_text(encoding="utf-8"))
        known = {str(name): str(why) for name, why in reasons.items()}
    except (ValueError, AttributeError):
        raise IsomorphError(
            f"{layout.left_out}: does not name models with reasons; remove it, and the next run "
            "decides again"
        ) from None
    return Layout(layout.study.without(known), layout.root)


def decide(layout: Layout, reasons: Mapping[str, str]) -> None:
    """Note which optional models a study goes on without; without any the file goes.

    Parameters
    ----------
    layout : Layout
    reasons : mapping of str to str
        By model.
    """
    file = layout.left_out
    if not reasons:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(dict(reasons), indent=1) + "\n", encoding="utf-8")
