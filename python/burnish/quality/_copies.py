# SPDX-License-Identifier: Apache-2.0
"""Rows that are equal in every value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 18  # values handled at a time


def first_copies(rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return for each row the first one equal to it, often itself; 0.0 and -0.0 are equal."""
    hashes = _hashes(rows)
    order = np.argsort(hashes, kind="stable")
    is_same = hashes[order[1:]] == hashes[order[:-1]]
    first = np.arange(len(rows), dtype=np.int64)
    if not is_same.any():
        return first
    # In each run of one hash, the place of its first row, which is the lowest since the sort is stable.
    starts = np.where(np.concatenate([[True], ~is_same]), np.arange(len(rows)), 0)
    candidates = order[np.maximum.accumulate(starts)]
    for begin in range(0, len(rows), step := max(1, _BLOCK // rows.shape[1])):
        own, other = order[begin : begin + step], candidates[begin : begin + step]
        copies = own != other
        copies[copies] = (rows[own[copies]] == rows[other[copies]]).all(axis=1)
        first[own[copies]] = other[copies]
    return first


def _hashes(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Return sums of the bits of values times odd numbers, which are equal for equal rows."""
    bits = np.uint32 if rows.dtype == np.float32 else np.uint64
    factors = np.random.default_rng(0).integers(0, 1 << 63, rows.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    hashes = np.empty(len(rows), np.uint64)
    for begin in range(0, len(rows), step := max(1, _BLOCK // rows.shape[1])):
        block = (rows[begin : begin + step] + rows.dtype.type(0)).view(bits)  # -0.0 becomes 0.0
        hashes[begin : begin + step] = (block.astype(np.uint64) * factors).sum(axis=1)
    return hashes
