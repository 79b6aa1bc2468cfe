# SPDX-License-Identifier: Apache-2.0
"""exp, log and the emulated fma: errors in units of the last place (ULP), measured, and the same bits at every level.

The default run takes every 61st float32; with BURNISH_EXHAUSTIVE=1 it takes all 2^32.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import burnish
import numpy as np
import pytest
from burnish import _core

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("exp_error.cpp")
EXHAUSTIVE = os.environ.get("BURNISH_EXHAUSTIVE", "") not in ("", "0")

# Measured over all float32, exp on [-87.33, 88.37], log on all positive numbers: 0.8942 at 0x1.4cec68p+2 and 0.8660 at
# 0x1.66a202p+0; log1p_ratio on (0, 1]: 1.3451 at 0x1.fcc14cp-1; the relative error of exp_fast divided by
# 1.8e-7 + 1.4e-8 |x|: 0.9771 at 0x1.0a35f2p+0.
FLOAT32_BOUND = {"exp": 0.90, "exp_fast": 0.98, "log": 0.87, "log_positive": 0.87, "log1p_ratio": 1.35}
# Largest found in samples of 5e7 numbers: 1.22 and 0.87.
FLOAT64_BOUND = {"exp": 1.25, "log": 0.90}

FUNCTIONS: dict[str, tuple[Callable[[Any], None], Any]] = {"exp": (_core._exp_, np.exp), "log": (_core._log_, np.log)}


def apply(name: str, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    y = x.copy()
    FUNCTIONS[name][0](y)
    return y


# The whole of float32, in C++


class Found(NamedTuple):
    error: float
    where: str
    broken: int
    checksum: str


def levels_of_this_processor() -> list[str]:
    info = burnish.build_info()
    built = list(info["isa_levels"])
    return built[: built.index(info["isa_level"]) + 1]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int, int], dict[str, Found]]:
    """Build the search for one level (once) and run it: every stride-th float32 from `offset` on."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    folder = tmp_path_factory.mktemp("exp_error")

    def run(level: str, stride: int, offset: int) -> dict[str, Found]:
        program = folder / level
        if not program.exists():
            command = [*compiler.split(), "-std=c++20", "-O2", "-ffp-contract=off", "-pthread", "-Wno-psabi"]
            command += [] if level == "generic" else [f"-march=x86-64-{level}"]
            command += [f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'csrc' / 'include'}", str(SOURCE), "-o", str(program)]
            built = subprocess.run(command, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stderr
        ran = subprocess.run([program, str(stride), str(offset)], capture_output=True, text=True, check=True)
        lines = [line.split() for line in ran.stdout.splitlines()]
        print(f"{level}, stride {stride}:", ran.stdout, ran.stderr, sep="\n")
        return {name: Found(float(error), at, int(broken), total) for name, error, at, broken, total in lines}

    return run


def test_float32_error(search: Callable[[str, int, int], dict[str, Found]]) -> None:
    stride, offset = (1, 0) if EXHAUSTIVE else (61, 7)
    found = search(levels_of_this_processor()[-1], stride, offset)
    for name, bound in FLOAT32_BOUND.items():
        assert found[name].broken == 0, f"{name}: wrong outside its domain, or scalars and vectors differ"
        assert found[name].error <= bound, f"{name}({found[name].where})"
        assert found[name].error > 0.8 * bound, f"{name}: the bound is far above what was measured"


def test_same_bits_at_every_level(search: Callable[[str, int, int], dict[str, Found]]) -> None:
    results = {level: search(level, 1999, 5) for level in levels_of_this_processor()}
    first, *others = results.values()
    assert all(other == first for other in others), results


# The installed module


def every_float32(stride: int) -> np.ndarray[Any, Any]:
    return np.arange(3, 2**32, stride, dtype=np.uint32).view(np.float32)


def error_in_ulp(y: np.ndarray[Any, Any], reference: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """`reference` is more precise than `y`."""
    unit = np.spacing(np.abs(reference.astype(y.dtype)))
    return np.asarray(np.abs(y - reference) / unit)


@pytest.mark.parametrize("name", ["exp", "log"])
def test_float32_error_in_the_module(name: str) -> None:
    x = every_float32(1999)
    with np.errstate(invalid="ignore"):
        x = x[(x >= -87.33) & (x <= 88.37)] if name == "exp" else x[(x > 0) & (x < np.inf)]
    assert len(x) > 500_000
    assert error_in_ulp(apply(name, x), FUNCTIONS[name][1](x.astype(np.float64))).max() <= FLOAT32_BOUND[name]


def float64_samples(name: str) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(20)
    if name == "exp":
        # Everywhere, near 0, and where the argument left after taking out powers of two is largest.
        halfway = (generator.integers(-1000, 1000, 400_000) + generator.uniform(0.47, 0.53, 400_000)) * np.log(2)
        everywhere = generator.uniform(-708.39, 709.43, 400_000)
        near_zero = np.exp2(generator.uniform(-60, 2, 400_000)) * generator.choice([-1.0, 1.0], 400_000)
        return np.concatenate([everywhere, near_zero, halfway[np.abs(halfway) < 708]])
    everywhere = np.exp2(generator.uniform(-1074, 1023.9, 400_000))
    near_one = 1 + generator.uniform(-1, 1, 400_000) * np.exp2(generator.uniform(-50, -2, 400_000))
    return np.concatenate([everywhere, near_one, generator.uniform(0.68, 0.74, 400_000)])


@pytest.mark.skipif(np.finfo(np.longdouble).nmant <= 52, reason="no type more precise than float64")
@pytest.mark.parametrize("name", ["exp", "log"])
def test_float64_error(name: str) -> None:
    x = float64_samples(name)
    error = error_in_ulp(apply(name, x), FUNCTIONS[name][1](x.astype(np.longdouble)))
    print(name, float(error.max()), float(x[error.argmax()]).hex())
    assert error.max() <= FLOAT64_BOUND[name]
    assert error.max() > 0.9 * FLOAT64_BOUND[name], "the bound is far above what was measured"


INF, NAN = math.inf, math.nan
SPECIAL = [
    *itertools.product(
        ["exp"],
        [np.float32, np.float64],
        [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (711.0, INF), (1e30, INF), (-746.0, 0.0)],
    ),
    *itertools.product(
        ["log"],
        [np.float32, np.float64],
        [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (NAN, NAN), (-1.0, NAN), (-1e-30, NAN)],
    ),
    ("exp", np.float32, (88.38, INF)),  # the largest exponent is given away
    ("exp", np.float32, (-87.7, 0.0)),  # and so are results below the smallest normal number
    ("exp", np.float64, (709.44, INF)),
    ("exp", np.float64, (-708.75, 0.0)),
    ("log", np.float32, (-1e-45, NAN)),
    ("log", np.float64, (-5e-324, NAN)),
]


@pytest.mark.parametrize(("name", "dtype", "pair"), SPECIAL)
def test_special_values(name: str, dtype: Any, pair: tuple[float, float]) -> None:
    given, expected = pair
    y = apply(name, np.array([given], dtype))
    np.testing.assert_array_equal(y, np.array([expected], dtype))
    if expected == 0:
        assert not np.signbit(y[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_of_subnormal_numbers(dtype: Any) -> None:
    least = float(np.finfo(dtype).smallest_subnormal)
    x = np.array([least * 2**i for i in range(20)], dtype)
    np.testing.assert_allclose(apply("log", x), np.log(x.astype(np.float64)), rtol=2 * np.finfo(dtype).eps)


# a * b + c, rounded once


def round_to_float32(exact: Fraction) -> float:
    """To nearest, ties to even, subnormal numbers and infinity included; the sign of a zero is the caller's matter."""
    if exact == 0:
        return 0.0
    magnitude = abs(exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    exponent -= magnitude < Fraction(2) ** exponent
    unit = Fraction(2) ** (max(exponent, -126) - 23)
    units, rest = divmod(magnitude, unit)
    units += rest * 2 > unit or (rest * 2 == unit and units % 2 == 1)
    rounded = units * unit
    value = INF if rounded >= 2**128 else float(rounded)
    return math.copysign(value, exact)


def exact_fma(a: float, b: float, c: float) -> float:
    if not all(map(math.isfinite, (a, b, c))):
        return a * b + c  # nothing is rounded
    product = Fraction(a) * Fraction(b)
    total = product + Fraction(c)
    if total == 0:
        return a * b + c if product == 0 else 0.0  # IEEE 754's rules for the sign of a zero
    return math.copysign(round_to_float32(total), total)


def bits_of(x: float) -> int:
    return 0x7FC00000 if math.isnan(x) else struct.unpack("<I", struct.pack("<f", x))[0]


def to_float32(bits: Any) -> float:
    return float(np.uint32(bits).view(np.float32))


def random_triples(n: int) -> list[tuple[float, float, float]]:
    """Any bits, and c near -a * b so that most of it cancels or a rounding is a near tie."""
    generator = np.random.default_rng(5)
    triples = [tuple(map(to_float32, row)) for row in generator.integers(0, 2**32, (n, 3), dtype=np.uint32)]
    with np.errstate(over="ignore"):
        for _ in range(n):
            a = np.float32(generator.uniform(1, 2) * 2.0 ** generator.integers(-80, 60))
            b = np.float32(generator.uniform(1, 2) * 2.0 ** generator.integers(-60, 60))
            shift = float(generator.choice([1, 1, 2.0**-24, 2.0**24, 2.0**-25, 2.0**25, 2.0**48, 2.0**-48, 2.0**-60]))
            c = np.float32(-float(a) * float(b) * shift)
            nudge = generator.choice([-np.inf, np.inf])
            triples += [(float(a), float(b), float(c)), (float(a), float(b), float(np.nextafter(c, np.float32(nudge))))]
    return triples


def halfway_triples() -> list[tuple[float, float, float]]:
    """Sums on the middle between two float32 numbers, and so near it that a double cannot tell."""
    ulp = 2.0**-23
    just_below_one = (1 + ulp, 1 - ulp)  # 1 - 2^-46
    just_above_one = (1 + 2.0**-12, 1 - 2.0**-12 + 2.0**-24)  # 1 + 2^-36
    numbers = [to_float32(bits) for bits in (0x3F800000, 0x3F800001, 0x3F812344, 0x3FABCDEF, 0x3FFFFFFE, 0x3FFFFFFF)]
    triples = []
    for (a, b), c, sign in itertools.product(((1.0, 1.0), just_below_one, just_above_one), numbers, (-1.0, 1.0)):
        # Half a unit of c (and a quarter below a power of two), at scales where the result is normal or subnormal.
        for scale, half in itertools.product((1.0, 2.0**20, 2.0**-60, 2.0**-125), (2.0**-24, 2.0**-25)):
            triples.append((sign * a * half, b * scale, c * scale))
        least = float(np.float32(c * 2.0**-130))
        triples.append((sign * a * 2.0**-75, b * 2.0**-75, least))  # half the least number
    return triples


def extreme_triples() -> list[tuple[float, float, float]]:
    largest, least, normal = to_float32(0x7F7FFFFF), 2.0**-149, 2.0**-126
    values = [0.0, 1.0, 1.5, largest, least, 3 * least, normal, normal - least, 2.0**-75, 2.0**64, 2.0**-24, INF, NAN]
    values += [-value for value in values]
    return list(itertools.product(values, repeat=3))


@pytest.mark.parametrize("triples", [random_triples(20_000), halfway_triples(), extreme_triples()],
                         ids=["random", "halfway", "extreme"])  # fmt: skip
def test_emulated_fma_is_exact(triples: list[tuple[float, float, float]]) -> None:
    wrong = [
        (a.hex(), b.hex(), c.hex(), got.hex(), expected.hex())
        for a, b, c in triples
        if bits_of(got := _core._emulated_fma(a, b, c)) != bits_of(expected := exact_fma(a, b, c))
    ]
    assert wrong == []


def test_halfway_triples_catch_rounding_twice() -> None:
    """The table is worth something: a product and sum in double, then rounded to float32, fails on it."""
    doubles = [bits_of(float(np.float32(a * b + c))) for a, b, c in halfway_triples()]
    exact = [bits_of(exact_fma(a, b, c)) for a, b, c in halfway_triples()]
    assert doubles != exact


def test_oracle_rounds_like_float32() -> None:
    for bits in (1, 0x7FFFFF, 0x800000, 0x3F800000, 0x7F7FFFFF):
        x, above = Fraction(to_float32(bits)), to_float32(bits + 1)
        above_or_limit = Fraction(2) ** 128 if math.isinf(above) else Fraction(above)
        middle = (x + above_or_limit) / 2
        assert round_to_float32(x) == float(x)
        assert round_to_float32(middle) == (float(x) if bits % 2 == 0 else above)
        assert round_to_float32(middle - Fraction(1, 2**300)) == float(x)
        assert round_to_float32(-middle - Fraction(1, 2**300)) == -above
