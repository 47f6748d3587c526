"""What a cluster takes of a job's memory, and says of one that it did not bring to its end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

AROUND = 600
"""Megabytes that Snakemake takes on a node, where it starts twice around every job."""
REFUSED = re.compile(r"sbatch failed\. The error message was '(.*?)'\.\n", flags=re.DOTALL)
"""How the executor hands on that a job was not even taken."""
STATUS = re.compile(r"SLURM status is: '(\w+)'")
"""How the executor hands on how a job ended."""
DAEMONS = re.compile(r"^(?:slurmstepd|srun)\b.*$", flags=re.MULTILINE)
"""What the cluster itself writes into the log of a job."""
MEANING: dict[re.Pattern[str], str] = {
    re.compile(r"memory limit|oom.?kill|out.of.memory", re.IGNORECASE): "needed more memory than "
    "its job had; allow its rule more (--set-resources {rule}:mem_mb=...) and run again",
    re.compile(r"TIME LIMIT|TIMEOUT|DEADLINE"): "did not end in the time its job had; allow its "
    "rule more minutes (--set-resources {rule}:runtime=...) and run again",
    re.compile(
        r"NODE FAILURE|NODE_FAIL|BOOT_FAIL"
    ): "the node it ran on failed; run again to go on",
    re.compile(r"PREEMPT"): "its job gave way to another one; run again to go on",
    re.compile(r"CANCELLED"): "its job was cancelled; run again to go on",
}
"""What words of a cluster mean for who reads them, what says most first."""


def reason(rule: str, message: str, logs: Iterable[Path]) -> str:
    """Return why a cluster did not bring a job to its end, '' where it does not say.

    Parameters
    ----------
    rule : str
        Name of the job's rule.
    message : str
        What the executor says of it.
    logs : iterable of Path
        What the cluster wrote of it.
    """
    if refused := REFUSED.search(message):
        return f"the cluster did not take its job: {' '.join(refused[1].split())}"
    said = STATUS.findall(message)
    for log in logs:
        said += DAEMONS.findall(_text(log))
    for words, meaning in MEANING.items():
        if any(words.search(line) for line in said):
            return meaning.format(rule=rule)
    return ""


def _text(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
