# SPDX-License-Identifier: Apache-2.0
"""Which classes a sampler changes, and to how many rows: `sampling_strategy` read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from burnish.balance._labels import Labels

OVER, UNDER, CLEAN = "over-sampling", "under-sampling", "clean-sampling"
TARGETS = ("minority", "majority", "not minority", "not majority", "all", "auto")


def resolve_strategy(strategy: Any, labels: Labels, sampling_type: str) -> OrderedDict[Any, int]:
    """Return, in order of class, the rows to make (over-sampling) or to keep (under-sampling and cleaning).

    Cleaning methods look at the classes only.
    """
    if len(labels.classes) <= 1:
        raise ValueError(
            f"'y' needs to have more than 1 class to balance, got {len(labels.classes)} class over {len(labels)} rows"
        )
    if isinstance(strategy, str):
        numbers = _by_name(strategy, labels, sampling_type)
    elif isinstance(strategy, Mapping):
        numbers = _by_mapping(strategy, labels, sampling_type)
    elif isinstance(strategy, list):
        numbers = _by_list(strategy, labels, sampling_type)
    elif isinstance(strategy, Real):
        numbers = _by_ratio(float(strategy), labels, sampling_type)
    elif callable(strategy):
        wanted = strategy(labels.values)
        if not isinstance(wanted, Mapping):
            raise TypeError(f"'sampling_strategy' returned {wanted!r}; accepted: a dict of class to number of rows")
        numbers = _by_mapping(wanted, labels, sampling_type)
    else:
        raise ValueError(f"'sampling_strategy' is {strategy!r}; accepted: a number, a name, a dict, a list, a callable")
    return OrderedDict(sorted(numbers.items()))


def _by_name(name: str, labels: Labels, sampling_type: str) -> dict[Any, int]:
    if name not in TARGETS:
        raise ValueError(f"'sampling_strategy' is {name!r}; accepted as a name: {', '.join(map(repr, TARGETS))}")
    over = sampling_type == OVER
    if over and name == "majority":
        raise ValueError("'sampling_strategy'='majority' cannot be used with over-sampler: it has no rows to gain")
    if not over and name == "minority":
        raise ValueError(
            "'sampling_strategy'='minority' cannot be used with under-sampler and clean-sampler: it has no rows to lose"
        )
    if name == "auto":
        name = "not majority" if over else "not minority"
    smallest, largest = int(np.argmin(labels.counts)), int(np.argmax(labels.counts))
    chosen: Callable[[int], bool] = {
        "minority": lambda code: code == smallest,
        "majority": lambda code: code == largest,
        "not minority": lambda code: code != smallest,
        "not majority": lambda code: code != largest,
        "all": lambda code: True,
    }[name]
    most, fewest = int(labels.counts[largest]), int(labels.counts[smallest])
    return {
        labels.classes[code]: most - int(labels.counts[code]) if over else fewest
        for code in range(len(labels.classes))
        if chosen(code)
    }


def _counts_of(chosen: Any, labels: Labels) -> dict[Any, int]:
    counts = dict(zip(labels.classes.tolist(), labels.counts.tolist(), strict=True))
    unknown = [label for label in chosen if plain(label) not in counts]
    if unknown:
        raise ValueError(f"'sampling_strategy' names classes that are not present in the data. Unknown: {unknown}")
    return counts


def _by_mapping(wanted: Mapping[Any, int], labels: Labels, sampling_type: str) -> dict[Any, int]:
    counts = _counts_of(wanted, labels)
    if any(number < 0 for number in wanted.values()):
        raise ValueError(f"'sampling_strategy' is {dict(wanted)}; the rows asked for in a class cannot be negative.")
    if sampling_type == CLEAN:
        raise ValueError(
            "'sampling_strategy' as a dict for cleaning methods is not supported, "
            "since they decide the numbers themselves; give a list of the classes to clean"
        )
    over = sampling_type == OVER
    for label, number in wanted.items():
        there = counts[plain(label)]
        if (number < there) if over else (number > there):
            raise ValueError(
                f"'sampling_strategy' asks for {number} rows of class {label!r}, which has {there}; "
                f"accepted for {sampling_type}: {'at least' if over else 'at most'} as many as there are"
            )
    return {label: int(number) - (counts[plain(label)] if over else 0) for label, number in wanted.items()}


def _by_list(chosen: list[Any], labels: Labels, sampling_type: str) -> dict[Any, int]:
    if sampling_type != CLEAN:
        raise ValueError(
            "'sampling_strategy' cannot be a list for samplers which are not cleaning methods; give a dict"
        )
    _counts_of(chosen, labels)
    return dict.fromkeys(chosen, int(labels.counts.min()))


def _by_ratio(ratio: float, labels: Labels, sampling_type: str) -> dict[Any, int]:
    if not 0 < ratio <= 1:
        raise ValueError(f"When 'sampling_strategy' is a number, it should be in the range (0, 1]; got {ratio}")
    if len(labels.classes) != 2:
        raise ValueError(
            "'sampling_strategy' can be a number only when the type of target is binary; "
            f"'y' has {len(labels.classes)} classes: use a dict"
        )
    if sampling_type == CLEAN:
        raise ValueError("'sampling_strategy' is a number; 'clean-sampling' methods take a name or a list of classes")
    large = int(np.argmax(labels.counts))
    if sampling_type == OVER:
        small = 1 - large
        missing = int(int(labels.counts[large]) * ratio - int(labels.counts[small]))
        if missing <= 0:
            raise ValueError(
                f"'sampling_strategy' is {ratio}, but the smaller class already has {labels.counts[small]} rows to "
                f"{labels.counts[large]}: over-sampling cannot remove samples; accepted: a larger ratio"
            )
        return {labels.classes[small]: missing}
    small = int(np.argmin(labels.counts))
    large = 1 - small
    kept = int(int(labels.counts[small]) / ratio)
    if kept > labels.counts[large]:
        raise ValueError(
            f"'sampling_strategy' is {ratio}, but the smaller class already has {labels.counts[small]} rows to "
            f"{labels.counts[large]}: under-sampling cannot generate samples; accepted: a larger ratio"
        )
    return {labels.classes[large]: kept}


@dataclass(frozen=True)
class Task:
    """One class to work on: its place among the classes, its label, and the rows to make or to keep."""

    code: int
    label: Any
    number: int


def tasks(strategy: Mapping[Any, int], labels: Labels) -> Iterator[Task]:
    """Return the classes with rows to make, in order."""
    places = {label: code for code, label in enumerate(labels.classes.tolist())}
    for label, number in strategy.items():
        if number:
            yield Task(places[plain(label)], label, int(number))


def chosen_codes(strategy: Mapping[Any, int], labels: Labels) -> dict[int, int]:
    """Return the number of each class that `strategy` names, by place among the classes."""
    places = {label: code for code, label in enumerate(labels.classes.tolist())}
    return {places[plain(label)]: int(number) for label, number in strategy.items()}


def plain(label: Any) -> Any:
    """Return a label as ``classes.tolist()`` has it: dates of NumPy are not equal to those of Python."""
    return label.item() if isinstance(label, np.generic) else label


@dataclass(frozen=True)
class Plan:
    """What a sampler would do, told before it does it.

    Attributes
    ----------
    before, after : dict of label to int
        Rows of each class.
    exact : bool
        Whether `after` is certain. Methods that look at the data first may make or keep fewer rows; `after` is then
        what is asked of them (over-sampling) or the most they can keep (cleaning).
    nbytes : int or None
        Bytes of the resampled X; None where neither X nor its width was given, and for sparse X.

    Examples
    --------
    >>> from burnish.balance import RandomUnderSampler
    >>> plan = RandomUnderSampler().plan(["common"] * 9 + ["rare"])
    >>> plan.dropped, plan.n_samples
    ({'common': 8, 'rare': 0}, 2)
    """

    before: dict[Any, int]
    after: dict[Any, int]
    exact: bool = True
    nbytes: int | None = None

    @property
    def made(self) -> dict[Any, int]:
        """Rows added to each class."""
        return {label: max(0, self.after[label] - count) for label, count in self.before.items()}

    @property
    def dropped(self) -> dict[Any, int]:
        """Rows taken from each class."""
        return {label: max(0, count - self.after[label]) for label, count in self.before.items()}

    @property
    def n_samples(self) -> int:
        """Rows of the result."""
        return sum(self.after.values())

    def __str__(self) -> str:
        about = "" if self.exact else "up to "
        lines = [f"{label!r}: {count} -> {about}{self.after[label]}" for label, count in self.before.items()]
        size = "" if self.nbytes is None else f", {about}{self.nbytes:,} bytes"
        return "\n".join([*lines, f"rows: {about}{self.n_samples}{size}"])
