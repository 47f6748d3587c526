"""Ready betas: a response map per stimulus, read run by run."""

from isomorph.responses.betas.reading import prepare

__all__ = ["prepare"]
