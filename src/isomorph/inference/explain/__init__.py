"""What else explains a similarity: controls, combinations of layers, shares of variance."""

from isomorph.inference.explain.explaining import Explained, explanation_tables
from isomorph.inference.explain.matches import representations
from isomorph.inference.explain.material import Roles

__all__ = ["Explained", "Roles", "explanation_tables", "representations"]
