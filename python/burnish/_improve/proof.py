# SPDX-License-Identifier: Apache-2.0
"""What a proof says: how good models are that were trained on the set as it is and as it was changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._improve.options import LOSS, OF_FEATURES, TARGETS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AS_IT_IS, ALL = "as it is", "all"
REPEATS, LABELS = "repeats dropped", "labels mended"
COPIES, SMOTE = "filled up with copies", "filled up by SMOTE"
ADJUSTED, MENDED_ADJUSTED = "outputs adjusted", "mended, outputs adjusted"
OF_OUTPUTS = (ADJUSTED, MENDED_ADJUSTED)  # rivals of copies: they change what a model says, and add no rows

TRIAL_OF_FILL = {"copies": COPIES, "smote": SMOTE}  # by `Options.fill`

CHANGES = {  # what one change is made of
    REPEATS: "drop-repeat,drop-leak", LABELS: "relabel,drop-label", COPIES: "copy", SMOTE: "interpolate",
}  # fmt: skip

HELPED, HARMED, NOT_SHOWN, NOTHING = "helped", "harmed", "not shown to help", "changed nothing"

_LEAST_PROBABILITY = 1e-15
_MANY_SUSPECTED = 0.005  # of the held-out labels; less is said to be 0 %
_DRAWS = 200  # of the held-out part; its sampling error needs no more digits


@dataclass(frozen=True)
class Answers:
    """What a model says of the held-out samples.

    Attributes
    ----------
    labels : int64 array of shape (N,)
    predictions : int64 array of shape (N,)
    losses : float64 array of shape (N,)
        Negative logarithm of the label's probability.
    num_classes : int
        K.
    """

    labels: Integers
    predictions: Integers
    losses: Floats
    num_classes: int

    @classmethod
    def of(cls, logits: npt.NDArray[Any], labels: Integers) -> Answers:
        """Take them from logits of shape (N, K)."""
        shifted = np.asarray(logits, np.float64)
        shifted = shifted - shifted.max(axis=1, keepdims=True, initial=-np.inf)
        own = shifted[np.arange(len(labels)), labels]
        losses = np.minimum(np.log(np.exp(shifted).sum(axis=1)) - own, -math.log(_LEAST_PROBABILITY))
        return cls(labels, shifted.argmax(axis=1), losses, shifted.shape[1])

    def recall(self) -> Floats:
        """Return the part of each class that is right, NaN for a class without samples."""
        confusion = self._confusion(None)
        sizes = confusion.sum(axis=1)
        recall: Floats = np.divide(confusion.diagonal(), sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
        return recall

    def measures(self, chosen: Integers | None = None) -> dict[str, float]:
        """Return all measures, of all samples or of those chosen, which may repeat."""
        confusion = self._confusion(chosen)
        sizes, predicted, right = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
        there = sizes > 0  # what has no held-out sample has no recall, and cannot count
        return {
            "balanced-accuracy": float((right[there] / sizes[there]).mean()),
            "accuracy": float(right.sum() / sizes.sum()),
            "macro-f1": float((2 * right[there] / (sizes + predicted)[there]).mean()),
            LOSS: float((self.losses if chosen is None else self.losses[chosen]).mean()),
        }

    def _confusion(self, chosen: Integers | None) -> Integers:
        k, cells = self.num_classes, self.labels * self.num_classes + self.predictions
        return np.bincount(cells if chosen is None else cells[chosen], minlength=k * k).reshape(k, k)


def gains_of(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each measure is better; of the log loss, by how much it is less."""
    return {name: (before[name] - after[name]) * (1 if name == LOSS else -1) for name in TARGETS}


def sampling_variances(before: Answers, after: Answers, seed: int) -> dict[str, float]:
    """Return the variance of each gain over held-out parts that might have been drawn, as many of each class."""
    rng = np.random.default_rng(seed)
    order = np.argsort(before.labels, kind="stable")
    sizes = np.bincount(before.labels, minlength=before.num_classes)
    starts, spans = np.repeat(np.cumsum(sizes) - sizes, sizes), np.repeat(sizes, sizes)
    gains = []
    for _ in range(_DRAWS):
        chosen = order[starts + rng.integers(0, spans)]
        gains.append(gains_of(before.measures(chosen), after.measures(chosen)))
    return {name: float(np.var([gain[name] for gain in gains], ddof=1)) for name in TARGETS}


@dataclass(frozen=True)
class Gain:
    """By how much a measure is better than with the set as it is; positive is better, for the log loss too.

    Attributes
    ----------
    mean, deviation : float
        Of the paired differences of the runs.
    low, high : float
        Ends of the 95 % interval of the mean; NaN where there is one run with nothing to tell its spread.
    verdict : {"helped", "harmed", "not shown to help", "changed nothing"}
    """

    mean: float
    deviation: float
    low: float
    high: float
    verdict: str

    def difference(self, measure: str) -> tuple[float, float, float]:
        """Return mean and interval of after - before; a gain in log loss is a fall."""
        return (-self.mean, -self.high, -self.low) if measure == LOSS else (self.mean, self.low, self.high)


