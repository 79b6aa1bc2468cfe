# SPDX-License-Identifier: Apache-2.0
"""SMOTE of a data set that no machine holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import ray

from burnish import _check as check
from burnish import _core
from burnish.balance import interpolate
from burnish.balance._labels import factorize, plain_labels
from burnish.ray._class_blocks import Blocks, blocks_of_classes
from burnish.ray._columns import Array, Batch, column, id_column, threads
from burnish.ray._fold import fold
from burnish.ray._neighbors import nearest_in_class

_LABELS_AT_ONCE = 1 << 20
_FEWEST_ROWS, _MOST_ROWS = 1 << 12, 1 << 16  # of a block


def smote(
    ds: Any,
    *,
    features: str = "features",
    label: str = "label",
    id: str = "id",  # noqa: A002 - the usual name of the column
    sampling_strategy: Any = "auto",
    random_state: Any = None,
    k_neighbors: int = 5,
    small_class: str = "raise",
    block_rows: int | None = None,
    num_threads: int = 1,
) -> Any:
    """Make the rows that `burnish.balance.SMOTE` appends, without a machine that holds a whole class.

    Parameters
    ----------
    ds : ray.data.Dataset
        It is read twice: labels and ids, then all; of the latter the rows of classes that gain some are kept.
    features : str, default "features"
        The column of vectors of one length, float32 or float64.
    label : str, default "label"
        The column of classes: integers or strings.
    id : str, default "id"
        The column of the rows' numbers, each once; the order of the rows is that of their numbers.
    sampling_strategy, random_state, small_class
        As of `burnish.balance.SMOTE`; no function as a strategy, which would want all labels.
    k_neighbors : int, default 5
        1 to 1024.
    block_rows : int, optional
        Rows that a worker compares with as many others at a time, and rows of a block made. The default is 65536, less
        (down to 4096) where the classes would make fewer than two blocks for each processor of the cluster. It changes
        nothing but memory and speed.
    num_threads : int, default 1
        Of each worker; Ray is asked for as many processors.

    Returns
    -------
    ray.data.Dataset
        The new rows, made when they are read: the columns named above, ids counting on from the largest; and "base",
        "neighbor" (ids of the two rows between which it lies) and "step" (how far from the one to the other). In
        ascending order of id they are the rows that ``SMOTE(...).fit_resample`` appends, bit for bit. Add them by
        ``ds.union``.

    Raises
    ------
    TypeError, ValueError
        As `burnish.balance.SMOTE`, and if a column is none of these. Values of classes that gain nothing are not
        looked at.

    Notes
    -----
    The classes are counted, and the rows of those that gain some are arranged in blocks in Ray's object store, which
    spills to disk. Each block is compared with all blocks of its class, one at a time, and keeps the nearest by exact
    distance, ties by lowest row. That is exact, and quadratic in the rows of a class: docs/scaling.md has the hours. A
    worker holds two blocks. The draws are made here, 28 bytes a new row, in the object store too.
    """
    # scikit-learn is not for workers, of which each would take seconds to import it.
    from burnish.balance import SMOTE
    from burnish.balance._search import Search

    call = "smote"
    k = check.integer(call, "k_neighbors", k_neighbors, 1, _core.MOST_NEIGHBORS)
    if block_rows is not None:
        block_rows = check.integer(call, "block_rows", block_rows, 1)
    num_threads = check.integer(call, "num_threads", num_threads, 1, 1024)
    if callable(sampling_strategy):
        raise TypeError(f"{call}: 'sampling_strategy' is a function; accepted: a number, a name, a dict")
    sampler = SMOTE(
        sampling_strategy=sampling_strategy, random_state=random_state, k_neighbors=k, small_class=small_class
    )
    sampler._validate_params()
    counted = _counted(call, ds, label, id)
    sampler.sampling_strategy_ = sampler._read_strategy(counted)
    tasks = list(sampler._tasks(counted))
    usable = {
        task.code: sampler._usable(Search(k), "k_neighbors", f"class {task.label}", int(counted.counts[task.code])) or 0
        for task in tasks
    }
    rows_at_once = block_rows or _block_rows(max((int(counted.counts[code]) for code in usable), default=0))
    names = (features, label, id)
    blocks = blocks_of_classes(ds, names, counted.classes, sorted(usable), rows_at_once, num_threads)
    neighbors = nearest_in_class(blocks, usable, num_threads)
    draws = [
        ray.put(table)
        for table in _draws(sampler.random_state, tasks, usable, blocks, counted.largest_id + 1, rows_at_once)
    ]
    if not draws:
        nothing = np.empty(0, np.int64)
        draws = [ray.put(_table(nothing, nothing, nothing, nothing, nothing.astype(float)))]
    make = _Make(names, counted.classes, blocks, neighbors, num_threads)
    made = ray.data.from_arrow_refs(draws)
    return made.map_batches(make, batch_size=None, batch_format="numpy", num_cpus=num_threads)


def _block_rows(rows: int) -> int:
    processors = int(ray.cluster_resources().get("CPU", 1))
    return min(_MOST_ROWS, max(_FEWEST_ROWS, -(-rows // (2 * processors))))


class _Counted:
    """Of the labels what a sampling strategy asks for; and the largest id."""

    def __init__(self, classes: Array, counts: npt.NDArray[np.int64], largest_id: int) -> None:
        self.classes, self.counts, self.largest_id = classes, counts, largest_id

    def __len__(self) -> int:
        return int(self.counts.sum())


def _counted(call: str, ds: Any, label: str, name: str) -> Any:
    found = fold(ds, [label, name], _Count(label, name), _both, _LABELS_AT_ONCE)
    if found is None:
        raise ValueError(f"{call}: 'ds' has no rows; accepted: at least one")
    counts, largest = found
    classes, _, _ = factorize(plain_labels(call, list(counts)))
    return _Counted(classes, np.array([counts[value] for value in classes.tolist()], np.int64), largest)


class _Count:
    def __init__(self, label: str, name: str) -> None:
        self._label, self._id = label, name

    def __call__(self, batch: Batch) -> tuple[dict[Any, int], int]:
        classes, _, counts = factorize(plain_labels("smote", column("smote", batch, self._label)))
        largest = int(id_column("smote", batch, self._id).max())
        return dict(zip(classes.tolist(), counts.tolist(), strict=True)), largest


def _both(one: tuple[dict[Any, int], int], other: tuple[dict[Any, int], int]) -> tuple[dict[Any, int], int]:
    counts = {value: one[0].get(value, 0) + other[0].get(value, 0) for value in {**one[0], **other[0]}}
    return counts, max(one[1], other[1])


def _draws(
    random_state: Any, tasks: list[Any], usable: Mapping[int, int], blocks: Blocks, first_id: int, at_once: int
) -> Iterator[pa.Table]:
    """Yield what is to be made, as `burnish.balance._recipe.drawn_pairs` draws it, but a part at a time.

    All pairs of a class are drawn before its steps: a copy of the generator draws them once more, beside the steps.
    """
    from sklearn.utils import check_random_state

    for task in tasks:
        width = max(1, usable[task.code])
        size = blocks.rows_of(task.code) * width
        steps = check_random_state(random_state)
        pairs = copy.deepcopy(steps)
        for start in range(0, task.number, at_once):
            steps.randint(0, size, size=min(at_once, task.number - start))
        for start in range(0, task.number, at_once):
            number = min(at_once, task.number - start)
            drawn = pairs.randint(0, size, size=number)
            yield _table(
                np.arange(first_id + start, first_id + start + number),
                np.full(number, task.code),
                drawn // width + blocks.first_place(task.code),
                drawn % width,
                steps.uniform(size=number),
            )
        first_id += task.number


def _table(row: Array, code: Array, base: Array, slot: Array, step: Array) -> pa.Table:
    return pa.table(
        {"id": row, "code": code.astype(np.int32), "base": base, "slot": slot.astype(np.int16), "step": step}
    )


class _Make:
    """Makes rows from draws: fetches, block after block, the rows that these name."""

    def __init__(
        self, names: tuple[str, str, str], classes: Array, blocks: Blocks, neighbors: list[Any], num_threads: int
    ) -> None:
        self._features, self._label, self._id = names
        self._classes, self._blocks, self._neighbors, self._num_threads = classes, blocks, neighbors, num_threads

    def __call__(self, batch: Batch) -> dict[str, Any]:
        base = batch["base"]
        neighbor = np.empty_like(base)
        for block, those, places in self._blocks.by_block(base):
            neighbor[those] = ray.get(self._neighbors[block])[places, batch["slot"][those]]
        wanted, rows = np.unique(np.concatenate([base, neighbor]), return_inverse=True)
        X, ids = self._blocks.take(wanted)
        base, neighbor = np.split(rows.reshape(-1), 2)
        with threads(self._num_threads):
            made = interpolate(X, base, neighbor, batch["step"]) if len(base) else X
        return {
            self._features: made,
            self._label: self._classes[batch["code"]],
            self._id: batch["id"],
            "base": ids[base],
            "neighbor": ids[neighbor],
            "step": batch["step"],
        }
