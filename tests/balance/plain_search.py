# SPDX-License-Identifier: Apache-2.0
"""imbalanced-learn with a search that a beginner can read: float64, ties to the lowest index, self by its index.

Where distances are equal, which neighbors imbalanced-learn takes depends on scikit-learn's algorithm, on the BLAS and
on the number of threads; and it leaves a row itself out by dropping the first of its neighbors, which is another row
where rows have copies. There is no one right answer to compare with then, so its samplers are given this search.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from reference.neighbors import keys_in_order
from scipy import sparse
from sklearn import neighbors


def dense(X: Any) -> Any:
    return np.asarray(X.toarray() if sparse.issparse(X) else X, np.float64) + 0.0  # -0 becomes 0


def own_places(queries: Any, rows: Any) -> Any:
    """Where each query stands among the rows, -1 if nowhere; of copies the first query is the first row, and so on."""
    places = defaultdict(list)
    for place in reversed(range(len(rows))):
        places[rows[place].tobytes()].append(place)
    return np.array([found.pop() if (found := places.get(query.tobytes())) else -1 for query in queries])


class _Plain:
    order: Any = None  # rows by which the searched ones are sorted before a search; what is not among them comes last

    def fit(self, X: Any, y: Any = None) -> Any:
        self._rows = dense(X)
        self._sorted = np.arange(len(self._rows))
        if self.order is not None:
            places = own_places(self._rows, self.order)
            self._sorted = np.argsort(np.where(places < 0, len(self.order), places), kind="stable")
        self.n_samples_fit_, self.n_features_in_ = self._rows.shape
        if y is not None:
            self.classes_, self._codes = np.unique(y, return_inverse=True)
        return self

    def _nearest(self, X: Any, k: int, *, own_first: bool) -> Any:
        if k > len(self._rows):
            raise ValueError(
                f"Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, n_samples_fit = {len(self._rows)}"
            )
        queries = dense(X)
        if self.metric == "precomputed":
            keys = queries.copy()
        else:
            keys = keys_in_order(queries, self._rows, "euclidean")
            if own_first:
                own = own_places(queries, self._rows)
                keys[own >= 0, own[own >= 0]] = -1.0
        indices = self._sorted[np.argsort(keys[:, self._sorted], axis=1, kind="stable")[:, :k]]
        found = np.take_along_axis(keys, indices, axis=1).clip(min=0)
        return (found if self.metric == "precomputed" else np.sqrt(found)), indices

    def kneighbors(self, X: Any, n_neighbors: Any = None, return_distance: bool = True) -> Any:
        found = self._nearest(X, self.n_neighbors if n_neighbors is None else n_neighbors, own_first=True)
        return found if return_distance else found[1]


class PlainNearestNeighbors(_Plain, neighbors.NearestNeighbors):
    """In the place of scikit-learn's class."""


class PlainKNeighborsClassifier(_Plain, neighbors.KNeighborsClassifier):
    """In the place of scikit-learn's class; of classes with equally many votes the first wins."""

    def predict(self, X: Any) -> Any:
        codes = self._codes[self._nearest(X, self.n_neighbors, own_first=False)[1]]
        votes = (codes[:, :, None] == np.arange(len(self.classes_))).sum(axis=1)
        return self.classes_[votes.argmax(axis=1)]


@contextmanager
def plain_search(order: Any = None) -> Iterator[None]:
    """Let imbalanced-learn search like this for a while; with `order`, the lowest index is that among these rows."""
    _Plain.order = None if order is None else dense(order)
    plain = {"NearestNeighbors": PlainNearestNeighbors, "KNeighborsClassifier": PlainKNeighborsClassifier}
    replaced = [
        (module, name, getattr(module, name))
        for module_name, module in list(sys.modules.items())
        for name in plain
        if module_name.startswith("imblearn.") and getattr(module, name, None) is getattr(neighbors, name)
    ]
    for module, name, _ in replaced:
        setattr(module, name, plain[name])
    try:
        yield
    finally:
        _Plain.order = None
        for module, name, was in replaced:
            setattr(module, name, was)
