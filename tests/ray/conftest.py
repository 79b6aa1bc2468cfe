# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `from blocks import dataset`

# Ray's own, of its start and of reading; what burnish warns of stays an error.
_RAYS_WARNINGS = (ResourceWarning, DeprecationWarning, FutureWarning, PendingDeprecationWarning)


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Ray on this machine: two worker processes, and a small object store so that what does not fit spills."""
    pytest.importorskip("ray.data")
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            num_cpus=2, include_dashboard=False, object_store_memory=120 << 20, log_to_driver=False,
            logging_level="ERROR",
        )  # fmt: skip
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.shuffle_strategy = (
            "sort_shuffle_pull_based"  # the default one starts processes of its own for each sort
        )
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield
        ray.shutdown()


@pytest.fixture(autouse=True)
def only_rays_warnings_are_none() -> Iterator[None]:
    with warnings.catch_warnings():
        for kind in _RAYS_WARNINGS:
            warnings.filterwarnings("ignore", category=kind)
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
