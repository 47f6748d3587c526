"""Numbers in whole steps, small enough to be kept in a page by the hundred thousand."""

from __future__ import annotations

import numpy as np

PER_UNIT = 10_000
"""Values are kept in steps of a ten thousandth."""

MISSING = 65_535
"""What stands where there is no value."""

PRINTED = 100
"""Steps between two numbers that differ as they are printed, with two digits."""


def stepped(values: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Return values in whole steps from the lowest, and how many steps that is from 0.

    A value in the middle between two printed ones moves by a step to the side on which it is
    printed. Where 65,534 steps do not reach from the lowest to the highest, values are returned
    in single precision with None.

    Examples
    --------
    >>> stepped(np.array([0.5, 0.125, np.nan]))
    (array([ 3751,     0, 65535], dtype=uint16), 1249)
    """
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(values.shape, MISSING, np.uint16), 0
    steps = np.rint(np.where(finite, values, 0) * PER_UNIT).astype(np.int64)
    for at in np.argwhere(finite & (np.abs(steps) % PRINTED == PRINTED // 2)):
        place = tuple(at)
        printed = float(f"{values[place]:.2f}")
        steps[place] += 1 if printed > steps[place] / PER_UNIT else -1
    low = int(steps[finite].min())
    if int(steps[finite].max()) - low >= MISSING:
        return values.astype(np.float32), None
    return np.where(finite, steps - low, MISSING).astype(np.uint16), low
