"""A ring, and a line that bends into one.

Loops of sixty head-direction cells and of sixty cells of a line, in ten minutes: from the distance
at which each appears to the distance at which it is filled. Beyond chance is what lies above the
dashed line (longer than any loop of the shuffles) and above the dotted one (of a larger ratio): the
loop of the line is long, but appears only when nearly everything is a neighbour of everything.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter1d

from isomorph.simulation.navigation import heading_cells, line_cells, random_heading, random_path
from isomorph.study.topology import Topology
from isomorph.topology import topology_of

rng = np.random.default_rng(1)
settings = Topology(dimensions=1, points=150, shuffles=39, sampling="density")
heading = random_heading(6000, 0.1, rng)
place = random_path(6000, 0.1, rng, dimensions=1)[0].reshape(-1)
populations = {
    "heading": heading_cells(heading, np.linspace(0, 2 * np.pi, 60, endpoint=False)),
    "line": line_cells(place, np.linspace(0, 1, 60), width=0.1),
}

figure, panels = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained", sharey=True)
for axes, (name, rates) in zip(panels, populations.items(), strict=True):
    counts = gaussian_filter1d(rng.poisson(rates * 0.1) / 0.1, 1, axis=0)
    found = topology_of(counts, settings, rng=rng)
    loops = found.of(1)
    edge = np.array([0.01, 2])
    axes.plot(edge, edge, color="0.7", linewidth=1)
    axes.plot(edge, edge + found.null.maximum[1], "--", color="0.4", label="longest of shuffles")
    axes.plot(edge, edge * found.null.widest[:, 1].max(), ":", color="0.4", label="largest ratio")
    axes.plot([one.birth for one in loops], [one.death for one in loops], "o", markersize=4)
    axes.set(xscale="log", yscale="log", xlim=edge, ylim=edge, xlabel="appears at",
             title=f"{name}: {found.signature.name}")  # fmt: skip
panels[0].set_ylabel("is filled at")
panels[0].legend(frameon=False, loc="lower right")
