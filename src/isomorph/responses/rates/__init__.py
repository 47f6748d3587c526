"""Rates over the bins of a variable, tuning, and the activity of a population over time."""
