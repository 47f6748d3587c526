"""Simulated units that follow known representations, for planted recordings and for recovery.

Both mix the features of a geometry at random, see `isomorph.simulation.representations`. Planted
recordings fire around that (`spikes`), subject by subject (`subject`), and are written as NWB
(`recording`); recovery measures many Gaussian subjects at once (`planting`, `gaussian`). Cells that
follow a heading, a position or a state are apart (`navigation`). Nothing here knows a study's
paths.
"""
