"""How far conclusions can be trusted: model recovery, false positives, power."""

from isomorph.inference.trust.recovering import not_recovered, planted_layers, recovery_tables

__all__ = ["not_recovered", "planted_layers", "recovery_tables"]
