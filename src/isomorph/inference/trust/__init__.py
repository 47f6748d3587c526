"""How far conclusions can be trusted: model recovery, false positives, power."""

from isomorph.inference.trust.recovering import planted_layers, recovery_tables

__all__ = ["planted_layers", "recovery_tables"]
