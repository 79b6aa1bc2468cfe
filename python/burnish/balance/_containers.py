# SPDX-License-Identifier: Apache-2.0
"""What goes in comes out: NumPy, pandas, SciPy sparse, torch and lists are checked, taken apart and put together."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import get_config
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _get_feature_names, _num_samples

from burnish import _check as check
from burnish._array import is_on_gpu, is_torch, to_numpy
from burnish.balance._labels import Indices, Labels

_ROWS_AT_ONCE = 1 << 14


def is_frame(x: Any) -> bool:
    """Whether `x` is a pandas DataFrame."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.DataFrame)


def is_series(x: Any) -> bool:
    """Whether `x` is a pandas Series."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.Series)


def read_labels(y: Any) -> tuple[Labels, bool]:
    """Return the labels, and whether they were given as one column per class."""
    check.no_mask("fit_resample", "y", y)
    values = on_host(y)
    if is_series(values) and values.dtype.kind in "biOU":
        values = np.asarray(values)
    one_hot = False
    if not _is_plain(values):
        values, one_hot = _read_other_labels(values)
    labels = Labels(values)
    if len(labels) > 20 and 2 * len(labels.classes) > len(labels):
        check_classification_targets(values)  # warns that this looks like a regression
    return labels, one_hot


def _is_plain(values: Any) -> bool:
    """Whether these labels need none of scikit-learn's detective work."""
    if not isinstance(values, np.ndarray) or values.ndim != 1 or not len(values):
        return False
    return values.dtype.kind in "biuU" or (values.dtype.kind == "O" and isinstance(values[0], str))


def _read_other_labels(y: Any) -> tuple[npt.NDArray[Any], bool]:
    if isinstance(y, np.ndarray) and y.dtype.kind == "f" and not np.isfinite(y).all():
        row = np.argwhere(~np.isfinite(y))[0, 0]
        raise ValueError(f"Input y contains NaN or infinity, first in row {row}; accepted: labels without gaps")
    check_classification_targets(y)
    if type_of_target(y) != "multilabel-indicator":
        return column_or_1d(y), False
    indicator = y.toarray() if sparse.issparse(y) else np.asarray(y)
    per_row = indicator.sum(axis=1)
    if np.any(per_row > 1):
        raise ValueError(
            "'y' marks more than one class in a row; accepted: binary and multiclass labels, or one column per class. "
            "Multilabel and multioutput targets are not supported."
        )
    if np.any(per_row == 0):
        raise ValueError(f"'y' marks no class in row {np.argmin(per_row)}; accepted: a single 1 in each row")
    return indicator.argmax(axis=1), True


def read_numbers(sampler: Any, X: Any, columns: Any = None) -> Any:
    """Return X as a matrix of finite numbers: NumPy array, CSR, CSC, or a torch tensor on a GPU.

    `columns` are those of the caller's X, if this is a part of it.
    """
    call = type(sampler).__name__
    check.no_mask(call, "X", X)
    if is_torch(X):
        X = _read_tensor(call, X)
    if not _is_plain_matrix(X) and not is_on_gpu(X):
        X = check_array(
            X, accept_sparse=("csr", "csc"), dtype="numeric", ensure_all_finite=False, estimator=sampler, input_name="X"
        )
        if X.dtype.kind == "f" and X.dtype.itemsize > 8:
            X = X.astype(np.float64)
        if not X.dtype.isnative:
            X = X.astype(X.dtype.newbyteorder("="))
    if not get_config()["assume_finite"]:
        _refuse_not_finite(sampler, X, columns)
    return X


def read_anything(sampler: Any, X: Any) -> Any:
    """Return X as it is if it is a data frame, else as a matrix of whatever it holds, NaN included."""
    call = type(sampler).__name__
    check.no_mask(call, "X", X)
    if is_torch(X):
        return _read_tensor(call, X)
    rows = _num_samples(X)
    if rows < 1:
        raise ValueError(f"{call}: 'X' has 0 sample(s); Found array with 0 sample(s) while a minimum of 1 is required.")
    if is_frame(X) or _is_plain_matrix(X):
        return X
    return check_array(X, accept_sparse=("csr", "csc"), dtype=None, ensure_all_finite=False, estimator=sampler)


