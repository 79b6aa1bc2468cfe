# SPDX-License-Identifier: Apache-2.0
"""What was built, what runs, and how many threads may be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from burnish import _check as check
from burnish import _core

_PACKAGE = Path(str(_core.__file__)).parent  # where the build put its files, in an editable installation too


def build_info() -> dict[str, Any]:
    """Say what was built and what runs.

    Returns
    -------
    dict
        ``version``; ``compiler``; ``isa_levels``, the instruction set levels that kernels were compiled for, and
        ``isa_level``, the one in use (the best the processor has, lowered by the environment variable
        ``BURNISH_CPU=v2|v3|v4``); ``num_threads``; ``cuda``, whether CUDA kernels were built,
        ``cuda_architectures`` and ``cuda_toolkit`` for which, ``cuda_devices``, the names of the devices at hand, and
        ``cuda_problem``, why there are none.

    Examples
    --------
    >>> import burnish
    >>> burnish.build_info()["version"] == burnish.__version__
    True
    """
    return _core.build_info()


def get_num_threads() -> int:
    """Return the number of threads that one call may use.

    The default is the number of processors that the process may run on, or the environment variable
    ``BURNISH_NUM_THREADS``; 1 in a forked child and in processes of `multiprocessing`, such as the workers of a torch
    ``DataLoader``.
    """
    return _core.get_num_threads()


def set_num_threads(n: int) -> None:
    """Set the number of threads that one call may use, from 1 to 1024.

    Results do not depend on it.

    Parameters
    ----------
    n : int
        The calling thread included.

    Raises
    ------
    ValueError
        If `n` is not between 1 and 1024.
    TypeError
        If it is no integer.
    """
    _core.set_num_threads(check.integer("set_num_threads", "n", n, 1, 1024))


def use_one_thread_in_workers() -> None:
    """Start with one thread in a child of `multiprocessing`, whose siblings have the other processors.

    Forked children do so by themselves; this is for spawned ones. Not where ``BURNISH_NUM_THREADS`` is set.
    """
    # A spawned child is started as `python -c "from multiprocessing.spawn import ..."`, and imports what it needs
    # before multiprocessing itself knows that it is a child.
    started_as_child = any(argument.startswith("from multiprocessing.") for argument in sys.orig_argv)
    process = sys.modules.get("multiprocessing.process")
    is_child = started_as_child or (process is not None and process.parent_process() is not None)
    if is_child and not os.environ.get("BURNISH_NUM_THREADS"):
        set_num_threads(1)


def get_include() -> str:
    """Return the folder of the C++ headers, for ``-I``."""
    return str(_PACKAGE / "include")


def get_cmake_dir() -> str:
    """Return the folder of ``burnish-config.cmake``, for ``-Dburnish_DIR=``."""
    return str(_PACKAGE / "share" / "cmake" / "burnish")
