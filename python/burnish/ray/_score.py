# SPDX-License-Identifier: Apache-2.0
"""Scores of hardness and of label quality as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.hardness import scores as hardness_scores
from burnish.quality._scores import SCORES as QUALITY
from burnish.quality._scores import label_scores
from burnish.ray._columns import Batch, column, matrix_column, one_of, threads

_NEED_LABELS = (*QUALITY, "cross_entropy", "el2n", "correct", "rank_of_label")
_ALL = (*_core.SCORES, *_core.QUALITY_SCORES)


class Score:
    """A stage for ``Dataset.map_batches`` that adds scores of each sample as columns.

    Parameters
    ----------
    which : str or sequence of str, default ("entropy", "self_confidence", "logit_margin")
        Names of scores, of `burnish.hardness.scores` and of `burnish.quality.label_scores`.
    logits, probs : str
        The column of predictions, one of them: vectors of one length.
    labels : str, default "label"
        The column of given classes, for scores that need them; -1 says that a sample has none.
    temperature : float, default 1.0
        Logits are divided by it first.
    prefix : str, default ""
        Put before the names of the new columns.
    num_threads : int, default 1
        Of each worker.

    Raises
    ------
    TypeError, ValueError
        If an argument or a column is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.ray import Score
    >>> stage = Score(("entropy", "logit_margin"), logits="logits")
    >>> batch = stage({"logits": np.array([[2.0, 1.0], [0.0, 0.0]]), "label": np.array([0, 1])})
    >>> batch["logit_margin"]
    array([1., 0.])
    """

    def __init__(
        self,
        which: str | Sequence[str] = ("entropy", "self_confidence", "logit_margin"),
        *,
        logits: str | None = None,
        probs: str | None = None,
        labels: str = "label",
        temperature: float = 1.0,
        prefix: str = "",
        num_threads: int = 1,
    ) -> None:
        names = (which,) if isinstance(which, str) else tuple(which)
        unknown = [name for name in names if name not in _ALL]
        if unknown or not names:
            given = f"has {unknown[0]!r}" if unknown else "is empty"
            raise ValueError(f"Score: 'which' {given}; accepted: {', '.join(dict.fromkeys(_ALL))}")
        self.predictions = one_of("Score", logits, probs)
        self._kind = "logits" if probs is None else "probs"
        # The margin of the label is a score of both; that of quality knows samples without a label.
        self._of_quality = tuple(name for name in names if name in QUALITY)
        self._of_hardness = tuple(name for name in names if name not in QUALITY)
        self.which, self.labels, self.prefix = names, labels, prefix
        self.temperature = check.real("Score", "temperature", temperature, 0)
        self.num_threads = check.integer("Score", "num_threads", num_threads, 1, 1024)

    def __call__(self, batch: Batch) -> dict[str, Any]:
        """Return the batch with the scores beside the other columns."""
        given: dict[str, Any] = {
            self._kind: matrix_column("Score", batch, self.predictions),
            "temperature": self.temperature,
        }
        labels = column("Score", batch, self.labels) if set(self.which) & set(_NEED_LABELS) else None
        if not len(given[self._kind]):  # Arrow's lists do not tell how many classes no rows have
            return {**batch, **{self.prefix + name: np.empty(0) for name in self.which}}
        found: dict[str, Any] = {}
        with threads(self.num_threads):
            if self._of_hardness:
                found |= hardness_scores(labels=labels, which=self._of_hardness, **given)
            if self._of_quality:
                found |= label_scores(labels=labels, which=self._of_quality, **given)
        return {**batch, **{self.prefix + name: found[name] for name in self.which}}


def score(
    ds: Any,
    which: str | Sequence[str] = ("entropy", "self_confidence", "logit_margin"),
    *,
    logits: str | None = None,
    probs: str | None = None,
    labels: str = "label",
    temperature: float = 1.0,
    prefix: str = "",
    num_threads: int = 1,
    **options: Any,
) -> Any:
    """Add scores of each sample to a data set, as columns.

    Parameters
    ----------
    ds : ray.data.Dataset
    which, logits, probs, labels, temperature, prefix, num_threads
        As of `Score`.
    **options
        Of ``Dataset.map_batches``, such as ``batch_size``.

    Returns
    -------
    ray.data.Dataset
        Scored when it is read. For the hardest of all, a table by class or a histogram see `accumulate`.
    """
    stage = Score(
        which, logits=logits, probs=probs, labels=labels, temperature=temperature, prefix=prefix,
        num_threads=num_threads,
    )  # fmt: skip
    return ds.map_batches(stage, batch_format="numpy", zero_copy_batch=True, **options)
