"""A replica of ds001246 with two people."""

from pathlib import Path

import ds001246

GROUP = "arriving"
SUBJECTS = ["01", "02"]
EXPECTED = {
    "stimuli": 50,
    "presentations": dict.fromkeys(SUBJECTS, 150),
    "repetitions": dict.fromkeys(SUBJECTS, 3),
}


def write(root: Path) -> None:
    """Write the repository, and the images that come by request."""
    ds001246.write(root, SUBJECTS)
    (root / "requested" / "ds001246").rename(root / "requested" / "ds001246-all")
