"""Epochs of electric and magnetic recordings: responses of channels in windows after onset."""

from isomorph.responses.epochs.reading import prepare

__all__ = ["prepare"]
