# SPDX-License-Identifier: Apache-2.0
"""The emulator finds the bugs that are planted for it, and finds nothing in correct kernels."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import emulation
import pytest
from emulation import FOLDER, ORDERS, VARIANTS

KERNELS = FOLDER / "planted_bugs.cu"


@dataclass(frozen=True)
class Finding:
    """What must be seen of a bug: in these variants and orders, this evidence."""

    variants: tuple[str, ...]
    orders: tuple[str, ...]
    evidence: str  # "wrong": a wrong result; else words of a report, with the kernel's line


RACE = r"ThreadSanitizer: data race"
MEMORY = r"AddressSanitizer: (heap|global)-buffer-overflow|runtime error: .* insufficient space"


def everywhere(evidence: str) -> tuple[Finding, ...]:
    return (
        Finding(("plain",), ORDERS, evidence),
        Finding(("address", "thread"), ("random",), evidence),
    )


def aborts(words: str) -> tuple[Finding, ...]:
    return everywhere(f"cuda_on_cpu: error: {words}")


def races() -> Finding:
    return Finding(("thread",), ORDERS, RACE)


def wrong(*orders: str) -> Finding:
    return Finding(("plain",), orders, "wrong")


# A missing barrier is not wrong in every order of the threads; ThreadSanitizer sees it in all.
BUGS: dict[str, tuple[Finding, ...]] = {
    "missing_barrier": (wrong(*ORDERS), races()),
    "missing_tree_barrier": (wrong("forward", "random"), races()),
    "half_exits_before_barrier": aborts("a barrier is not reached by threads that have exited"),
    "two_different_barriers": aborts("threads wait at different barriers"),
    "deadlock": aborts("deadlock"),
    "write_past_end": (Finding(("address",), ORDERS, MEMORY),),
    "read_before_start": (Finding(("address",), ORDERS, MEMORY),),
    "static_shared_overflow": (Finding(("address",), ORDERS, MEMORY),),
    "dynamic_shared_overflow": (Finding(("address",), ORDERS, MEMORY),),
    "uninitialized_shared": everywhere("wrong"),
    "misaligned_vector_load": (Finding(("address",), ORDERS, r"runtime error: .* misaligned"),),
    "shuffle_outside_mask": aborts("__shfl_down_sync .* not in its mask"),
    "masks_disagree": aborts("lanes of one warp operation disagree"),
    "missing_syncwarp": (wrong(*ORDERS), races()),
    "shuffle_as_fence": (races(),),
    "counter_without_atomic": (races(),),
    "block_needs_earlier_block": (wrong("reverse", "random"),),
}

CASES = [
    pytest.param(bug, variant, order, finding.evidence, id=f"{bug}-{variant}-{order}")
    for bug, findings in BUGS.items()
    for finding in findings
    for variant in finding.variants
    for order in finding.orders
]


def kernel_lines(bug: str) -> range:
    """Return the line numbers of a kernel and of the device function above it, if any."""
    lines = KERNELS.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if f" {bug}(" in line)
    last = next(i for i in range(first, len(lines)) if lines[i] == "}")
    return range(first + 1, last + 2)


def names_a_line_of(text: str, bug: str) -> bool:
    named = {int(line) for line in re.findall(re.escape(KERNELS.name) + r":(\d+)", text)}
    return not named.isdisjoint(kernel_lines(bug))


@dataclass(frozen=True)
class Build:
    """A program of this module: its sources, variant and macros."""

    name: str
    sources: tuple[str, ...]
    variant: str
    defines: tuple[str, ...] = ()


BUGS_BUILDS = tuple(
    Build("planted_bugs", ("planted_bugs.cu", "planted_bugs_main.cpp"), variant) for variant in VARIANTS
)
CHECK_BUILDS = (
    *(Build("check", ("emulator_check.cu",), variant) for variant in VARIANTS),
    # What machines other than x86-64 use to switch between threads.
    Build("check_ucontext", ("emulator_check.cu",), "plain", ("CUDA_ON_CPU_UCONTEXT",)),
)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[Build, Path]:
    """Build everything that this machine can build, two at a time."""
    out_dir = tmp_path_factory.mktemp("emulated")
    builds = [build for build in (*BUGS_BUILDS, *CHECK_BUILDS) if emulation.why_unavailable(build.variant) is None]

    def run(build: Build) -> Path:
        sources = [FOLDER / source for source in build.sources]
        return emulation.build_emulated(sources, build.name, build.variant, defines=build.defines, out_dir=out_dir)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(builds, pool.map(run, builds), strict=True))


def find_program(programs: dict[Build, Path], build: Build) -> Path:
    if build not in programs:
        pytest.skip(emulation.why_unavailable(build.variant) or "not built")
    return programs[build]


@pytest.fixture
def program(programs: dict[Build, Path], variant: str) -> Path:
    """Return the program with the planted bugs."""
    return find_program(programs, next(b for b in BUGS_BUILDS if b.variant == variant))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_correct_kernels_pass(program: Path, order: str) -> None:
    result = emulation.run_emulated(program, "correct", order)
    assert result.stderr == ""
    assert result.returncode == 0
    assert result.stdout.splitlines() == [f"{bug}: right" for bug in BUGS]


@pytest.mark.parametrize(("bug", "variant", "order", "evidence"), CASES)
def test_planted_bug_is_found(program: Path, bug: str, order: str, evidence: str) -> None:
    result = emulation.run_emulated(program, "bug", bug, order)
    assert result.returncode != 0
    if evidence == "wrong":
        assert result.stdout == f"{bug}: wrong\n"
        assert result.stderr == ""
    else:
        assert re.search(evidence, result.stderr), result.stderr
        assert names_a_line_of(result.stderr, bug), result.stderr


@pytest.mark.parametrize("variant", ["plain"])
def test_every_planted_bug_is_in_the_table(program: Path) -> None:
    assert emulation.run_emulated(program, "list").stdout.split() == list(BUGS)


@pytest.mark.parametrize("build", CHECK_BUILDS, ids=lambda b: f"{b.name}-{b.variant}")
def test_emulator_follows_the_manual(programs: dict[Build, Path], build: Build) -> None:
    result = emulation.run_emulated(find_program(programs, build))
    assert (result.returncode, result.stdout, result.stderr) == (0, "all right\n", "")


def test_templates_shared_by_two_files(
    build_emulated: Callable[..., Path], run_emulated: Callable[..., object], tmp_path: Path
) -> None:
    """One kernel template in a header: one shared variable, poisoned whoever launches it."""
    (tmp_path / "kernel.hpp").write_text(
        '#include "cuda_on_cpu.hpp"\n'
        "template <int kSize> __global__ void find(float* out) {\n"
        "  __shared__ float tile[kSize];\n"
        "  *out = tile[kSize - 1];\n"
        "  tile[kSize - 1] = 1.0f;\n"
        "}\n"
    )
    (tmp_path / "other.cu").write_text(
        "struct Shift {};\n"
        '#include "kernel.hpp"\n'
        "inline void unused() { __shared__ int shift_the_counter; shift_the_counter = 0; }\n"
        "void other(float* out) { unused(); cuda_on_cpu::launch(find<8>, 1, 1, 0, out); }\n"
    )
    (tmp_path / "main.cu").write_text(
        '#include "kernel.hpp"\n'
        "void other(float* out);\n"
        "int main() {\n"
        "  float a = 0, b = 0, c = 0;\n"
        "  cuda_on_cpu::launch(find<8>, 1, 1, 0, &a);\n"
        "  other(&b);\n"
        "  cuda_on_cpu::launch(find<4>, 1, 1, 0, &c);\n"
        "  return a != a && b != b && c != c ? 0 : 1;\n"
        "}\n"
    )
    sources = [tmp_path / "main.cu", tmp_path / "other.cu"]
    program = build_emulated(sources, "two_files", "plain", out_dir=tmp_path)
    assert run_emulated(program).returncode == 0