def _is_plain_matrix(X: Any) -> bool:
    if type(X) is not np.ndarray or X.ndim != 2 or not X.size:
        return False
    return X.dtype.kind in "fiu" and X.dtype.itemsize <= 8 and X.dtype.isnative


def _read_tensor(call: str, X: Any) -> Any:
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"{call}: 'X' has shape {tuple(X.shape)}; accepted: 2-D (rows, features), neither of them 0")
    if X.is_complex() or str(X.dtype) == "torch.bfloat16":
        raise TypeError(f"{call}: 'X' has dtype {X.dtype}; accepted: float16, float32, float64 and integers")
    return X.detach() if is_on_gpu(X) else to_numpy(X)


def _refuse_not_finite(sampler: Any, X: Any, columns: Any) -> None:
    values = X.data if sparse.issparse(X) else X
    if is_torch(X):
        if not X.dtype.is_floating_point or sys.modules["torch"].isfinite(X).all():
            return
        values = to_numpy(X)
    if values.dtype.kind != "f":
        return
    with np.errstate(all="ignore"):  # one pass; finite numbers may overflow, and then each is looked at
        if np.isfinite(values.sum(dtype=np.float64 if values.dtype.itemsize < 4 else None)):
            return
    if sparse.issparse(X):
        where = np.flatnonzero(~np.isfinite(values))
        if len(where):
            coordinates = X.tocoo()
            _raise_not_finite(sampler, coordinates.row, coordinates.col, coordinates.data, columns)
        return
    for start in range(0, len(values), _ROWS_AT_ONCE):
        part = values[start : start + _ROWS_AT_ONCE]
        where, features = np.nonzero(~np.isfinite(part))
        if len(where):
            _raise_not_finite(sampler, where + start, features, part[where, features], columns)


def _raise_not_finite(sampler: Any, rows: Any, features: Any, values: Any, columns: Any) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    first = bad[np.lexsort((features[bad], rows[bad]))[0]]
    what = "NaN" if np.isnan(values[first]) else "infinity"
    column = features[first] if columns is None else columns[features[first]]
    names = getattr(sampler, "feature_names_in_", None)
    name = "" if names is None else f" ({names[column]!r})"
    raise ValueError(
        f"{type(sampler).__name__}: Input X contains {what}, first in row {rows[first]}, column {column}{name}; "
        "accepted: finite numbers. Fill or drop such rows first (sklearn.impute)."
    )


def on_host(x: Any) -> Any:
    """Return a torch tensor as a NumPy array, and anything else as it is."""
    return to_numpy(x) if is_torch(x) else x


def empty_rows(X: Any, rows: int) -> Any:
    """Allocate a NumPy array or tensor of so many rows like those of X."""
    shape = (rows, *X.shape[1:])
    if is_torch(X):
        return sys.modules["torch"].empty(shape, dtype=X.dtype, device=X.device)
    return np.empty(shape, X.dtype)


def take_rows(X: Any, rows: Any) -> Any:
    """Return rows of a matrix of any kind, as the same kind."""
    if is_torch(X):
        torch = sys.modules["torch"]
        return X[torch.as_tensor(rows, device=X.device)]
    if is_frame(X) or is_series(X):
        return X.iloc[rows].reset_index(drop=True)
    if isinstance(X, np.ndarray) and X.flags.c_contiguous and X.dtype.kind != "O":
        return np.take(X, rows, axis=0)
    return X[rows]


