"""The numeric tests under every kernel of OpenBLAS that this processor runs.

The kernel is chosen by the processor, and sums in another order than the next: what a test finds
under one must be found under all. That of the main run, which numpy takes by itself, is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent
NUMERIC = ("rdms", "measures", "inference", "responses", "models")

KERNELS = {
    "SkylakeX": ({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}, "avx512"),
    "Haswell": ({"avx2", "fma"}, "avx2"),
    "Sandybridge": ({"avx"}, "default"),
}
"""By name: what the processor must have, and the instructions torch is held to beside it."""

TOLD = """
import numpy
import scipy.linalg
from threadpoolctl import threadpool_info
print(*sorted({one["architecture"] for one in threadpool_info() if "architecture" in one}))
"""


def flags(file: Path = Path("/proc/cpuinfo")) -> set[str]:
    """Return what the processor has, in the words of Linux; nothing where they are not told."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def able(has: Iterable[str]) -> list[str]:
    """Return the kernels that a processor runs."""
    return [name for name, (needs, _) in KERNELS.items() if needs <= set(has)]


def environment(kernel: str) -> dict[str, str]:
    """Return the environment that holds a process to a kernel."""
    return {**os.environ, "OPENBLAS_CORETYPE": kernel, "ATEN_CPU_CAPABILITY": KERNELS[kernel][1]}


def in_use(env: dict[str, str] | None = None) -> set[str]:
    """Return the kernels that numpy and SciPy take; none without OpenBLAS."""
    asked = [sys.executable, "-c", TOLD]
    return set(subprocess.run(asked, env=env, check=True, stdout=-1, text=True).stdout.split())


def main() -> int:
    seen = in_use()
    print(f"make test ran with {', '.join(sorted(seen)) or 'no OpenBLAS'}", flush=True)
    failed = []
    for kernel in able(flags()) if seen else ():
        found = in_use(environment(kernel))
        if found <= seen:  # the main run's, or one that this OpenBLAS was built without
            continue
        seen |= found
        print(f"\n{kernel}", flush=True)
        tests = [str(TESTS / folder) for folder in NUMERIC]
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *tests]
        if subprocess.run(command, env=environment(kernel), check=False).returncode:
            failed.append(kernel)
    if failed:
        print(f"\nfailed under {', '.join(failed)}; repeat with OPENBLAS_CORETYPE={failed[0]}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
