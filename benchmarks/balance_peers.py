# SPDX-License-Identifier: Apache-2.0
"""imbalanced-learn as it is and with other searches, what NumPy can do by hand, and burnish."""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from burnish import balance
from contest import UnavailableError, Work
from timing import optional

LIBRARIES = ("numpy", "scipy", "sklearn", "imblearn", "faiss", "threadpoolctl")

neighbors = optional("sklearn.neighbors")
if neighbors:
    # Before faiss, which brings a BLAS of its own and would take scikit-learn's second thread away: neighbors_peers.py.
    neighbors.NearestNeighbors(algorithm="brute").fit(np.eye(600)).kneighbors()
over_sampling, under_sampling = optional("imblearn.over_sampling"), optional("imblearn.under_sampling")
combine, base = optional("imblearn.combine"), optional("sklearn.base")
faiss = optional("faiss")

SEED = 0


@dataclass(frozen=True)
class Inputs:
    """A training set, and a sampler for it."""

    X: Any
    y: Any
    sampler: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


def sampler_of(library: Any, inputs: Inputs, **params: Any) -> Any:
    found = getattr(library, inputs.sampler)(**inputs.params, **params)
    return found.set_params(random_state=SEED) if "random_state" in found.get_params() else found


def resampling(sampler: Any, inputs: Inputs) -> Work:
    def call() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sampler.fit_resample(inputs.X, inputs.y)

    return Work(call)


def ours(inputs: Inputs) -> Work:
    return resampling(sampler_of(balance, inputs), inputs)


def theirs(name: str) -> Any:
    """The library of imbalanced-learn that has a sampler."""
    for library in (over_sampling, under_sampling, combine):
        if hasattr(library, name):
            return library
    raise UnavailableError("imbalanced-learn is not installed")


def imblearn(inputs: Inputs) -> Work:
    return resampling(sampler_of(theirs(inputs.sampler), inputs), inputs)


# ---- imbalanced-learn with a search handed to it ----


if base is not None:

    class FaissSearch(base.BaseEstimator):  # type: ignore[misc]
        """Exact search by faiss, float32 whatever comes in; what imbalanced-learn asks of a search."""

        def __init__(self, n_neighbors: int = 5, n_jobs: int | None = None) -> None:
            self.n_neighbors = n_neighbors
            self.n_jobs = n_jobs

        def fit(self, X: Any, y: Any = None) -> Any:
            self.index_ = faiss.IndexFlatL2(X.shape[1])
            self.index_.add(np.ascontiguousarray(X, np.float32))
            return self

        def kneighbors(self, X: Any, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
            found = self.index_.search(np.ascontiguousarray(X, np.float32), n_neighbors or self.n_neighbors)
            return found if return_distance else found[1]

        def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> Any:
            raise NotImplementedError


def imblearn_with_faiss(parameters: Mapping[str, int]) -> Any:
    """Hand over a search; `parameters` are those that take one, and how many neighbors each means, itself included."""

    def prepare(inputs: Inputs) -> Work:
        if faiss is None or base is None:
            raise UnavailableError("faiss is not installed")
        searches = {name: FaissSearch(n) for name, n in parameters.items()}
        return resampling(sampler_of(theirs(inputs.sampler), inputs, **searches), inputs)

    return prepare


# ---- interpolation alone ----


@dataclass(frozen=True)
class Lines:
    """Pairs of rows, and how far to go from one to the other."""

    X: Any
    nearest: Any  # (n, k) neighbors of each row
    rows: Any  # (m,) the first row of each pair
    columns: Any  # (m,) and the place of the second in the list of the first
    steps: Any  # (m,)

    @property
    def second(self) -> Any:
        return self.nearest[self.rows, self.columns]


def interpolated(lines: Lines) -> Work:
    return Work(lambda: balance.interpolate(lines.X, lines.rows, lines.second, lines.steps))


def interpolated_into(lines: Lines) -> Work:
    out = np.ones((len(lines.rows), lines.X.shape[1]), lines.X.dtype)
    second = lines.second
    return Work(lambda: balance.interpolate(lines.X, lines.rows, second, lines.steps, out=out))


def generate_samples(lines: Lines) -> Work:
    """imbalanced-learn's own function."""
    smote = theirs("SMOTE").SMOTE()
    steps = lines.steps[:, None]
    return Work(lambda: smote._generate_samples(lines.X, lines.X, lines.nearest, lines.rows, lines.columns, steps))


def numpy_in_place(lines: Lines) -> Work:
    """By hand, in the dtype of the rows: not the same bits."""

    def call() -> Any:
        first = lines.X[lines.rows]
        result = lines.X[lines.second]
        result -= first
        result *= lines.steps[:, None].astype(lines.X.dtype)
        result += first
        return result

    return Work(call)


def copy_of_result(lines: Lines) -> Work:
    """As many bytes as the result has, by ``memcpy``, from and to memory that has been touched."""
    size = len(lines.rows) * lines.X.shape[1] * lines.X.itemsize
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    copy = ctypes.CDLL(None).memcpy
    copy.restype, copy.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    return Work(lambda: copy(target.ctypes.data, source.ctypes.data, size) and None)
