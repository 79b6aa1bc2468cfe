# SPDX-License-Identifier: Apache-2.0
"""Label issues of a data set that comes in shards."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, to_numpy
from burnish.hardness import hardest
from burnish.quality._blocks import BINS, BLOCK_VALUES, Block, blocks_of, predictions_of
from burnish.quality._estimate import expected_errors
from burnish.quality._joint import (
    ThresholdSums,
    add_to_joint,
    calibrated,
    cuts_of,
    joint_state,
    raise_diagonal,
    warn_of_invalid,
)
from burnish.quality._naming import naming
from burnish.quality._prune import wanted_pairs
from burnish.quality._result import LabelIssues
from burnish.quality._topk import TopK

Array = npt.NDArray[Any]
Filter = Literal[
    "auto", "prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
    "low_self_confidence", "low_normalized_margin",
]  # fmt: skip
Rank = Literal["logit_margin", "self_confidence", "normalized_margin"]

PASSES = {
    "auto": ("score",),
    "predicted_neq_given": ("score",),
    "confident_learning": ("thresholds", "score"),
    "low_self_confidence": ("thresholds", "score", "select"),
    "low_normalized_margin": ("thresholds", "score", "select"),
    "prune_by_noise_rate": ("thresholds", "score", "select"),
    "prune_by_class": ("thresholds", "score", "select"),
    "both": ("thresholds", "score", "select"),
}
RANKS = ("logit_margin", "self_confidence", "normalized_margin")
_PRUNING = ("prune_by_noise_rate", "prune_by_class", "both")
_COLUMNS = ("row", "label", "rival", "own", "other", "margin")

_MOST_ROWS = 1 << 62


class LabelIssueAccumulator:
    """Find label issues shard by shard, in one to three passes, in memory that grows with the issues only.

    Parameters
    ----------
    num_classes : int
        Number of classes C.
    filter_by, rank_by, frac_noise, min_examples_per_class, num_to_remove_per_class, num_issues
        As in `find_label_issues`.

    Attributes
    ----------
    num_passes : int
        How often the shards are read: 1 ("auto", "predicted_neq_given"), 2 ("confident_learning") or 3.
    done : bool
        Whether all passes are finished, so that `result` may be called.

    Notes
    -----
    Whatever is summed is a whole number and whatever is selected has a total order, so the answer is that of
    `find_label_issues` on the whole, whatever the shards and wherever they were read: in each pass several accumulators
    may read some shards each and be joined by `merge`. They all need the result of the pass before; copy the merged one
    (`copy.deepcopy`), or send it (it can be pickled) between passes.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import quality
    >>> labels = np.array([0, 0, 1, 1])
    >>> probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    >>> seen = quality.LabelIssueAccumulator(2, filter_by="confident_learning")
    >>> while not seen.done:
    ...     for first in (0, 2):
    ...         seen = seen.update(labels[first : first + 2], probs=probs[first : first + 2], first_row=first)
    ...     seen = seen.finish_pass()
    >>> seen.result().indices
    array([1])
    """

    def __init__(
        self,
        num_classes: int,
        *,
        filter_by: Filter = "auto",
        rank_by: Rank = "logit_margin",
        frac_noise: float = 1.0,
        min_examples_per_class: int = 1,
        num_to_remove_per_class: Any = None,
        num_issues: int | None = None,
        call: str = "LabelIssueAccumulator",
    ) -> None:
        self._call = call
        self.num_classes = check.integer(call, "num_classes", num_classes, 1, (1 << 31) - 1)
        if not isinstance(filter_by, str) or filter_by not in PASSES:
            raise ValueError(f"{call}: 'filter_by' is {filter_by!r}; accepted: {', '.join(PASSES)}")
        if not isinstance(rank_by, str) or rank_by not in RANKS:
            raise ValueError(f"{call}: 'rank_by' is {rank_by!r}; accepted: {', '.join(RANKS)}")
        self.filter_by, self.rank_by = filter_by, rank_by
        self.frac_noise = check.real(call, "frac_noise", frac_noise, 0, 1)
        self.min_examples_per_class = check.integer(call, "min_examples_per_class", min_examples_per_class, 0)
        self.num_issues = None if num_issues is None else check.integer(call, "num_issues", num_issues, 0)
        self.num_to_remove_per_class = self._removals(num_to_remove_per_class)
        self._check_options()
        self._pass = 0
        self._thresholds: Array | None = None
        self._sums = ThresholdSums(self.num_classes)
        self._joint: Array | None = None
        self._histogram: Array | None = None
        self._counts = np.zeros(self.num_classes, np.int64)
        self._parts: dict[str, list[Array]] = {}  # of the candidates and, in the last pass, of the selected
        self._candidates: dict[str, Array] = {}
        self._invalid: list[Array] = []
        self._beaten: Array | None = None  # (C, C): candidates labeled k for which class j is likelier
        self._wanted: Array | None = None
        self._known: Array | None = None  # (C, C): of how many rows it is known that they come before all that agree
        self._num_lowest = 0
        self._bound = np.inf  # no row with a higher key is among the lowest
        self._selection: _core.Selection | None = None
        self._selected: list[tuple[Array, Array, Array]] = []
        self._rows_seen = 0
        self._ranges: list[tuple[int, int]] = []  # of rows read in this pass, ascending and apart
        self._rows_of_pass = 0  # in the first one
        self.num_samples = 0

    def _removals(self, given: Any) -> Array | None:
        if given is None:
            return None
        numbers = to_numpy(as_array(given))
        if numbers.shape != (self.num_classes,) or numbers.dtype.kind not in "iu" or (numbers < 0).any():
            raise ValueError(
                f"{self._call}: 'num_to_remove_per_class' has shape {numbers.shape} and dtype {numbers.dtype}; "
                f"accepted: integers, 0 or more, ({self.num_classes},)"
            )
        return numbers.astype(np.int64)

    def _check_options(self) -> None:
        prunes = self.filter_by in _PRUNING
        if not prunes and (self.frac_noise != 1.0 or self.num_to_remove_per_class is not None):
            given = "frac_noise" if self.frac_noise != 1.0 else "num_to_remove_per_class"
            raise ValueError(f"{self._call}: '{given}' applies to {', '.join(_PRUNING)}, not to {self.filter_by!r}")
        if self.num_issues is not None and self.filter_by not in (
            "auto",
            "low_self_confidence",
            "low_normalized_margin",
        ):
            raise ValueError(
                f"{self._call}: 'num_issues' applies to auto, low_self_confidence and low_normalized_margin, not to "
                f"{self.filter_by!r}"
            )
        if prunes:
            joint_state(self._call, self.num_classes)

    @property
    def num_passes(self) -> int:
        """How often the shards are read."""
        return len(PASSES[self.filter_by])

    @property
    def done(self) -> bool:
        """Whether all passes are finished."""
        return self._pass == self.num_passes

    @property
    def _stage(self) -> str:
        if self.done:
            raise ValueError(f"{self._call}: all {self.num_passes} passes are finished; accepted: result()")
        return PASSES[self.filter_by][self._pass]

    # ---- shards ----

    def update(
        self, labels: Any = None, *, probs: Any = None, logits: Any = None, first_row: int | None = None
    ) -> LabelIssueAccumulator:
        """Read one shard in the current pass.

        Parameters
        ----------
        labels : integer array of shape (N,)
            The given classes.
        probs, logits : array of shape (N, num_classes)
            One of them; probabilities as a matrix or `TopK`. CUDA tensors are read through the host, block by block.
        first_row : int, optional
            Number of the shard's first sample in the whole; default the one after the last that this accumulator saw in
            this pass. In the last of three passes shards must come in ascending order.

        Returns
        -------
        LabelIssueAccumulator
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a shape, dtype or label is wrong, or rows were read in this pass already; of the shard nothing has been
            added then.
        """
        with naming(self._call):
            return self._update(labels, probs, logits, first_row)

    def _update(self, labels: Any, probs: Any, logits: Any, first_row: int | None) -> LabelIssueAccumulator:
        stage = self._stage
        predictions, kind = predictions_of(self._call, logits, probs)
        if int(predictions.shape[1]) != self.num_classes:
            raise ValueError(
                f"{self._call}: {int(predictions.shape[1])} classes given; accepted: {self.num_classes}, as declared"
            )
        start = self._rows_seen if first_row is None else check.integer(self._call, "first_row", first_row, 0)
        end = start + int(predictions.shape[0])
        ranges = self._with_range(start, end)
        if self.num_passes == 3 and stage == "select" and start < self._rows_seen:
            raise ValueError(
                f"{self._call}: 'first_row' is {start}; accepted: {self._rows_seen} or more, as shards come in order"
            )
        labels = None if labels is None else as_array(labels)
        read = {"thresholds": self._read_thresholds, "score": self._read_scores, "select": self._read_selected}[stage]
        for block in blocks_of(self._call, predictions, kind, labels, start):
            block.labels = to_numpy(block.labels).astype(np.int64, copy=False)  # of one block at a time
            read(block)
        self._rows_seen, self._ranges = max(self._rows_seen, end), ranges
        if stage == "score":
            self.num_samples += int(predictions.shape[0])
        return self

    def _with_range(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the ranges read and this one, joined where they touch."""
        if end > _MOST_ROWS:
            raise ValueError(f"{self._call}: rows {start} to {end - 1} are given; accepted: below 2^62")
        if start == end:
            return self._ranges
        place = bisect_left(self._ranges, (start, end))
        before, after = self._ranges[:place], self._ranges[place:]
        for first, last in (*before[-1:], *after[:1]):
            if first < end and start < last:
                raise ValueError(
                    f"{self._call}: rows {start} to {end - 1} are given, and {first} to {last - 1} were read in this "
                    "pass; accepted: each row once a pass, see 'first_row'"
                )
        if before and before[-1][1] == start:
            start = before.pop()[0]
        if after and after[0][0] == end:
            end = after.pop(0)[1]
        return [*before, (start, end), *after]

    def _read_thresholds(self, block: Block) -> None:
        block.survey((), state={"counts": self._sums.counts, "sums": self._sums.sums})

    def _read_scores(self, block: Block) -> None:
        state = {"counts": self._counts}
        cuts = None
        wanted: tuple[str, ...] = ("own", "other", "margin", "rival", "agrees", "valid")
        if self.filter_by == "auto":
            if self._histogram is None:
                self._histogram = np.zeros((BINS, 2), np.int64)
            state["histogram"] = self._histogram
        elif self._thresholds is not None:
            cuts = cuts_of(self._thresholds, block.dtype)
            wanted += ("guess",)
            if self.filter_by in _PRUNING:
                if self._joint is None:
                    self._joint = joint_state(self._call, self.num_classes)
                if not isinstance(block.predictions, TopK):
                    state["joint"] = self._joint
        found = block.survey(wanted, cuts=cuts, state=state)
        labels = to_numpy(block.labels)
        if self._joint is not None and isinstance(block.predictions, TopK):
            add_to_joint(self._joint, labels, found["guess"])
        if not found["valid"].all():
            self._invalid.append(np.flatnonzero(~found["valid"]) + block.first_row)
        candidates = self._is_candidate(found, labels)
        self._keep(block, found, labels, candidates)
        if self.filter_by in _PRUNING:
            if self._beaten is None:
                self._beaten = joint_state(self._call, self.num_classes)
            for part in _dense(block.take(candidates)):
                _core.count_beaten(self._call, part.predictions, part.kind, part.labels, self._beaten)

    def _is_candidate(self, found: dict[str, Array], labels: Array) -> Array:
        """Tell which rows may be flagged by a filter that spares labels that the model agrees with."""
        if self.filter_by == "auto":
            return np.flatnonzero(found["margin"] < 0)
        differs = found["valid"] & ~found["agrees"]
        if self.filter_by == "confident_learning" or self.filter_by.startswith("low_"):
            differs &= (found["guess"] >= 0) & (found["guess"] != labels)
        return np.flatnonzero(differs)

    def _keep(self, block: Block, found: dict[str, Array], labels: Array, rows: Array) -> None:
        columns = {name: found[name][rows] for name in ("rival", "own", "other", "margin")}
        columns["row"], columns["label"] = rows + block.first_row, labels[rows].astype(np.int32)
        for name in _COLUMNS:
            self._parts.setdefault(name, []).append(columns[name])

    def _read_selected(self, block: Block) -> None:
        if self.filter_by in _PRUNING:
            if self._selection is None:
                self._selection = _core.Selection(self._wanted, self._known)
            rows, numbers = self._rows_in_question(block)
            place = 0
            for part in _dense(block.take(rows)):
                some = numbers[place : place + part.num_rows]
                self._selection.update(self._call, part.predictions, part.kind, part.labels, some)
                place += part.num_rows
            return
        if self._num_lowest == 0:
            return
        found = block.survey(("own", "other", "margin", "rival", "valid"))
        key = found["own"] if self.filter_by == "low_self_confidence" else (found["own"] - found["other"] + 1) / 2
        rows = np.flatnonzero(found["valid"] & (key <= self._bound))
        self._keep(block, found, to_numpy(block.labels), rows)
        self._parts.setdefault("key", []).append(key[rows])
        if sum(map(len, self._parts["key"])) > 2 * self._num_lowest + BLOCK_VALUES:
            self._drop_the_rest()

    def _rows_in_question(self, block: Block) -> tuple[Array, Array]:
        """Which rows may be among those selected: where enough candidates are known, no other row is before them.

        They are numbered in their order: twice their place among the candidates and 1, or twice that of the next one.
        """
        known = np.zeros((0, 0), np.int64) if self._known is None else self._known
        wanted = np.zeros((0, 0), np.int64) if self._wanted is None else self._wanted
        lacking: Array = np.asarray((known < wanted).any(axis=1))
        candidates = self._candidates["row"]
        first, last = np.searchsorted(candidates, [block.first_row, block.first_row + block.num_rows])
        rows = candidates[first:last] - block.first_row
        numbers = 2 * np.arange(first, last) + 1
        of_classes = wanted.diagonal().any()
        if not (lacking.any() or of_classes):
            return rows, numbers
        others = lacking[to_numpy(block.labels)]
        if of_classes:
            with np.errstate(invalid="ignore"):
                others |= block.survey(("own",))["own"] < 0.5
        others[rows] = False
        also = np.flatnonzero(others)
        rows = np.concatenate([rows, also])
        numbers = np.concatenate([numbers, 2 * (first + np.searchsorted(rows[: last - first], also))])
        order = np.argsort(rows)
        return rows[order], numbers[order]

    def _count_known(self) -> Array:
        """Of how many rows of each class it is known that another is likelier, and that their own is below one half."""
        known = joint_state(self._call, self.num_classes) if self._beaten is None else self._beaten
        labels = self._candidates["label"][self._candidates["margin"] < 0]
        np.fill_diagonal(known, np.bincount(labels, minlength=self.num_classes))
        return known

    def _drop_the_rest(self) -> None:
        """Of the rows kept keep those with the lowest keys, ties to the lowest row."""
        columns = self._columns()
        kept = np.sort(hardest(-columns["key"], min(self._num_lowest, len(columns["key"]))))
        self._parts = {name: [column[kept]] for name, column in columns.items()}
        if 0 < self._num_lowest <= len(kept):
            self._bound = float(columns["key"][kept].max())

    # ---- passes ----

    def finish_pass(self) -> LabelIssueAccumulator:
        """Say that all shards have been read in this pass; returns itself.

        Raises
        ------
        ValueError
            If all passes are finished, or this one has read another number of rows than the first.
        """
        stage = self._stage
        rows = sum(last - first for first, last in self._ranges)
        if self._pass > 0 and rows != self._rows_of_pass:
            raise ValueError(
                f"{self._call}: {rows} rows were read in pass {self._pass + 1}, {self._rows_of_pass} in the first; "
                "accepted: the same shards in every pass"
            )
        self._rows_of_pass = rows
        if stage == "thresholds":
            self._thresholds = self._sums.thresholds()
        elif stage == "score":
            self._candidates = self._columns()
            self._parts = {}
            if self.filter_by in _PRUNING:
                joint = joint_state(self._call, self.num_classes) if self._joint is None else self._joint
                raise_diagonal(joint)
                self._wanted = wanted_pairs(
                    calibrated(joint, self._counts),
                    self._counts,
                    by_class=self.filter_by != "prune_by_noise_rate",
                    by_noise_rate=self.filter_by != "prune_by_class",
                    frac_noise=self.frac_noise,
                    min_examples_per_class=self.min_examples_per_class,
                    num_to_remove_per_class=self.num_to_remove_per_class,
                )
                self._known, self._joint, self._beaten = self._count_known(), None, None
            self._num_lowest = len(self._candidates["row"]) if self.num_issues is None else self.num_issues
        elif self.filter_by in _PRUNING:
            self._select_candidates()
        else:
            if self._parts:
                self._drop_the_rest()
            self._candidates = self._columns()
        self._pass += 1
        self._rows_seen, self._ranges = 0, []
        return self

    def _columns(self) -> dict[str, Array]:
        """Put the rows kept together, in their order."""
        if not self._parts:
            whole = ("row", "label", "rival")
            return {name: np.zeros(0, np.int64 if name in whole else np.float64) for name in _COLUMNS}
        columns = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        rows = columns["row"]
        if (rows[1:] >= rows[:-1]).all():
            return columns
        order = np.argsort(rows, kind="stable")
        return {name: column[order] for name, column in columns.items()}

    def _select_candidates(self) -> None:
        numbers, pairs, values = self._found()
        if len(self._selected) > 0:  # each accumulator found as many as are wanted in all
            order = np.lexsort((numbers, -values, pairs))
            numbers, pairs = numbers[order], pairs[order]
            place = np.arange(len(numbers)) - np.searchsorted(pairs, pairs)  # within its pair
            wanted = np.zeros(0, np.int64) if self._wanted is None else self._wanted.ravel()
            chosen = place < wanted[pairs]
            numbers, pairs = numbers[chosen], pairs[chosen]
        is_candidate = numbers % 2 == 1
        places, of_class = numbers[is_candidate] // 2, pairs[is_candidate] % (self.num_classes + 1) == 0
        flagged = np.zeros(len(self._candidates["row"]), np.bool_)
        if self.filter_by != "prune_by_class":
            flagged[places[~of_class]] = True
        if self.filter_by != "prune_by_noise_rate":
            low = np.zeros_like(flagged)
            low[places[of_class]] = True
            flagged = low if self.filter_by == "prune_by_class" else flagged & low
        self._candidates = {name: column[flagged] for name, column in self._candidates.items()}

    def _found(self) -> tuple[Array, Array, Array]:
        parts = [*self._selected]
        if self._selection is not None:
            parts.append(self._selection.found())
        empty = np.zeros(0, np.int64)
        if not parts:
            return empty, empty, np.zeros(0)
        return (
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
        )

    # ---- merging ----

    def merge(self, other: LabelIssueAccumulator) -> LabelIssueAccumulator:
        """Return an accumulator that has read, in this pass, the shards of both; neither is changed.

        Raises
        ------
        ValueError
            If the two have different parameters or passes, or did not start this pass alike.
        """
        if not isinstance(other, LabelIssueAccumulator):
            raise TypeError(
                f"LabelIssueAccumulator.merge: 'other' is a {type(other).__name__}; accepted: a LabelIssueAccumulator"
            )
        if self._identity() != other._identity():
            raise ValueError(
                "LabelIssueAccumulator.merge: made with other parameters, or in another pass, or after other shards in "
                "the pass before; accepted: accumulators that started this pass alike"
            )
        both = self._empty_copy()
        both._ranges = self._ranges
        with naming("LabelIssueAccumulator.merge"):
            for first, last in other._ranges:
                both._ranges = both._with_range(first, last)
        start = both._pass
        for part in (self, other):
            both._sums.merge(part._sums) if start == 0 or part is self else None
            both._invalid += part._invalid if self._current() == "score" or part is self else []
            if part._histogram is not None:
                both._histogram = part._histogram + (0 if both._histogram is None else both._histogram)
            if part._joint is not None:
                both._joint = part._joint + (0 if both._joint is None else both._joint)
            if part._beaten is not None:
                both._beaten = part._beaten + (0 if both._beaten is None else both._beaten)
            for name, arrays in part._parts.items():
                both._parts.setdefault(name, []).extend(arrays)
            if self._current() == "select" and self.filter_by in _PRUNING:
                both._selected.append(part._found())
        if self._current() == "score":
            both._counts = self._counts + other._counts
            both.num_samples = self.num_samples + other.num_samples
        both._rows_seen = max(self._rows_seen, other._rows_seen)
        return both

    def _current(self) -> str:
        return "done" if self.done else self._stage

    def _empty_copy(self) -> LabelIssueAccumulator:
        both = LabelIssueAccumulator(
            self.num_classes,
            filter_by=self.filter_by,
            rank_by=self.rank_by,
            frac_noise=self.frac_noise,
            min_examples_per_class=self.min_examples_per_class,
            num_to_remove_per_class=self.num_to_remove_per_class,
            num_issues=self.num_issues,
        )
        both._pass, both._thresholds, both._candidates = self._pass, self._thresholds, self._candidates
        both._counts, both.num_samples = self._counts.copy(), self.num_samples
        both._wanted, both._known, both._num_lowest = self._wanted, self._known, self._num_lowest
        both._rows_of_pass = self._rows_of_pass
        return both

    def _identity(self) -> tuple[Any, ...]:
        def digest(array: Array | None) -> bytes | None:
            return None if array is None else array.tobytes()

        started = digest(self._candidates.get("row")), self.num_samples if self._current() == "select" else 0
        return (
            self.num_classes, self.filter_by, self.rank_by, self.frac_noise, self.min_examples_per_class,
            digest(self.num_to_remove_per_class), self.num_issues, self._pass, digest(self._thresholds),
            digest(self._wanted), self._num_lowest, self._rows_of_pass, *started,
        )  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """Everything, what the core holds as arrays."""
        state = dict(self.__dict__)
        state["_selected"] = [self._found()] if self._selection is not None else self._selected
        state["_selection"] = None
        return state

    # ---- result ----

    def result(self) -> LabelIssues:
        """Return the issues, worst first.

        Raises
        ------
        ValueError
            If a pass is not finished.
        """
        if not self.done:
            raise ValueError(
                f"{self._call}: {self._pass} of {self.num_passes} passes are finished; accepted: all, see finish_pass()"
            )
        columns = self._candidates
        if self.filter_by == "auto":
            number = expected_errors(np.zeros((BINS, 2), np.int64) if self._histogram is None else self._histogram)
            number = number if self.num_issues is None else self.num_issues
            kept = np.sort(hardest(-columns["margin"], min(number, len(columns["margin"]))))
            columns = {name: column[kept] for name, column in columns.items()}
        scores = {
            "logit_margin": columns["margin"],
            "self_confidence": columns["own"],
            "normalized_margin": (columns["own"] - columns["other"] + 1) / 2,
        }[self.rank_by]
        order = hardest(-scores, len(scores))
        invalid = np.sort(np.concatenate(self._invalid)) if self._invalid else np.zeros(0, np.int64)
        warn_of_invalid(self._call, invalid)
        return LabelIssues(
            indices=columns["row"][order].astype(np.int64, copy=False),
            scores=scores[order].astype(np.float64),
            labels=columns["label"][order].astype(np.int64),
            suggested=columns["rival"][order].astype(np.int64),
            num_samples=self.num_samples,
            invalid=invalid,
            filter_by=self.filter_by,
            rank_by=self.rank_by,
        )


def _dense(block: Block) -> list[Block]:
    """Rows of a TopK as a matrix, a few at a time."""
    if not isinstance(block.predictions, TopK):
        return [block]
    step = max(1, BLOCK_VALUES // block.num_classes)
    return [
        Block(
            block.call,
            block.predictions.rows(first, first + step).dense(),
            block.kind,
            block.labels[first : first + step],
            block.first_row + first,
        )
        for first in range(0, block.num_rows, step)
    ]