def gain(differences: Sequence[float], *, shared: float = 0.0, overlap: float = 0.0) -> Gain:
    """Judge the differences of paired runs.

    Parameters
    ----------
    differences : sequence of R floats
    shared : float
        Variance that all runs have in common, since they were judged on one and the same held-out part.
    overlap : float
        Held-out samples over those to train on, where each run has a held-out part of its own: runs that share samples
        to train on are less independent than they look.

    Returns
    -------
    Gain

    Notes
    -----
    The variance of the mean is ``s**2 (1 / R + overlap) + shared``, with the s of the runs: Nadeau and Bengio's
    correction, and Welch and Satterthwaite's degrees of freedom for the sum (the shared part, of hundreds of draws,
    counts as known).

    References
    ----------
    C. Nadeau, Y. Bengio, Inference for the generalization error, Machine Learning 52, 2003.
    """
    values = np.asarray(differences, np.float64)
    mean, runs = float(values.mean()), len(values)
    deviation = float(values.std(ddof=1)) if runs > 1 else math.nan
    if not values.any():
        return Gain(0.0, 0.0, 0.0, 0.0, NOTHING)
    own = deviation**2 * (1 / runs + overlap) if runs > 1 else 0.0
    variance = own + shared
    if runs < 2 and shared == 0:
        return Gain(mean, deviation, math.nan, math.nan, NOT_SHOWN)
    freedom = math.inf if own == 0 else (runs - 1) * (variance / own) ** 2
    half = _student(freedom) * math.sqrt(variance)
    low, high = mean - half, mean + half
    return Gain(mean, deviation, low, high, HELPED if low > 0 else HARMED if high < 0 else NOT_SHOWN)


