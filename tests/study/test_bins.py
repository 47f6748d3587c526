"""Time bins: their edges are what was written, and their names say so."""

import numpy as np
import pytest

from isomorph.study.responses import NwbResponses
from isomorph.study.windows import in_milliseconds


def windowed(window, bins):
    return NwbResponses(
        kind="nwb", files="*.nwb", window=window, bins=bins, presentations={"stimulus": "image"}
    )


@pytest.mark.parametrize(
    ("window", "bins", "names"),
    [
        ((-0.3, 0.15), 0.15, ["−300 to −150 ms", "−150 to 0 ms", "0 to 150 ms"]),
        ((0.1, 0.4), 0.1, ["100 to 200 ms", "200 to 300 ms", "300 to 400 ms"]),
        ((-0.01, 0.01), 0.005, ["−10 to −5 ms", "−5 to 0 ms", "0 to 5 ms", "5 to 10 ms"]),
        ((0.0, 0.1), 0.1 / 3, ["0 to 33.3333 ms", "33.3333 to 66.6667 ms", "66.6667 to 100 ms"]),
    ],
)
def test_names_of_bins(window, bins, names):
    settings = windowed(window, bins)
    assert [in_milliseconds(*edges) for edges in settings.times] == names
    assert not any(np.signbit(edge) for edge in settings.edges if edge == 0)


@pytest.mark.parametrize("bins", [0.01, 0.05, 0.15, 0.005])
def test_zero_is_an_edge_wherever_it_should_be(bins):
    settings = windowed((-0.3, 0.6), bins)
    assert 0.0 in settings.edges
    assert len(settings.edges) == round(0.9 / bins) + 1
    np.testing.assert_allclose(np.diff(settings.edges), bins, rtol=1e-6)


def test_windows_come_in_the_order_of_time_and_differ():
    given = {"kind": "nwb", "files": "*.nwb", "presentations": {"stimulus": "image"}}
    windows = {"late": (0.2, 0.5), "early": (0.0, 0.2)}
    assert NwbResponses(**given, windows=windows).times == ((0.0, 0.2), (0.2, 0.5))
    with pytest.raises(ValueError, match=r"windows: late and again are both \[0.2, 0.5\]"):
        NwbResponses(**given, windows={**windows, "again": (0.2, 0.5)})
