# SPDX-License-Identifier: Apache-2.0
"""What to change about a set, and why.

What the data themselves show comes first: training samples that repeat held-out ones, and repeats within a class. Then
the model is listened to: on repeats that are labeled differently, and on labels that look wrong, as far as it has shown
itself to be a good one (`evidence.blame`). It has no say about classes of fewer than `_FEWEST` samples, which it cannot
know, and takes away no more than half of any class. What is left open so goes to the samples to annotate. Rare classes
are filled up last, from what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from burnish._improve.evidence import blame
from burnish._improve.fill import pairs_between, to_add
from burnish._improve.options import EVEN_TARGETS, OF_FEATURES, Options
from burnish._improve.proposals import ACTIONS, DROPS, Proposals, joined
from burnish._improve.rows import Rows
from burnish._words import counted
from burnish.data import place_in_class
from burnish.quality._sample import sample_by_class

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FEWEST = 5  # samples of a class, below which the model has no say about it
_BLAME = 1 / 3  # likelihood that the label is wrong rather than the model, as estimated with care, to act on it
_FAR = 0.01  # of the probability of another class: what a label has that is wrong however poor the model is
_ALL_BUT_CERTAIN = 0.9
_BETA = 10.0  # times as many of the hardest samples, of which unlike ones are to be annotated


class Judged(Protocol):
    """What mending needs to know of M samples; see `burnish._improve.score.Scores`."""

    @property
    def logits(self) -> npt.NDArray[Any]: ...

    @property
    def entropy(self) -> npt.NDArray[Any]: ...

    @property
    def logit_margin(self) -> npt.NDArray[Any]: ...

    @property
    def issue(self) -> npt.NDArray[Any]: ...

    @property
    def suggested(self) -> npt.NDArray[Any]: ...

    @property
    def repeat_of(self) -> npt.NDArray[Any]: ...

    @property
    def repeat_distance(self) -> npt.NDArray[Any]: ...


def mend(
    labels: npt.NDArray[np.int64],
    scores: Judged,
    num_classes: int,
    options: Options,
    *,
    features: npt.NDArray[Any] | None = None,
    held_out: npt.NDArray[np.int64] | None = None,
    held_out_ids: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
) -> Proposals:
    """Propose changes of a training set.

    Parameters
    ----------
    labels : int64 array of shape (M,)
        Given classes, 0 to K - 1.
    scores : burnish._improve.score.Scores
        Of these samples, by a model that was not trained on them.
    num_classes : int
        K.
    options : Options
        `target`, `budget`, `sure`, `fill` and `seed` count here.
    features : float array of shape (M, D), or Rows, optional
        So that samples to annotate are unlike each other; needed where `fill` is of these.
    held_out : int64 array of shape (M,), optional
        The held-out sample that each one repeats, else -1.
    held_out_ids : sequence of str, optional
        What the numbers in `held_out` stand for.
    names, ids : sequence of str, optional
        Of the classes and the samples.

    Returns
    -------
    Proposals
    """
    labels = np.asarray(labels, np.int64)
    if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(
            f"mend: 'labels' has {labels.min()} to {labels.max()}; accepted: 0 to {num_classes - 1}, of classes"
        )
    draft = _Draft(labels, scores, num_classes, options, _Words(names, ids, held_out_ids))
    _drop_leaks(draft, held_out)
    open_questions = _drop_repeats(draft)
    open_questions |= _correct_labels(draft)
    _annotate(draft, open_questions, features)
    if options.target in EVEN_TARGETS:
        _fill_up(draft, features)
    return draft.proposals(tuple(ids or ()))


class _Words:
    """Names for the reasons."""

    def __init__(
        self, names: Sequence[str] | None, ids: Sequence[str] | None, held_out_ids: Sequence[str] | None
    ) -> None:
        self._names, self._ids, self._held_out_ids = names, ids, held_out_ids

    def label(self, label: int) -> str:
        return f'"{self._names[label]}"' if self._names is not None else f"class {label}"

    def sample(self, i: int) -> str:
        return self._ids[i] if self._ids is not None else f"sample {i}"

    def held_out(self, i: int) -> str:
        return self._held_out_ids[i] if self._held_out_ids is not None else f"sample {i}"


class _Draft:
    """The set as it is being mended, and what has been proposed."""

    def __init__(self, labels: Integers, scores: Judged, num_classes: int, options: Options, words: _Words) -> None:
        self.labels, self.scores, self.num_classes, self.options, self.words = (
            labels, scores, num_classes, options, words,
        )  # fmt: skip
        self.after = labels.copy()  # -1: dropped
        self._rows: list[tuple[int, str, str, int, int, float, int]] = []
        self._between: list[Proposals] = []  # of whole classes, since these are many

    @property
    def is_kept(self) -> Bools:
        return np.asarray(self.after >= 0)

    def sizes(self) -> Integers:
        return np.bincount(self.after[self.is_kept], minlength=self.num_classes)

    def probs(self, rows: Any) -> npt.NDArray[np.float64]:
        logits = np.asarray(self.scores.logits[rows], np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def add(
        self, i: int, action: str, reason: str, *, to: int = -1, other: int = -1, score: float = 1.0, number: int = 0
    ) -> None:
        self._rows.append((i, action, reason, to, other, score, number))
        if action in DROPS:
            self.after[i] = -1
        elif action == "relabel":
            self.after[i] = to

    def add_between(
        self, base: Integers, other: Integers, step: npt.NDArray[np.float64], label: int, reason: str
    ) -> None:
        n, number = len(base), place_in_class(base) + 1
        order, reasons = np.lexsort((number, base)), np.full(n, reason, object)
        columns = (base, np.full(n, "interpolate"), reasons, np.full(n, label), other, step, number)
        self._between.append(Proposals(*columns).take(order))

    def proposals(self, ids: tuple[str, ...]) -> Proposals:
        columns = list(zip(*self._rows, strict=True)) or [()] * 7
        sample, to, other, number = (np.array(columns[i], np.int64) for i in (0, 3, 4, 6))
        action, reason = np.array(columns[1], f"<U{max(map(len, ACTIONS))}"), np.empty(len(sample), object)
        reason[:] = columns[2]
        score = np.array(columns[5], np.float64)
        rank = np.searchsorted(sorted(ACTIONS), action)
        rank = np.array([ACTIONS.index(name) for name in sorted(ACTIONS)])[rank]
        order = np.lexsort((number, sample, -score, rank))
        found = Proposals(sample, action, reason, to, other, score, number).take(order)
        return replace(joined([found, *self._between]), ids=ids)


def _drop_leaks(draft: _Draft, held_out: npt.NDArray[np.int64] | None) -> None:
    if held_out is None:
        return
    for i in np.flatnonzero(held_out >= 0).tolist():
        other = int(held_out[i])
        reason = f"Repeats {draft.words.held_out(other)}, which is held out to judge models."
        draft.add(i, "drop-leak", reason, other=other)


def _drop_repeats(draft: _Draft) -> Bools:
    """Drop all but the first of a group of repeats; return which are labeled differently with nobody to decide."""
    repeat_of, kept = np.asarray(draft.scores.repeat_of), draft.is_kept
    first = np.where(repeat_of >= 0, repeat_of, np.arange(len(repeat_of)))
    rows = np.flatnonzero(kept & (np.bincount(first, minlength=len(first)) > 1)[first])
    order = rows[np.lexsort((rows, draft.labels[rows], first[rows]))]
    groups = np.split(order, np.flatnonzero(np.diff(first[order])) + 1) if len(order) else []
    in_conflict = []
    for group in groups:
        parts = np.split(group, np.flatnonzero(np.diff(draft.labels[group])) + 1)
        for part in parts:
            for i in part[1:].tolist():
                _drop_repeat(draft, i, int(part[0]), "")
        if len(parts) > 1:
            in_conflict.append(group)
    return _settle(draft, in_conflict)


def _settle(draft: _Draft, groups: list[Integers]) -> Bools:
    """Of repeats that are labeled differently keep the one that the model agrees with."""
    is_open = np.zeros(len(draft.labels), bool)
    sizes = draft.sizes()
    may_go = sizes // 2
    for group in groups:
        ones = group[draft.is_kept[group]]  # one of each label
        labels = draft.labels[ones]
        agreed = ones[labels == int(draft.probs(group).mean(axis=0).argmax())]
        others = ones[~np.isin(ones, agreed)]
        if not len(agreed) or (sizes[labels] < _FEWEST).any() or (may_go[draft.labels[others]] < 1).any():
            is_open[ones] = True
            continue
        may_go[draft.labels[others]] -= 1
        for i in others.tolist():
            label = draft.words.label(int(draft.labels[agreed[0]]))
            _drop_repeat(draft, i, int(agreed[0]), f" It is labeled otherwise; the model agrees with {label}.")
    return is_open


def _drop_repeat(draft: _Draft, i: int, other: int, more: str) -> None:
    # Distances are to the first of the group, which may have gone.
    first = int(draft.scores.repeat_of[i])
    distance = float(draft.scores.repeat_distance[i]) if first == other else np.nan
    how = "Is the same as" if distance == 0 else "Looks almost the same as"
    likeness = 1.0 - (0.0 if np.isnan(distance) else distance)
    draft.add(i, "drop-repeat", f"{how} {draft.words.sample(other)}.{more}", other=other, score=likeness)


def _correct_labels(draft: _Draft) -> Bools:
    """Give samples the class that the model is sure of, or drop them; return those that it may not decide on."""
    scores, sizes, words = draft.scores, draft.sizes(), draft.words
    found = np.flatnonzero(np.asarray(scores.issue) & draft.is_kept)
    found = found[np.argsort(np.asarray(scores.logit_margin)[found], kind="stable")]  # worst first
    is_open = np.zeros(len(draft.labels), bool)
    is_open[found] = True
    known = found[sizes[draft.labels[found]] >= _FEWEST]
    verdicts = _verdicts(draft, known)
    decided = known[verdicts.is_wrong]
    may_go = sizes // 2 - np.bincount(draft.labels[_dropped_by_model(draft)], minlength=draft.num_classes)
    within = place_in_class(draft.labels[decided]) < may_go[draft.labels[decided]]
    for i, verdict in zip(decided[within].tolist(), np.flatnonzero(verdicts.is_wrong)[within].tolist(), strict=True):
        label, to = int(draft.labels[i]), int(verdicts.suggested[verdict])
        p, own = float(verdicts.of_suggested[verdict]), float(verdicts.of_label[verdict])
        is_open[i] = False
        given = f"Labeled {words.label(label)}"
        if verdicts.is_clear[verdict]:
            reason = f"{given}; a model trained on the others is {_percent(p)} sure of {words.label(to)}."
            draft.add(i, "relabel", reason, to=to, score=p)
        else:
            reason = f"{given}, which a model trained on the others gives {_percent(own)}; it is not sure of another "
            draft.add(i, "drop-label", f"{reason}class ({words.label(to)} {_percent(p)}).", score=1.0 - own)
    return is_open


@dataclass(frozen=True)
class _Verdicts:
    """What is to be thought of labels that look wrong."""

    suggested: Integers
    of_suggested: npt.NDArray[np.float64]
    of_label: npt.NDArray[np.float64]
    is_wrong: Bools
    is_clear: Bools  # what the right class is


def _verdicts(draft: _Draft, rows: Integers) -> _Verdicts:
    p, labels, each = draft.probs(rows), draft.labels[rows], np.arange(len(rows))
    own = p[each, labels]
    p[each, labels] = -1.0
    suggested = np.asarray(draft.scores.suggested)[rows]
    suggested = np.where((suggested < 0) | (suggested == labels), p.argmax(axis=1), suggested)
    other = p[each, suggested] if draft.num_classes > 1 else np.zeros(len(rows))
    is_believed = blame(draft.scores.logits, draft.labels)[rows] >= _BLAME
    is_far = own <= _FAR * other
    is_clear = other >= np.where(is_believed, draft.options.sure, max(draft.options.sure, _ALL_BUT_CERTAIN))
    return _Verdicts(suggested, other, own, is_believed | is_far, is_clear)


def _dropped_by_model(draft: _Draft) -> Integers:
    """Return repeats that went since the model agreed with another label."""
    return np.array(
        [i for i, action, _, _, other, *_ in draft._rows
         if action == "drop-repeat" and draft.labels[i] != draft.labels[other]], np.int64,
    )  # fmt: skip


def _annotate(draft: _Draft, open_questions: Bools, features: npt.NDArray[Any] | None) -> None:
    """Propose what a person should look at: what was left open, then what is hard and diverse."""
    scores, words = draft.scores, draft.words
    untouched = draft.is_kept & (draft.after == draft.labels)
    entropy = np.asarray(scores.entropy)
    asked = np.flatnonzero(open_questions & untouched)
    asked = asked[np.argsort(np.asarray(scores.logit_margin)[asked], kind="stable")][: -(-draft.options.budget // 2)]
    for i, p in zip(asked.tolist(), draft.probs(asked), strict=True):
        label = words.label(int(draft.labels[i]))
        why = f"There are too few samples of {label}" if _is_small(draft, i) else f"The label {label} is in doubt"
        reason = f"{why}; a model trained on the others gives {words.label(int(p.argmax()))} {_percent(p.max())}. "
        draft.add(i, "annotate", f"{reason}Have a person look.", score=float(entropy[i]))
    rest = np.flatnonzero(untouched & ~open_questions & ~np.asarray(scores.issue))
    number = min(draft.options.budget - len(asked), len(rest))
    if number <= 0:
        return
    rows, beta = (np.ones((len(rest), 1), np.float32), 1.0) if features is None else (Rows(features, rest), _BETA)
    chosen = rest[sample_by_class(entropy[rest], rows, number, draft.labels[rest], beta, "cosine")]
    for i, p in zip(chosen.tolist(), draft.probs(chosen), strict=True):
        likely = [f"{words.label(j)} {_percent(p[j])}" for j in np.argsort(-p, kind="stable")[:2].tolist()]
        reason = f"Hard: a model trained on the others gives {' and '.join(likely)}. A label made sure helps most here."
        draft.add(i, "annotate", reason, score=float(entropy[i]))


def _is_small(draft: _Draft, i: int) -> bool:
    return int(np.count_nonzero(draft.after == draft.labels[i])) < _FEWEST


def _fill_up(draft: _Draft, features: npt.NDArray[Any] | None) -> None:
    """Propose what to add to rare classes.

    Samples in doubt are built on, too: a model takes most samples of a rare class for others, and without them there is
    little left to build on (long-tailed CIFAR-10, copies: balanced accuracy 0.58 instead of 0.65).
    """
    sizes, words = draft.sizes(), draft.words
    largest = int(sizes.max()) if len(sizes) else 0
    for label, number in enumerate(to_add(sizes, draft.options.target, draft.options.fill).tolist()):
        own = np.flatnonzero(draft.after == label)
        size = counted(int(sizes[label]), "sample")
        text = f"{words.label(label)} has {size}, the largest class {largest:,}: "
        if draft.options.fill in OF_FEATURES:
            if features is None:
                raise ValueError(f"mend: 'features' is None; accepted where 'fill' is {draft.options.fill!r}: an array")
            pairs = pairs_between(features, own, number, draft.options.seed)
            draft.add_between(*pairs, label, f"{text}add rows between their features.")
        else:
            _copy(draft, own, label, number, f"{text}add varied copies.")


def _copy(draft: _Draft, own: Integers, label: int, number: int, text: str) -> None:
    each = np.diff(np.arange(len(own) + 1) * number // max(1, len(own)))
    for i, count in zip(own.tolist(), each.tolist(), strict=True):
        for copy in range(1, count + 1):
            draft.add(i, "copy", text, to=label, number=copy)


def _percent(p: float) -> str:
    """Return a probability as a person says it; never "100 %" of what is not certain."""
    return f"{min(99.0, 100.0 * p):.0f} %" if p >= 0.01 else "less than 1 %"
