"""Stages: read artefacts, call the library, write artefacts."""
