"""How far conclusions can be trusted: model recovery, false positives, power, agreement."""

from isomorph.inference.trust.agreement import agreement
from isomorph.inference.trust.recovering import planted_layers, recovery_tables

__all__ = ["agreement", "planted_layers", "recovery_tables"]
