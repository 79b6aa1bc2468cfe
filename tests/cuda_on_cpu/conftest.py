# SPDX-License-Identifier: Apache-2.0
"""Make ``emulation`` importable under every import mode, and offer it as fixtures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import emulation


@pytest.fixture(scope="session")
def build_emulated() -> Callable[..., Path]:
    """Return `emulation.build_emulated`; skip where the variant cannot be built or run."""

    def build(*args: object, **kwargs: object) -> Path:
        variant = str(kwargs["variant"] if "variant" in kwargs else args[2])
        reason = emulation.why_unavailable(variant)
        if reason is not None:
            pytest.skip(reason)
        return emulation.build_emulated(*args, **kwargs)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def run_emulated() -> Callable[..., object]:
    """Return `emulation.run_emulated`."""
    return emulation.run_emulated
