"""Stages: what reads artefacts, calls the library and writes artefacts."""
