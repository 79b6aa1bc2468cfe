# SPDX-License-Identifier: Apache-2.0
"""The same labels are flagged as by cleanlab's filters: a table of problem and filter.

python tests/quality/equal_issues.py [--seeds 0 1 2]

"flagged" is how many samples burnish flags, "differ" how many are flagged by one of the two only. Where something ties
(probabilities, or the remainders of counts that are rounded), cleanlab's own answer depends on which unstable sort
NumPy picks on the machine; it is compared when run with NumPy's stable one, and "as it is" says how many samples differ
from cleanlab without that.
"""

from __future__ import annotations

import argparse
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cleanlab
import cleanlab.filter
import cleanlab.internal.util
import numpy as np
from burnish import quality

sys.path.insert(0, str(Path(__file__).resolve().parent))

from quality_data import FILTERS, problem

PROBLEMS: dict[str, Callable[[int], Any]] = {
    "2 classes": lambda seed: problem(1500, 2, seed),
    "3 classes": lambda seed: problem(2000, 3, seed),
    "10 classes": lambda seed: problem(5000, 10, seed),
    "10 classes, float32": lambda seed: as_float32(problem(5000, 10, seed)),
    "10 classes, few errors": lambda seed: problem(4000, 10, seed, noise=0.02, skill=7),
    "10 classes, 60 % noise": lambda seed: problem(4000, 10, seed, noise=0.6, skill=3),
    "10 classes, weak model": lambda seed: problem(3000, 10, seed, skill=1),
    "10 classes, rare ones": lambda seed: problem(4000, 10, seed, skewed=True),
    "12 classes, some absent": lambda seed: absent(problem(3000, 12, seed)),
    "33 classes": lambda seed: problem(4000, 33, seed),
    "40 classes, rare ones": lambda seed: problem(6000, 40, seed, skewed=True),
    "100 classes": lambda seed: problem(6000, 100, seed, skill=6),
}


def as_float32(data: Any) -> Any:
    labels, probs, true = data
    return labels, probs.astype(np.float32), true


def absent(data: Any) -> Any:
    """Nobody is labeled 3 or 7."""
    labels, probs, true = data
    return np.where(np.isin(labels, (3, 7)), 0, labels), probs, true


@contextmanager
def stable_sorts() -> Iterator[None]:
    """Let cleanlab sort stably."""

    class Numpy(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            return getattr(np, name)

        @staticmethod
        def argsort(values: Any, **options: Any) -> Any:
            return np.argsort(values, **{**options, "kind": "stable"})

    modules = cleanlab.filter, cleanlab.internal.util
    for module in modules:
        module.np = Numpy("numpy")
    try:
        yield
    finally:
        for module in modules:
            module.np = np


def theirs(labels: Any, probs: Any, filter_by: str, **options: Any) -> Any:
    """The mask of cleanlab."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cleanlab.filter.find_label_issues(labels, probs, filter_by=filter_by, n_jobs=1, **options)


def compare(labels: Any, probs: Any, filter_by: str, **options: Any) -> tuple[int, int, int]:
    """How many burnish flags, and how many differ from cleanlab with stable sorts and as it is."""
    ours = quality.find_label_issues(labels, probs=probs, filter_by=filter_by, **options).mask
    with stable_sorts():
        stable = theirs(labels, probs, filter_by, **options)
    plain = theirs(labels, probs, filter_by, **options)
    return int(ours.sum()), int((ours != stable).sum()), int((ours != plain).sum())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args(arguments)
    print(f"burnish against cleanlab {cleanlab.__version__}, seeds {options.seeds}\n")
    print("| problem | filter | flagged | differ | as it is |")
    print("| --- | --- | ---: | ---: | ---: |")
    wrong = 0
    for name, make in PROBLEMS.items():
        for filter_by in FILTERS:
            found = np.array([compare(*make(seed)[:2], filter_by) for seed in options.seeds]).sum(axis=0)
            wrong += int(found[1])
            print(f"| {name} | {filter_by} | {found[0]} | {found[1]} | {found[2]} |", flush=True)
    print(f"\n{wrong} samples differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
