# SPDX-License-Identifier: Apache-2.0
"""Polish the training set of a classifier: augment, balance and score it in one native engine."""

from burnish import hardness
from burnish._runtime import build_info, get_cmake_dir, get_include, get_num_threads, set_num_threads

__version__: str = str(build_info()["version"])

__all__ = [
    "build_info",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "hardness",
    "set_num_threads",
]