def _student(freedom: float) -> float:
    """Return the 97.5 % point of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975)) if freedom < 1e6 else 1.959963984540054


@dataclass(frozen=True)
class Trial:
    """A change of the set, and how good the models are that were trained after it.

    Attributes
    ----------
    name : str
        Of the change: "as it is", "repeats dropped", "labels mended", "filled up with copies", "filled up by SMOTE",
        "all"; and, to compare with, "outputs adjusted" and "mended, outputs adjusted", which add no rows.
    measures : dict of str to tuple of R floats
        By the names of targets.
    recall : float64 array of shape (R, K)
        The part of each class that was right, NaN where the held-out part has none of it.
    gains : dict of str to Gain
        Of each measure; none for the set as it is.
    rows : tuple of R int
        How many were trained on, those that were added among them.
    """

    name: str
    measures: Mapping[str, tuple[float, ...]]
    recall: Floats
    gains: Mapping[str, Gain] = field(default_factory=dict)
    rows: tuple[int, ...] = ()

    def mean_recall(self) -> Floats:
        """Return the mean over the runs that have it, NaN for a class that was never held out."""
        is_there = ~np.isnan(self.recall)
        runs = is_there.sum(axis=0)
        sums = np.where(is_there, self.recall, 0.0).sum(axis=0)
        means: Floats = np.divide(sums, runs, out=np.full(len(runs), np.nan), where=runs > 0)
        return means


@dataclass(frozen=True)
class Proof:
    """Whether the changes help.

    Attributes
    ----------
    trials : tuple of Trial
        "as it is" first. Empty where nothing could be held out; `judged` says why.
    target : str
        The measure that was to rise.
    judged : str
        A sentence or two on what models were judged by.
    trained, held_out : float64 arrays of shape (K,)
        Samples of each class to train on, before changes, and to judge by; means of the runs.
    suspected : float
        The share of held-out labels that a model contradicts where it is surest: about so many are wrong themselves.
    repeated : int
        Held-out samples that were not judged by, since they repeat one that was trained on; the most in a run.
    fill : {"copies", "smote"}
        How "all" fills up rare classes; other ways are tried by themselves only.
    """

    trials: tuple[Trial, ...]
    target: str
    judged: str
    trained: Floats
    held_out: Floats
    suspected: float = math.nan
    repeated: int = 0
    fill: str = "copies"

    def trial(self, name: str) -> Trial | None:
        """Return one of the trials, if it was made."""
        return next((trial for trial in self.trials if trial.name == name), None)

    @property
    def parts(self) -> list[Trial]:
        """The changes that "all" is made of, each by itself."""
        others = {name for fill, name in TRIAL_OF_FILL.items() if fill != self.fill}
        return [trial for trial in self.trials if trial.name in CHANGES and trial.name not in others]

    def gained(self, trial: Trial) -> Gain:
        """Return what a trial gained in the target."""
        return trial.gains[self.target]

    @property
    def headline(self) -> Gain | None:
        """By how much all changes together raise the target."""
        trial = self.trial(ALL)
        return None if trial is None else self.gained(trial)

    def alone(self, verdict: str) -> list[Trial]:
        """Return the changes of which by themselves this is the verdict."""
        return [trial for trial in self.parts if self.gained(trial).verdict == verdict]

    def better_alone(self) -> Trial | None:
        """Return the one change that by itself helped more than all together, in every run, if there is one."""
        after, best = self.trial(ALL), self._best(self.alone(HELPED))
        if after is None or best is None:
            return None
        differences = np.subtract(best.measures[self.target], after.measures[self.target])
        return best if (differences * (-1 if self.target == LOSS else 1) > 0).all() else None

    def best_rival(self) -> Trial | None:
        """Return what gained most of what is cheaper than to add rows, if it was tried."""
        return self._best([trial for trial in self.trials if trial.name in OF_OUTPUTS])

    def _best(self, trials: Sequence[Trial]) -> Trial | None:
        return max(trials, key=lambda trial: self.gained(trial).mean, default=None)

    @property
    def doubts_labels(self) -> bool:
        """Whether enough of the held-out labels look wrong to say so."""
        return self.suspected >= _MANY_SUSPECTED

    def table(self) -> dict[str, list[Any]]:
        """Return columns: a row for each trial and measure."""
        columns: dict[str, list[Any]] = {
            name: [] for name in ("change", "measure", "mean", "deviation", "gain", "low", "high", "verdict", "rows")
        }
        for trial in self.trials:
            for measure, values in trial.measures.items():
                found = trial.gains.get(measure)
                deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
                gained = (0.0, 0.0, 0.0, "") if found is None else (found.mean, found.low, found.high, found.verdict)
                cells = (trial.name, measure, float(np.mean(values)), deviation, *gained, float(np.mean(trial.rows)))
                for column, cell in zip(columns.values(), cells, strict=True):
                    column.append(cell)
        return columns

    def conclusions(self) -> list[str]:
        """Say in a few sentences what the proof shows, and what it does not."""
        if self.headline is None:
            return [self.judged]
        said = [_sentence("All changes together", self.headline, self.target)]
        for verdict in (HELPED, HARMED, NOT_SHOWN):
            names = [trial.name for trial in self.alone(verdict)]
            if names:
                said.append(f"By themselves {verdict}: {', '.join(names)}.")
            if names and verdict == HARMED:
                actions = ",".join(CHANGES[name] for name in names)
                said.append(f"Leave them out: --without {actions}.")
        said += [*self._beside_rivals(), *self.other_fill()]
        if self.doubts_labels:
            share = f"{100 * self.suspected:.0f} %"
            said.append(
                f"A model contradicts {share} of the held-out labels where it is surest: so many may be wrong. They "
                "were left as they are, so that a model that is right about them counts as wrong."
            )
        return said

    def other_fill(self) -> list[str]:
        """Say so if rare classes were better filled up in another way."""
        own = self.trial(TRIAL_OF_FILL[self.fill])
        best = self._best([trial for trial in self.trials if trial.name in TRIAL_OF_FILL.values()])
        if own is None or best is None or self.gained(best).mean <= self.gained(own).mean:
            return []
        gains = f"{self._signed(best)} against {self.gained(own).difference(self.target)[0]:+.3f}"
        fill = next(fill for fill, name in TRIAL_OF_FILL.items() if name == best.name)
        where = f"where you train on {'features' if fill in OF_FEATURES else 'images'}"
        return [f'"{best.name}" gained more than "{own.name}" by itself, {gains}: --fill {fill}, {where}.']

    def _beside_rivals(self) -> list[str]:
        """Compare with what is cheaper than to add rows."""
        headline, best = self.headline, self.best_rival()
        if headline is None or best is None:
            return []
        how = "no rows at all" if best.name == ADJUSTED else "wrong labels and repeats, but adding nothing"
        word = "does as well or better" if self.gained(best).mean >= headline.mean else "does less"
        what = f"Adjusting a model's outputs by how frequent classes were, changing {how}, {word}"
        return [f"{what}: {self._signed(best)}."]

    def _signed(self, trial: Trial) -> str:
        return _signed(self.gained(trial), self.target)


def _sentence(what: str, found: Gain, target: str) -> str:
    if found.verdict == NOTHING:
        return f"{what} changed nothing."
    _, low, high = found.difference(target)
    interval = "" if math.isnan(low) else f" (95 %: {low:+.3f} to {high:+.3f})"
    text = f"{_signed(found, target)}{interval}"
    if found.verdict == NOT_SHOWN:
        return f"{what} were not shown to help: {text}."
    return f"{what} {found.verdict}: {text}."


def _signed(found: Gain, target: str) -> str:
    return f"{target.replace('-', ' ')} {found.difference(target)[0]:+.3f}"
