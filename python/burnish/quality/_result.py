# SPDX-License-Identifier: Apache-2.0
"""What `find_label_issues` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LabelIssues:
    """Samples whose label is probably wrong, worst first, ties by index; `str` prints the first of them.

    Attributes
    ----------
    indices : int64 array of shape (K,)
        The samples.
    scores : float64 array of shape (K,)
        Their scores by `rank_by`, lowest first.
    labels : int64 array of shape (K,)
        Their given classes.
    suggested : int64 array of shape (K,)
        The likeliest class other than the given one.
    num_samples : int
        How many samples were judged or could not be.
    invalid : int64 array of shape (M,)
        Samples whose predictions are no distribution (NaN, infinite, negative or all 0), ascending. Nothing can be said
        about their labels: they are in no other attribute.
    filter_by, rank_by : str
        How they were chosen and ordered.
    """

    indices: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    suggested: npt.NDArray[np.int64]
    num_samples: int
    invalid: npt.NDArray[np.int64]
    filter_by: str
    rank_by: str

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Whether each sample is an issue, shape (num_samples,)."""
        mask = np.zeros(self.num_samples, np.bool_)
        mask[self.indices] = True
        return mask

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[tuple[int, float, int, int]]:
        """Yield ``(index, score, given label, suggested label)``, worst first."""
        return iter(
            zip(
                self.indices.tolist(),
                self.scores.tolist(),
                self.labels.tolist(),
                self.suggested.tolist(),
                strict=True,
            )
        )

    def __str__(self) -> str:
        share = f" ({100 * len(self) / self.num_samples:.1f} %)" if self.num_samples else ""
        lines = [f"{len(self)} of {self.num_samples} labels{share} look wrong, by {self.filter_by}"]
        lines.append(f"{'index':>10}  {self.rank_by:>17}  {'label':>6}  {'suggested':>9}")
        for place, (index, score, label, suggested) in enumerate(self):
            if place == 10:
                lines.append(f"{'...':>10}")
                break
            lines.append(f"{index:>10}  {score:>17.4f}  {label:>6}  {suggested:>9}")
        if len(self.invalid):
            lines.append(f"without a distribution: {len(self.invalid)}")
        return "\n".join(lines)
