# SPDX-License-Identifier: Apache-2.0
"""Polish the training set of a classifier: augment, balance and score it in one native engine."""

from burnish import _core, hardness, neighbors
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
    "build_info",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "hardness",
    "neighbors",
    "set_num_threads",
]
