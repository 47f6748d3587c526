"""Figures: one plot per module, a function from arrays and tables to a matplotlib figure.

`captioned` says which of them are drawn of a dataset, and what stands below each.
"""
