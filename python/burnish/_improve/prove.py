# SPDX-License-Identifier: Apache-2.0
"""Whether the proposed changes help: one model trained on the set as it is, and again after the changes.

A part is put aside first: the test part that came with the data, else a quarter of each class, another one in each run.
It is never changed, relabeled, copied or looked at. What is wrong is then found anew on the training part alone, so
that no proposal knows of a sample that it is judged by. Samples of which the training part holds a near duplicate are
not judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import balance
from burnish._improve.held_out import KEPT, QUARTERS, Part, parts
from burnish._improve.linear import Directions, Linear
from burnish._improve.mend import mend
from burnish._improve.options import EVEN_TARGETS, OF_FEATURES, TARGETS, Options, adds_images
from burnish._improve.progress import Progress, silent
from burnish._improve.proof import (
    ADJUSTED,
    ALL,
    AS_IT_IS,
    LABELS,
    MENDED_ADJUSTED,
    REPEATS,
    TRIAL_OF_FILL,
    Answers,
    Proof,
    Trial,
    gain,
    gains_of,
    sampling_variances,
)
from burnish._improve.proposals import ACTIONS, Proposals
from burnish._improve.repeats import Repeats, partners
from burnish._improve.rows import some_rows
from burnish._improve.score import Scores, score
from burnish._improve.store import Store, key_of

Integers = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]
Embed = Callable[[Integers, Integers], Features]

_STAGE = "prove"
_VERSION = 2  # of what is computed here
_LEAST_SURE = 25  # samples, from which to tell how many labels are wrong


def prove(
    labels: Integers,
    features: Features,
    repeats: Repeats,
    options: Options,
    *,
    num_classes: int,
    held_out: npt.NDArray[np.bool_],
    embed_copies: Embed | None,
    without: Sequence[str] = (),
    store: Store | None = None,
    key: str = "",
    progress: Progress = silent,
) -> Proof:
    """Measure what the changes gain.

    Parameters
    ----------
    labels : int64 array of shape (N,)
        Given classes, 0 to K - 1; rows of -1 are left out.
    features : float32 array of shape (N, D)
        Finite where there is a label; memory-mapped if need be.
    repeats : Repeats
        Of all N rows. They do not depend on labels; everything else is found anew in each run.
    options : Options
        `target` decides what is shown to have helped, `runs` and `seed` how often and on which parts.
    num_classes : int
        K.
    held_out : bool array of shape (N,)
        The test part that came with the data, if there is one.
    embed_copies : callable or None
        Takes rows and the numbers of their copies; returns features of the copies, (P, D). None where copies cannot be
        described: they are not tried, and `fill` must be of features where rare classes are filled up.
    without : sequence of str, optional
        Kinds of changes that "all" leaves out.
    store : Store, optional
        Where the answers of each run are kept, so that a proof that was interrupted goes on.
    key : str, optional
        Of what `features` and `embed_copies` depend on (`burnish._improve.store.key_of`).
    progress : callable, optional
        Called with the stage, and the number of trials done and of all.

    Returns
    -------
    Proof

    Raises
    ------
    ValueError
        If copies are to be tried that cannot be described.

    Notes
    -----
    What differs between runs: without a given test part, which quarter is held out; with one, on which four fifths of
    the training part models are trained. The model itself has no chance in it. Where the test part is given, all runs
    share it, and the error of its own drawing is added to that of the mean (see `proof.gain`).

    The rivals "outputs adjusted" subtract the logarithm of each class's frequency from the logits (Menon et al.,
    Long-tail learning via logit adjustment, ICLR 2021).
    """
    if embed_copies is None and adds_images(options.fill, options.target):
        raise ValueError(f"prove: 'fill' is {options.fill!r}; accepted where copies cannot be described: 'smote'")
    labels = np.asarray(labels, np.int64)
    rows = np.flatnonzero(~held_out & (labels >= 0))
    given = np.flatnonzero(held_out & (labels >= 0))
    groups = repeats.among(rows).group
    if reason := _impossible(labels, groups, rows, given, num_classes):
        nothing = np.zeros(num_classes)
        return Proof((), options.target, reason, nothing, nothing)
    divided = parts(labels, groups, rows, given, num_classes=num_classes, runs=options.runs, seed=options.seed)
    copies, store = _Copies(embed_copies), store or Store()
    runs: list[_Run] = []
    for number, part in enumerate(divided):
        run = _Run(labels, features, repeats, part, options, num_classes, given=len(given) > 0, without=without)
        if len(run.truth):
            told = _offset(progress, number, options.runs)
            run.remember(store.result(f"prove-{number}", run.key(key), partial(run.try_all, copies, told)))
            runs.append(run)
    if not runs:
        reason = "Nothing was proved: every sample that could be held out repeats one to train on."
        return Proof((), options.target, reason, np.zeros(num_classes), np.zeros(num_classes))
    return _proof(runs, options, num_classes, given=len(given) > 0)


def _impossible(labels: Integers, groups: Integers, rows: Integers, given: Integers, num_classes: int) -> str:
    """Say why nothing can be measured; nothing where it can."""
    if len(np.unique(labels[rows])) < 2:
        return "Nothing was proved: there are not two classes to tell apart."
    firsts = rows[np.unique(groups)]
    if not len(given) and np.bincount(labels[firsts], minlength=num_classes).max() < 2:
        return "Nothing was proved: no class has two samples, so that none can be held out."
    return ""


def _offset(progress: Progress, run: int, runs: int) -> Callable[[int, int], None]:
    return lambda done, of: progress(_STAGE, run * of + done, runs * of)


class _Copies:
    """Features of copies; each is made once, however many runs and trials use it."""

    def __init__(self, embed: Embed | None) -> None:
        self._embed = embed
        self._places: dict[tuple[int, int], int] = {}
        self._all: Features | None = None

    @property
    def can_be_made(self) -> bool:
        return self._embed is not None

    def features(self, rows: Integers, numbers: Integers) -> Features:
        assert self._embed is not None
        keys = list(zip(rows.tolist(), numbers.tolist(), strict=True))
        new = [key for key in keys if key not in self._places]
        if new:
            wanted = np.array(new, np.int64)
            made = np.asarray(self._embed(wanted[:, 0], wanted[:, 1]), np.float32)
            self._places.update(zip(new, range(len(self._places), len(self._places) + len(new)), strict=True))
            self._all = made if self._all is None else np.concatenate([self._all, made])
        assert self._all is not None
        return self._all[[self._places[key] for key in keys]]


class _Run:
    """One division of the samples, and what models trained on its one part say of the other."""

    def __init__(
        self,
        labels: Integers,
        features: Features,
        repeats: Repeats,
        part: Part,
        options: Options,
        num_classes: int,
        *,
        given: bool,
        without: Sequence[str],
    ) -> None:
        self.train, self.options, self.num_classes, self.given = part.train, options, num_classes, given
        self.labels, self.without, self.features = labels[part.train], tuple(without), features
        own_groups, judged_groups = repeats.group[part.train], repeats.group[part.held_out]
        alone = partners(judged_groups, own_groups) < 0
        twin = partners(own_groups, judged_groups)
        self.repeats, self.twin_of = repeats.among(part.train), np.where(twin >= 0, part.held_out[twin], -1)
        self.repeated, self.judged_by = int((~alone).sum()), part.held_out[alone]
        self.truth = labels[self.judged_by]
        self.answers: dict[str, Answers] = {}
        self.rows: dict[str, int] = {}
        self.suspected = np.nan

    def key(self, inputs: str) -> str:
        """Return the key of the answers."""
        return key_of(
            _VERSION, inputs, self.train, self.judged_by, self.labels, self.truth, self.repeats.repeat_of,
            self.repeats.group, self.twin_of, self.num_classes, self.given, self.without,
            replace(self.options, budget=0, runs=1),
        )  # fmt: skip

    def remember(self, found: Mapping[str, Any]) -> None:
        """Take the answers that `try_all` returned."""
        self.suspected = float(found["suspected"])
        columns = (found[name] for name in ("names", "rows", "predictions", "losses"))
        for name, rows, predictions, losses in zip(*columns, strict=True):
            self.answers[str(name)] = Answers(self.truth, predictions, losses, self.num_classes)
            self.rows[str(name)] = int(rows)

    def try_all(self, copies: _Copies, told: Callable[[int, int], None]) -> dict[str, Any]:
        """Find what is wrong, then train and judge a model for each change; return the answers of all."""
        # Directions are found once for all trials, and without the held-out samples; smaller, too.
        self.own = some_rows(self.features, self.train)
        self.directions = Directions.of(self.own)
        self.points, self.judged = self.directions(self.own), self.directions(self.features[self.judged_by])
        self._fitted: dict[bytes, Features] = {}
        scores = score(self.points, self.labels, self.num_classes, options=self.options, repeats=self.repeats)
        recipes = self._recipes(scores, copies)
        of = len(recipes) + 1
        told(1, of)
        for done, (name, proposals) in enumerate(recipes.items(), start=2):
            logits, counts = self._judged_after(proposals(), copies)
            if name == MENDED_ADJUSTED:
                logits = adjusted(logits, counts)
            self._keep(name, logits, int(counts.sum()))
            if name == AS_IT_IS:
                self.suspected = suspected(logits, self.truth)
                if self.options.target in EVEN_TARGETS:
                    self._keep(ADJUSTED, adjusted(logits, counts), int(counts.sum()))
            told(done, of)
        del self.own, self.points, self.judged, self._fitted
        answers = list(self.answers.values())
        return {
            "names": list(self.answers),
            "rows": list(self.rows.values()),
            "predictions": np.stack([each.predictions for each in answers]),
            "losses": np.stack([each.losses for each in answers]),
            "suspected": self.suspected,
        }

    def _recipes(self, scores: Scores, copies: _Copies) -> dict[str, Callable[[], Proposals]]:
        """Return what makes the proposals of each trial; a change by itself is proposed as if it were the only one."""
        options = replace(self.options, budget=0)  # what to annotate changes nothing here
        plain = replace(options, target="accuracy")  # adds nothing
        no_issues = {"issue": np.zeros(len(self.labels), bool)}
        no_repeats = {"repeat_of": np.full(len(self.labels), -1)}
        twins = self.twin_of if self.given else None

        def found(options: Options, twins: Integers | None, **without: Any) -> Proposals:
            scored = replace(scores, **without)
            return mend(self.labels, scored, self.num_classes, options, features=self.own, held_out=twins)

        recipes: dict[str, Callable[[], Proposals]] = {
            AS_IT_IS: lambda: found(plain, None).without(ACTIONS),
            REPEATS: lambda: found(plain, twins, **no_issues),
            LABELS: lambda: found(plain, None, **no_repeats),
        }
        even = options.target in EVEN_TARGETS
        for fill, name in TRIAL_OF_FILL.items() if even else ():
            if copies.can_be_made or fill in OF_FEATURES:
                recipes[name] = partial(found, replace(options, fill=fill), None, **no_issues, **no_repeats)
        recipes[ALL] = lambda: found(options, twins).without(self.without)
        if even:
            recipes[MENDED_ADJUSTED] = lambda: found(plain, twins).without(self.without)
        return recipes

    def _judged_after(self, proposals: Proposals, copies: _Copies) -> tuple[Features, Integers]:
        """Train on what is proposed; return logits of the held-out samples, and the samples of each class."""
        after = proposals.labels_after(self.labels)
        kept = np.flatnonzero(after >= 0)
        sources, numbers = proposals.copies()
        between = proposals.between()
        y = np.concatenate([after[kept], after[sources], after[between[0]]])
        key = b";".join(part.tobytes() for part in (after, sources, numbers, *between))
        if key not in self._fitted:
            X = self.points if len(kept) == len(after) else self.points[kept]
            if len(sources):
                X = np.concatenate([X, self.directions(copies.features(self.train[sources], numbers))])
            if len(between[0]):  # of features and of their directions alike, since these are linear
                X = np.concatenate([X, balance.interpolate(self.points, *between)])
            model = Linear().fit(X, y, self.num_classes, added=len(y) - len(kept), seed=self.options.seed)
            self._fitted[key] = model.logits(self.judged)
        return self._fitted[key], _counted(y, self.num_classes)

    def _keep(self, name: str, logits: npt.NDArray[Any], rows: int) -> None:
        self.answers[name], self.rows[name] = Answers.of(logits, self.truth), rows


def suspected(logits: npt.NDArray[Any], labels: Integers) -> float:
    """Return the share of labels that a model contradicts where it is surest, a tenth: there it errs least."""
    odds = np.exp(np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True))
    surest = np.argsort(odds.sum(axis=1), kind="stable")[: max(_LEAST_SURE, len(labels) // 10)]
    return float(np.mean(logits[surest].argmax(axis=1) != labels[surest]))


def adjusted(logits: npt.NDArray[Any], counts: Integers) -> npt.NDArray[Any]:
    """Take how frequent classes were in training out of logits; a class that was not there stays as it is."""
    return np.asarray(logits - np.log(np.maximum(counts, 1) / max(1, counts.sum())))


def _counted(labels: Integers, num_classes: int) -> Integers:
    return np.asarray(np.bincount(labels, minlength=num_classes), np.int64)


def _proof(runs: list[_Run], options: Options, num_classes: int, *, given: bool) -> Proof:
    before = [run.answers[AS_IT_IS] for run in runs]
    trained, judged = len(runs[0].train), len(before[0].labels)
    trials = []
    for name in runs[0].answers:
        after = [run.answers[name] for run in runs]
        measured = [each.measures() for each in after]
        measures = {target: tuple(one[target] for one in measured) for target in TARGETS}
        gains = {}
        if name != AS_IT_IS:
            differences = [gains_of(a.measures(), b) for a, b in zip(before, measured, strict=True)]
            shared = [
                sampling_variances(a, b, options.seed) if given else dict.fromkeys(TARGETS, 0.0)
                for a, b in zip(before, after, strict=True)
            ]
            gains = {
                target: gain(
                    [each[target] for each in differences],
                    shared=float(np.mean([each[target] for each in shared])),
                    overlap=0.0 if given else judged / trained,
                )
                for target in TARGETS
            }
        recall = np.stack([each.recall() for each in after])
        trials.append(Trial(name, measures, recall, gains, tuple(run.rows[name] for run in runs)))
    return Proof(
        tuple(trials),
        options.target,
        _how_judged(runs, given),
        np.mean([np.bincount(run.labels, minlength=num_classes) for run in runs], axis=0),
        np.mean([np.bincount(each.labels, minlength=num_classes) for each in before], axis=0),
        float(np.mean([run.suspected for run in runs])),
        max(run.repeated for run in runs),
        "copies" if options.fill == "auto" else options.fill,
    )


def _how_judged(runs: list[_Run], given: bool) -> str:
    number = len(runs[0].truth)
    if given:
        text = f"Judged by {number:,} samples of the test part that came with the data"
        text += f"; in each of {len(runs)} runs trained on other {100 * KEPT:.0f} % of the training part."
    else:
        text = f"Judged by about {number:,} samples that were put aside, another part of {QUARTERS} in each of "
        text += f"{len(runs)} runs."
    repeated = max(run.repeated for run in runs)
    if repeated:
        text += f" {repeated:,} more were not judged by, since they repeat one that was trained on."
    return text
