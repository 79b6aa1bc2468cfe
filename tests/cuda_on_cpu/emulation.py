# SPDX-License-Identifier: Apache-2.0
"""Build and run programs whose CUDA kernels are emulated on the CPU."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]

ORDERS = ("forward", "reverse", "random")

# -g1: reports name lines; where variables live is not recorded, which takes as long as all else. -Og: the fastest to
# build, and sanitizer reports still name the line of the kernel. -ffp-contract=off: the same roundings as the library's
# own builds.
COMMON_FLAGS = (
    "-std=c++20",
    "-g1",
    "-Og",
    "-fno-omit-frame-pointer",
    "-ffp-contract=off",
    "-pthread",
    "-Wall",
    "-Wextra",
    "-Wno-unknown-pragmas",  # #pragma unroll
    "-DBURNISH_CUDA_ON_CPU",
)


@dataclass(frozen=True)
class Variant:
    """How to compile a program, and what it needs in its environment."""

    name: str
    flags: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    fixed_addresses: bool = False


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("plain"),
        Variant(
            "address",
            ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
            {
                "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
                "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99",
            },
        ),
        # The runtime refuses to start when the kernel spreads addresses too widely.
        Variant(
            "thread",
            ("-fsanitize=thread",),
            {"TSAN_OPTIONS": "exitcode=66:halt_on_error=0"},
            fixed_addresses=True,
        ),
    )
}


def compiler() -> str:
    """Name the C++ compiler: the environment's CXX when that is a GCC, else g++."""
    chosen = os.environ.get("CXX", "")
    return chosen if "g++" in Path(chosen).name else "g++"


@functools.cache
def why_unavailable(variant: str) -> str | None:
    """Say why programs of a variant cannot be built or run here; None when they can."""
    if shutil.which(compiler()) is None:
        return f"{compiler()} is not installed"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text("int main() { return 0; }\n")
        program = source.with_suffix("")
        command = [compiler(), *VARIANTS[variant].flags, str(source), "-o", str(program)]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            return f"{variant}: a sanitizer runtime is missing: {built.stderr.strip()[-300:]}"
        ran = _run(program, variant, [], timeout=600)
        if ran.returncode != 0:
            return f"{variant}: a sanitizer runtime does not start: {ran.stderr.strip()[-300:]}"
    return None


def build_emulated(
    sources: Iterable[str | Path],
    name: str,
    variant: str,
    include_dirs: Iterable[str | Path] = (),
    defines: Iterable[str] = (),
    out_dir: str | Path = ".",
    libraries: Iterable[str | Path] = (),
) -> Path:
    """Compile sources, ``.cu`` files as C++ and two at a time, into one program and return its path.

    Parameters
    ----------
    sources : paths
        C++ and CUDA files.
    name : str
        Name of the program; the variant is appended.
    variant : str
        A key of `VARIANTS`.
    include_dirs : paths
        Searched after the folder of the emulator.
    defines : str
        Macros, ``NAME`` or ``NAME=VALUE``.
    out_dir : path
        Where the program goes.
    libraries : paths
        Static libraries; what the sources define themselves is not taken from them.

    Raises
    ------
    RuntimeError
        With the compiler's output, when it fails.
    """
    program = Path(out_dir).resolve() / f"{name}-{variant}"
    includes = [f"-I{path}" for path in (FOLDER, *include_dirs)]
    macros = [f"-D{macro}" for macro in defines]
    command = [compiler(), *COMMON_FLAGS, *VARIANTS[variant].flags]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        # The longest first: it would be a pity to wait for it alone.
        paths = sorted(map(Path, sources), key=lambda path: path.suffix != ".cu")
        objects = [Path(folder) / f"{i}-{path.name}.o" for i, path in enumerate(paths)]
        flags = [*includes, *macros, "-x", "c++", "-c"]
        compiled = [
            pool.submit(_compile, [*command, *flags, str(path), "-o", str(made)])
            for path, made in zip(paths, objects, strict=True)
        ]
        for each in compiled:
            each.result()
        _compile([*command, *map(str, objects), *map(str, libraries), "-o", str(program)])
    return program


def _compile(command: list[str]) -> None:
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{built.stderr}")


def run_emulated(program: str | Path, *args: str | Path, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run a program of `build_emulated` in the environment that its variant needs."""
    path = Path(program)
    variant = path.name.rpartition("-")[2]
    return _run(path, variant, [str(arg) for arg in args], timeout)


def _run(program: Path, variant: str, args: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    command = [str(program), *args]
    if VARIANTS[variant].fixed_addresses and _can_fix_addresses():
        command = ["setarch", "-R", *command]
    environment = {**os.environ, **VARIANTS[variant].environment}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout, check=False)


@functools.cache
def _can_fix_addresses() -> bool:
    """Tell whether ``setarch -R`` works; containers may forbid the system call."""
    if shutil.which("setarch") is None:
        return False
    return subprocess.run(["setarch", "-R", "true"], capture_output=True, check=False).returncode == 0
