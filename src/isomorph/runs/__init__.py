"""Runs of the workflow: who is at work, what was asked for, what will come, what failed."""
