"""The command line: one command per stage, and a few to look around."""

from isomorph.cli.command import main
from isomorph.cli.opening import open_study

__all__ = ["main", "open_study"]
