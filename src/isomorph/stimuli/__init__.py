"""Stimuli: from a dataset's files to what was shown, and what recordings call it."""