class Given:
    """X and y as they came in, and as they are worked on.

    Attributes
    ----------
    X : array, CSR or CSC matrix, data frame or GPU tensor of shape (n, d)
        Checked.
    labels : Labels
    """

    def __init__(self, X: Any, checked: Any, y: Any, labels: Labels, one_hot: bool) -> None:
        self.X, self.labels = checked, labels
        self._X, self._y, self._one_hot = X, y, one_hot

    def refuse_wide_floats(self, call: str) -> None:
        """Refuse what is worked on as float64 but could not be returned so without loss."""
        dtype = getattr(self._X, "dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize > 8:
            raise TypeError(f"{call}: 'X' has dtype {dtype}; accepted: float64, float32, float16 and integers")

    def select(self, rows: Indices) -> tuple[Any, Any]:
        """Return some rows of X and y, as the caller's own kind."""
        if is_torch(self._X) or (is_frame(self._X) and not sparse.issparse(self.X)):
            return take_rows(self._X, rows), self.labels_of(rows)
        if type(self._X) is np.ndarray and self._X.dtype.kind == "f":  # of any width and byte order
            return take_rows(self._X, rows), self.labels_of(rows)
        return self.deliver(take_rows(self.X, rows)), self.labels_of(rows)

    def extend(self, X: Any, codes: Indices) -> tuple[Any, Any]:
        """Return a matrix that begins with all rows, followed by rows of the given classes."""
        return self.deliver(X), self._labels(codes, after_all=True)

    def replace(self, X: Any, codes: Indices) -> tuple[Any, Any]:
        """Return a matrix of rows of the given classes."""
        return self.deliver(X), self._labels(codes, after_all=False)

    def deliver(self, X: Any) -> Any:
        """Return a matrix as what the caller's X was."""
        if is_frame(self._X):
            return X if is_frame(X) else frame_like(self._X, X)
        if isinstance(self._X, list):
            return X.tolist()
        if is_torch(self._X) and isinstance(X, np.ndarray):
            return sys.modules["torch"].from_numpy(X).to(self._X.device)
        return X

    def _labels(self, codes: Indices, *, after_all: bool) -> Any:
        labels = self.labels
        if type(self._y) is np.ndarray and not self._one_hot:
            old = labels.values if after_all else labels.values[:0]
            result = np.empty(len(old) + len(codes), old.dtype)
            result[: len(old)] = old
            for start in range(0, len(codes), _ROWS_AT_ONCE):
                chosen = labels.classes[codes[start : start + _ROWS_AT_ONCE]]
                result[len(old) + start : len(old) + start + len(chosen)] = chosen
            return result
        rows = labels.first_rows()[codes]
        return self.labels_of(np.concatenate([np.arange(len(labels)), rows]) if after_all else rows)

    def labels_of(self, rows: Indices) -> Any:
        y = self._y
        if is_frame(y) or is_series(y) or is_torch(y):
            return take_rows(y, rows)
        source = self.labels.values
        if self._one_hot:
            source = y if sparse.issparse(y) else np.asarray(y)
        chosen = source[rows]
        return chosen.tolist() if isinstance(y, list) else chosen


def frame_like(frame: Any, X: Any) -> Any:
    """Return a matrix as a data frame with the columns and dtypes of another and a fresh index."""
    pandas = sys.modules["pandas"]
    if sparse.issparse(X):
        result = pandas.DataFrame.sparse.from_spmatrix(X, columns=frame.columns)
    else:
        result = pandas.DataFrame(X, columns=frame.columns)
    if all(ours == theirs for ours, theirs in zip(result.dtypes, frame.dtypes, strict=True)):
        return result
    if frame.columns.is_unique:
        return result.astype(frame.dtypes)
    columns = [result.iloc[:, i].astype(dtype) for i, dtype in enumerate(frame.dtypes)]
    return pandas.concat(columns, axis=1)


def remember_features(sampler: Any, X: Any) -> None:
    """Set `n_features_in_` and, where the columns have names, `feature_names_in_`."""
    names = None if isinstance(X, np.ndarray) else _get_feature_names(X)
    if names is not None:
        sampler.feature_names_in_ = names
    elif "feature_names_in_" in vars(sampler):
        del sampler.feature_names_in_


def check_lengths(X: Any, labels: Labels) -> None:
    """Refuse X and y of different lengths."""
    if X.shape[0] != len(labels):
        check_consistent_length(X, labels.values)
