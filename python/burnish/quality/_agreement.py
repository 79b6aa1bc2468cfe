# SPDX-License-Identifier: Apache-2.0
"""How far annotators agree beyond chance, by the libraries that are made for it."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish._array import to_numpy
from burnish._extras import needs_extra
from burnish.quality._annotators import label_table

Method = Literal["cohen", "fleiss", "krippendorff"]


def agreement(labels: Any, method: Method = "krippendorff") -> float:
    """Compute a coefficient of agreement between annotators: 1 is perfect, 0 what chance gives.

    Parameters
    ----------
    labels : array of shape (N, annotators)
        Classes from 0; -1 or NaN where an annotator gave none. Integers, float32, float64, or a data frame.
    method : {"krippendorff", "fleiss", "cohen"}, default "krippendorff"
        Krippendorff's alpha for nominal classes, which allows for missing labels (the library `krippendorff`); Fleiss'
        kappa, which does not (`statsmodels`); the mean of Cohen's kappa over all pairs of annotators, each on the
        samples that both labeled (`scikit-learn`).

    Returns
    -------
    float
        Up to 1. NaN where chance alone would agree always (a single class was given), or no two annotators share a
        sample.

    Raises
    ------
    MissingExtraError
        Where the library is not installed.
    TypeError, ValueError
        If a shape or dtype is wrong, `method` is none of these, or labels are missing with "fleiss".

    References
    ----------
    J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 1960.

    J. L. Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76, 1971.

    A. F. Hayes, K. Krippendorff, Answering the call for a standard reliability measure for coding data, Communication
    Methods and Measures 1, 2007.

    Examples
    --------
    >>> from burnish import quality
    >>> round(quality.agreement([[0, 0], [1, 1], [0, 1], [1, 1]], "cohen"), 3)
    0.5
    """
    methods = {"krippendorff": _krippendorff, "fleiss": _fleiss, "cohen": _cohen}
    if method not in methods:
        raise ValueError(f"agreement: 'method' is {method!r}; accepted: {', '.join(map(repr, methods))}")
    table = _classes(labels)
    shared = (table >= 0).sum(axis=1) > 1
    if len(np.unique(table[shared][table[shared] >= 0])) < 2:
        return float("nan")
    return methods[method](table)


def _classes(labels: Any) -> npt.NDArray[np.int64]:
    table = to_numpy(label_table("agreement", labels))
    if table.ndim != 2:
        raise ValueError(f"agreement: 'labels' must be 2-D (N, annotators), got shape {table.shape}")
    if table.dtype.kind not in "iuf":
        raise TypeError(f"agreement: 'labels' has dtype {table.dtype}; accepted: integers, float32, float64")
    values = np.where(np.isnan(table), -1, table) if table.dtype.kind == "f" else table
    wrong = (values < -1) | (values != np.floor(values)) | (values >= 1 << 24)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"agreement: 'labels' is {table[row, column]} in row {row}, column {column}; "
            "accepted: whole numbers from 0, -1 or NaN for none"
        )
    return values.astype(np.int64)


def _krippendorff(table: npt.NDArray[np.int64]) -> float:
    with needs_extra("annotators"):
        import krippendorff
    return float(krippendorff.alpha(np.where(table < 0, np.nan, table.astype(float)).T, level_of_measurement="nominal"))


def _fleiss(table: npt.NDArray[np.int64]) -> float:
    with needs_extra("annotators"):
        from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
    if (table < 0).any():
        row = int((table < 0).any(axis=1).argmax())
        raise ValueError(
            f"agreement: row {row} of 'labels' lacks a label; accepted with 'fleiss': complete rows "
            "('krippendorff' allows for missing labels)"
        )
    return float(fleiss_kappa(aggregate_raters(table)[0], method="fleiss"))


def _cohen(table: npt.NDArray[np.int64]) -> float:
    with needs_extra("annotators"):
        from sklearn.metrics import cohen_kappa_score
    found = []
    for one, other in combinations(table.T, 2):
        both = (one >= 0) & (other >= 0)
        if not both.any():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # undefined for a pair that gave a single class: left out below
            found.append(float(cohen_kappa_score(one[both], other[both])))
    known = [kappa for kappa in found if not np.isnan(kappa)]
    return float(np.mean(known)) if known else float("nan")
