"""Readings that never come back, or end the process, are sentences."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from isomorph.errors import IsomorphError
from isomorph.foreign import trial
from isomorph.foreign.trial import try_first

FILE = Path(__file__)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is tried first")


def refused(run, *said):
    with pytest.raises(IsomorphError) as caught:
        try_first(run, FILE, "an NWB file")
    for words in said:
        assert words in str(caught.value)


def spin():
    while True:
        pass


def fail(error):
    raise error


def test_circles_are_left(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 1)
    refused(spin, "test_trial.py: cannot be read as an NWB file in 1 s of the processor's time")


def test_waiting_is_left(monkeypatch):
    monkeypatch.setattr(trial, "LONGEST", 0.2)
    refused(lambda: time.sleep(30), "test_trial.py: cannot be read as an NWB file in 0.2 s")


def test_a_crash_is_a_sentence():
    refused(lambda: os.kill(os.getpid(), signal.SIGSEGV), "its library crashes on it (SIGSEGV)")


def test_a_process_that_was_killed_did_not_crash():
    refused(lambda: os.kill(os.getpid(), signal.SIGKILL), "was killed, as systems do where memory")


def test_a_sentence_comes_back():
    refused(lambda: fail(IsomorphError("a.nwb: leads elsewhere, –")), "a.nwb: leads elsewhere, –")


def test_what_else_is_raised_is_left_for_the_reading_itself(capfd):
    assert not try_first(lambda: fail(KeyError("x")), FILE, "an NWB file")
    assert not try_first(lambda: fail(SystemExit(0)), FILE, "an NWB file")
    assert try_first(lambda: print("noise"), FILE, "an NWB file")
    assert "".join(capfd.readouterr()) == ""


def test_nothing_done_in_the_copy_is_seen():
    seen = []
    assert try_first(lambda: seen.append(1), FILE, "an NWB file")
    assert seen == []


def test_a_trial_is_quick():
    began = time.perf_counter()
    for _ in range(10):
        try_first(lambda: None, FILE, "an NWB file")
    assert time.perf_counter() - began < 5
