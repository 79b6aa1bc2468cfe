# SPDX-License-Identifier: Apache-2.0
"""What every test group shares: frameworks, instruction set levels, thread counts, devices."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `from reference import hardness` under every import mode

from settings import LEVELS, THREADS, at_level, with_threads

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    pass  # the tests that need it skip
else:
    # The same examples in every run, and nothing written beside the sources.
    settings.register_profile(
        "burnish",
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    settings.load_profile("burnish")

NO_TORCH = "torch is not installed"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """With pytest-xdist (``-n 2``), leave files whole and in order.

    What the tests of a file share, programs compiled for them above all, is then made once; and the files that take
    longest are not the last, as they would be in the order of their numbers of tests.
    """
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False


class Framework:
    """A library whose arrays go in and must come out."""

    def __init__(self, name: str) -> None:
        self.name = name

    def array(self, values: Any, dtype: str | None = None) -> Any:
        """Make an array with memory of its own."""
        if self.name == "numpy":
            return np.array(values, dtype=dtype)
        tensor = torch.tensor(np.asarray(values))
        return tensor if dtype is None else tensor.to(getattr(torch, dtype))

    def owns(self, x: Any) -> bool:
        """Whether `x` is an array of this library."""
        return isinstance(x, np.ndarray if self.name == "numpy" else torch.Tensor)

    def dtype(self, x: Any) -> str:
        """Return ``"float32"`` for both ``numpy.float32`` and ``torch.float32``."""
        return str(x.dtype).removeprefix("torch.")


@pytest.fixture(params=["numpy", "torch"])
def framework(request: pytest.FixtureRequest) -> Framework:
    """Return each library in turn."""
    if request.param == "torch" and torch is None:
        pytest.skip(NO_TORCH)
    return Framework(request.param)


@pytest.fixture(params=LEVELS)
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test at each instruction set level that the processor has."""
    with ExitStack() as stack:
        try:
            stack.enter_context(at_level(request.param))
        except ValueError as error:
            pytest.skip(str(error))
        yield request.param


@pytest.fixture(params=THREADS)
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Run the test with each number of threads."""
    with with_threads(request.param):
        yield request.param


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    """Return each torch device that burnish was built for and that is there."""
    if torch is None:
        pytest.skip(NO_TORCH)
    if request.param == "cuda":
        info = burnish.build_info()
        if not info["cuda"]:
            pytest.skip("burnish was built without CUDA")
        if not info["cuda_devices"]:
            pytest.skip(f"no CUDA device: {info['cuda_problem']}")
        if not torch.cuda.is_available():
            pytest.skip("torch sees no CUDA device")
    return str(request.param)
