"""What benchmarks share: figures as they are known, whatever happens to the rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

PARTS = {
    "good": "def good(quick):\n    yield f'quick {quick}', 2.0\n    yield 'other', 3\n",
    "whole": "def whole(quick):\n    return {'whole': 1.5}\n",
    "lacking": "def lacking(quick):\n    yield 'before', 1.0\n    import no_such_peer\n",
    "failing": "def failing(quick):\n    yield 'first', 4.0\n    raise ValueError('the peer')\n",
    "broken": "def broken(quick):\n    import isomorph.no_such_module\n    yield 'never', 1.0\n",
    "endless": (
        "def endless(quick):\n    yield 'known', 1.0\n    import time\n    time.sleep(60)\n"
    ),
}


def script(folder: Path, *parts: str) -> list[str]:
    """Write a benchmark of some parts, and return how it is called."""
    file = folder / "bench.py"
    body = "".join(PARTS[part] for part in parts)
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(BENCHMARKS)!r})\nfrom _command import command\n"
        f"{body}\ncommand('Of a test.', {', '.join(parts)})\n"
    )
    return [sys.executable, str(file)]


def run(folder: Path, *parts: str, arguments: tuple[str, ...] = ("--json",)):
    return subprocess.run(
        [*script(folder, *parts), *arguments],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_figures_are_one_json_object(tmp_path):
    done = run(tmp_path, "good", "whole", arguments=("--json", "--quick"))
    assert json.loads(done.stdout) == {"quick True": 2.0, "other": 3.0, "whole": 1.5}
    assert done.returncode == 0


def test_a_peer_that_is_not_installed_is_a_line_and_no_failure(tmp_path):
    done = run(tmp_path, "lacking", "good")
    assert json.loads(done.stdout) == {"before": 1.0, "quick False": 2.0, "other": 3.0}
    assert done.stderr.startswith("lacking: left out, as no_such_peer is not installed")
    assert done.returncode == 0


@pytest.mark.parametrize(("part", "words"), [("failing", "ValueError"), ("broken", "isomorph")])
def test_a_part_that_fails_hides_no_other_and_fails_the_run(tmp_path, part, words):
    done = run(tmp_path, part, "whole", arguments=())
    assert done.stdout.splitlines()[-1].split() == ["1.5", "whole"]
    assert words in done.stderr
    assert done.returncode == 1


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    with subprocess.Popen(
        [*script(tmp_path, "endless"), "--json"], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        opening = started.stdout.readline() + started.stdout.read(len(' "known": 1.0'))
        started.send_signal(signal.SIGTERM)
        rest = started.stdout.read()
    assert json.loads(opening + rest) == {"known": 1.0}, (opening, rest)
    assert started.returncode == 128 + signal.SIGTERM


def test_nothing_measured_is_an_empty_object(tmp_path):
    done = run(tmp_path, "broken")
    assert json.loads(done.stdout) == {}
    assert done.returncode == 1
