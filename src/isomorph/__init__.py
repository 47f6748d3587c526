"""isomorph: which layer of which model is like which brain region, and how surely."""

from importlib.metadata import version

__version__ = version("isomorph")
