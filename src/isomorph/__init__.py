"""isomorph: which layer of which model is like which brain region, and how surely.

What stands in `__init__.pyi` is all it takes in a notebook; each name is imported when it is first
used (SPEC 1, https://scientific-python.org/specs/spec-0001/).

>>> import isomorph as iso
>>> "rho_a" in iso.MEASURES, "crossnobis" in iso.DISTANCES
(True, True)
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("isomorph")
