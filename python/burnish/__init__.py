# SPDX-License-Identifier: Apache-2.0
"""Polish the training set of a classifier: augment, balance and score it in one native engine."""

import importlib
from typing import Any

from burnish import _core, augment, hardness, metrics, neighbors
from burnish._runtime import (
    build_info,
    get_cmake_dir,
    get_include,
    get_num_threads,
    set_num_threads,
    use_one_thread_in_workers,
)

__version__ = _core.version

use_one_thread_in_workers()

__all__ = [
    "augment",
    "build_info",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "hardness",
    "metrics",
    "neighbors",
    "set_num_threads",
]


def __getattr__(name: str) -> Any:
    """Import what is not always needed when it is first used; the samplers of `burnish.balance` need scikit-learn."""
    if name in ("balance", "data", "losses", "quality", "ray"):
        return importlib.import_module(f"burnish.{name}")
    if name in ("Improvement", "improve"):
        return getattr(importlib.import_module("burnish._improve.improve"), name)
    raise AttributeError(f"module 'burnish' has no attribute {name!r}")
