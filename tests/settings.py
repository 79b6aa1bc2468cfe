# SPDX-License-Identifier: Apache-2.0
"""Instruction set levels and numbers of threads, on which no result may depend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import burnish
import numpy as np
from burnish import _core

LEVELS = burnish.build_info()["isa_levels"]
THREADS = [1, 2, 7]


@contextmanager
def at_level(level: str) -> Iterator[None]:
    """Use an instruction set level meanwhile; ValueError if the processor lacks it."""
    before = burnish.build_info()["isa_level"]
    _core.set_isa_level(level)
    try:
        yield
    finally:
        _core.set_isa_level(before)


@contextmanager
def with_threads(n: int) -> Iterator[None]:
    """Use as many threads meanwhile."""
    before = burnish.get_num_threads()
    burnish.set_num_threads(n)
    try:
        yield
    finally:
        burnish.set_num_threads(before)


def same_for_any_threads(make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return what `make` makes, after a check that its bits do not depend on the number of threads."""
    return _same({n: with_threads(n) for n in THREADS}, make)


def same_at_every_level(make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return what `make` makes, after a check that its bits do not depend on the instruction set level."""
    return _same({level: at_level(level) for level in LEVELS}, make)


def _same(settings: Mapping[Any, AbstractContextManager[None]], make: Callable[[], np.ndarray]) -> np.ndarray:
    found: dict[Any, np.ndarray] = {}
    for name, setting in settings.items():
        with ExitStack() as stack:
            try:
                stack.enter_context(setting)
            except ValueError:
                continue  # a level that the processor lacks
            found[name] = make()
    first = next(iter(found.values()))
    for name, result in found.items():
        assert (result.dtype, result.shape) == (first.dtype, first.shape)
        assert result.tobytes() == first.tobytes(), f"differs at {name}"
    return first
