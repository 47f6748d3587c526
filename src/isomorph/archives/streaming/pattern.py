"""Glob patterns followed part by part, so that only what they can lead to is looked at."""

from __future__ import annotations

from isomorph.archives.patterns import matches


class PathPattern:
    """A pattern of HDF5 paths; `*` and `?` stop at a slash, `**` stands for any parts or none.

    Parameters
    ----------
    pattern : str
        ``"units/spike_times*"``, with or without a leading slash.

    Attributes
    ----------
    start : frozenset of int
        The places in the pattern where one may be at the root.
    """

    def __init__(self, pattern: str) -> None:
        self._parts = tuple(part for part in pattern.split("/") if part)
        self.start = self._closed({0})

    def advance(self, places: frozenset[int], name: str) -> frozenset[int]:
        """Return the places where one may be one part of a path further on; empty for nowhere."""
        after = set()
        for place in places:
            if place < len(self._parts):
                if self._parts[place] == "**":
                    after.add(place)
                elif matches(self._parts[place], [name]):
                    after.add(place + 1)
        return self._closed(after)

    def ends(self, places: frozenset[int]) -> bool:
        """Tell whether the path so far is matched."""
        return len(self._parts) in places

    def _closed(self, places: set[int]) -> frozenset[int]:
        """Add the places reached by taking `**` for nothing."""
        for place, part in enumerate(self._parts):
            if place in places and part == "**":
                places.add(place + 1)
        return frozenset(places)
