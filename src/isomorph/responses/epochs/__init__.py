"""Epochs of electric and magnetic recordings: responses of channels in windows after onset."""

from isomorph.responses.epochs.subject_epochs import look, read

__all__ = ["look", "read"]
