# SPDX-License-Identifier: Apache-2.0
"""Data sets in blocks as a test wants them, and a stage whose worker dies once."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def dataset(columns: dict[str, Any], size: int, order: Sequence[int] | None = None) -> Any:
    """Return rows in blocks of `size`, the blocks in some order."""
    import pyarrow as pa
    import ray.data
    from ray.data.extensions import ArrowTensorArray

    def cut(column: Any, rows: slice) -> Any:
        return ArrowTensorArray.from_numpy(column[rows]) if np.ndim(column) > 1 else pa.array(column[rows])

    n = len(next(iter(columns.values())))
    blocks = [slice(start, start + size) for start in range(0, n, size)]
    chosen = range(len(blocks)) if order is None else order
    tables = [pa.table({name: cut(column, blocks[k]) for name, column in columns.items()}) for k in chosen]
    return ray.data.from_arrow(tables)


def rows_of(ds: Any, by: str = "id") -> dict[str, Any]:
    """Return all rows as arrays, in ascending order of a column."""
    batches = list(ds.iter_batches(batch_size=None, batch_format="numpy"))
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    order = np.argsort(columns[by], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def dying_once(marker: Path) -> Any:
    """Return a stage that changes nothing, whose worker is killed at its third batch, the first time."""

    def stage(batch: dict[str, Any]) -> dict[str, Any]:
        if 20 in batch["id"] and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    return stage
