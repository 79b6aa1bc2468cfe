# SPDX-License-Identifier: Apache-2.0
"""Shards, in any cut and wherever they are read, give the answer of the whole; memory does not grow with it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import quality
from quality_data import FILTERS, problem

EVERY = ("auto", *FILTERS)
CUTS = ((0, 700), (700, 701), (701, 701), (701, 2000))


def assert_equal(found: quality.LabelIssues, expected: quality.LabelIssues) -> None:
    for name in ("indices", "scores", "labels", "suggested", "invalid"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    assert found.num_samples == expected.num_samples


def spoiled(classes: int, seed: int) -> tuple[Any, Any]:
    """With a row in each of three shards that has no distribution."""
    labels, probs, _ = problem(2000, classes, seed)
    probs = probs.astype(np.float32)
    probs[[5, 700, 1999]] = np.nan
    return labels, probs


@pytest.mark.filterwarnings("ignore::burnish.quality.InvalidRowsWarning")
@pytest.mark.parametrize("filter_by", EVERY)
@pytest.mark.parametrize("classes", [5, 50])
def test_shards(filter_by: str, classes: int) -> None:
    labels, probs = spoiled(classes, 0)
    whole = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
    shards = [(probs[a:b], labels[a:b]) for a, b in CUTS]
    assert_equal(quality.find_label_issues(shards=shards, filter_by=filter_by), whole)
    one_row_each = [(probs[i : i + 1], labels[i : i + 1]) for i in range(2000)]
    assert_equal(quality.find_label_issues(shards=one_row_each, filter_by=filter_by), whole)


@pytest.mark.filterwarnings("ignore::burnish.quality.InvalidRowsWarning")
@pytest.mark.parametrize("filter_by", EVERY)
def test_merge(filter_by: str) -> None:
    """Shards read by different workers, joined in any order, each pass."""
    labels, probs = spoiled(6, 1)
    whole = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
    joined = quality.LabelIssueAccumulator(6, filter_by=filter_by)
    passes = 0
    while not joined.done:
        workers = []
        for a, b in CUTS:
            worker = pickle.loads(pickle.dumps(joined)) if passes % 2 else copy.deepcopy(joined)
            workers.append(worker.update(labels[a:b], probs=probs[a:b], first_row=a))
        forward = joined
        for worker in workers:
            forward = forward.merge(worker)
        backward = workers[3].merge(pickle.loads(pickle.dumps(workers[1])))
        joined = backward.merge(workers[0].merge(workers[2]))
        joined.finish_pass()
        forward.finish_pass()
        passes += 1
        if joined.done:
            assert_equal(forward.result(), whole)
    assert passes == joined.num_passes
    assert_equal(joined.result(), whole)


def test_merge_refuses_what_did_not_start_alike() -> None:
    labels, probs, _ = problem(500, 4, 2)
    first = quality.LabelIssueAccumulator(4, filter_by="both")
    with pytest.raises(ValueError, match="merge: made with other parameters"):
        first.merge(quality.LabelIssueAccumulator(4, filter_by="prune_by_class"))
    with pytest.raises(TypeError, match="'other' is a int"):
        first.merge(3)  # type: ignore[arg-type]
    second = copy.deepcopy(first)
    first.update(labels, probs=probs).finish_pass()
    second.update(labels[:400], probs=probs[:400]).finish_pass()
    with pytest.raises(ValueError, match="in the pass before"):
        first.merge(second)


def test_readers() -> None:
    labels, probs, _ = problem(900, 4, 3)
    pairs = [(probs[:300], labels[:300]), (probs[300:], labels[300:])]

    class Again:
        def __iter__(self) -> Any:
            return iter(pairs)

    expected = quality.find_label_issues(labels, probs=probs)
    assert_equal(quality.find_label_issues(shards=Again()), expected)
    assert_equal(quality.find_label_issues(shards=(pair for pair in pairs)), expected)  # one pass is enough
    with pytest.raises(TypeError, match="which can be read once; 'both' reads it 3 times"):
        quality.find_label_issues(shards=(pair for pair in pairs), filter_by="both")
    with pytest.raises(ValueError, match="'shards' is empty"):
        quality.find_label_issues(shards=[])
    with pytest.raises(TypeError, match="'shards' holds a ndarray; accepted: pairs"):
        quality.find_label_issues(shards=[probs])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="3 classes given; accepted: 4"):
        quality.find_label_issues(shards=[(probs, labels), (probs[:, :3], labels % 3)])


def test_passes_are_finished_in_order() -> None:
    labels, probs, _ = problem(300, 4, 4)
    seen = quality.LabelIssueAccumulator(4)
    with pytest.raises(ValueError, match="0 of 1 passes are finished"):
        seen.result()
    seen.update(labels, probs=probs).finish_pass()
    assert len(seen.result()) > 0
    with pytest.raises(ValueError, match="all 1 passes are finished"):
        seen.update(labels, probs=probs)
    seen = quality.LabelIssueAccumulator(4, filter_by="both")
    for _ in range(2):
        seen.update(labels, probs=probs).finish_pass()
    seen.update(labels, probs=probs, first_row=300)
    with pytest.raises(ValueError, match="'first_row' is 0; accepted: 600 or more"):
        seen.update(labels, probs=probs, first_row=0)


def test_a_wrong_shard_adds_nothing() -> None:
    labels, probs, _ = problem(3000, 4, 5)
    seen = quality.LabelIssueAccumulator(4, filter_by="confident_learning")
    seen.update(labels, probs=probs)
    bad = labels.copy()
    bad[-1] = 4
    for wrong, kind in ((bad, ValueError), (labels[:5], ValueError), (labels.astype(float), TypeError)):
        with pytest.raises(kind, match="'labels'"):
            seen.update(wrong, probs=probs)
    seen.finish_pass().update(labels, probs=probs).finish_pass()
    assert_equal(seen.result(), quality.find_label_issues(labels, probs=probs, filter_by="confident_learning"))


MEMORY = """
import sys
import burnish
import numpy as np
from burnish import quality

burnish.set_num_threads(2)  # on many processors each thread's memory would add up

def anonymous():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024

probs = np.load(sys.argv[1], mmap_mode="r")
labels = np.load(sys.argv[2])
quality.find_label_issues(labels[:100], probs=probs[:100], filter_by=sys.argv[3])
import threading, time
before, highest, stop = anonymous(), [0.0], threading.Event()
def watch():
    while not stop.is_set():
        highest[0] = max(highest[0], anonymous())
        time.sleep(0.002)
watcher = threading.Thread(target=watch)
watcher.start()
found = quality.find_label_issues(labels, probs=probs, filter_by=sys.argv[3])
stop.set()
watcher.join()
print(max(highest[0], anonymous()) - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("filter_by", ["auto", "prune_by_noise_rate", "low_self_confidence"])
def test_a_memory_mapped_matrix_is_not_copied(filter_by: str, tmp_path: Path) -> None:
    """Peers' paths for little memory copy the whole matrix in the end."""
    labels, probs, _ = problem(40_000, 500, 6, skill=7)
    np.save(tmp_path / "probs.npy", probs.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    paths = str(tmp_path / "probs.npy"), str(tmp_path / "labels.npy")
    command = [sys.executable, "-c", MEMORY, *paths, filter_by]
    grown = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 32, f"{grown:.0f} MB for a matrix of 80 MB"
