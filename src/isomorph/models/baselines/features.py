"""What every baseline gives."""

from __future__ import annotations

from numpy.typing import NDArray

Features = dict[str, NDArray]
"""Features `(stimulus, feature)` by layer."""

LeftOut = dict[str, str]
"""Layers without a geometry, with the reason."""
