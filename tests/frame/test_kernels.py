"""Which kernels of OpenBLAS the numeric tests are run under."""

import pytest

from kernels import KERNELS, able, environment, flags, in_use

AVX512 = "avx512f avx512cd avx512bw avx512dq avx512vl"


@pytest.mark.parametrize(
    ("line", "kernels"),
    [
        (f"flags\t\t: sse2 avx avx2 fma {AVX512}", ["SkylakeX", "Haswell", "Sandybridge"]),
        ("flags\t\t: sse2 avx avx2 fma avx512f", ["Haswell", "Sandybridge"]),
        ("flags\t\t: sse2 avx", ["Sandybridge"]),
        ("Features\t: fp asimd sve", []),
    ],
)
def test_a_processor_runs_what_it_has_the_instructions_for(line, kernels, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\n{line}\nprocessor\t: 1\n{line}\n")
    assert able(flags(file)) == kernels


def test_without_linux_there_is_none(tmp_path):
    assert able(flags(tmp_path / "cpuinfo")) == []


@pytest.mark.skipif(not able(flags()) or not in_use(), reason="no OpenBLAS for x86-64 here")
def test_numpy_is_held_to_a_kernel():
    found = {name: in_use(environment(name)) for name in able(flags())}
    assert all(one <= KERNELS.keys() for one in found.values())
    assert found["Sandybridge"] == {"Sandybridge"}
