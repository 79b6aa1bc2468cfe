# SPDX-License-Identifier: Apache-2.0
"""The same seed gives the same rows as imbalanced-learn: a table of sampler, data, seeds.

python tests/balance/equal_rows.py [--only SAMPLER ...] [--data NAME ...] [--seeds 0 1 2]

Rows are compared as they come out: values bit for bit, dtype, container, labels, sample_indices_. Where no two
distances are equal, the rows must be those of imbalanced-learn as it is. Where some are ("ties" in the table),
imbalanced-learn itself depends on the machine, and the rows must be those that it makes with a plain search
(plain_search.py): float64, ties to the lowest index, a row itself left out by its index. The table shows both. Between
the rounds of RepeatedEditedNearestNeighbours and AllKNN imbalanced-learn sorts the rows by class; there the lowest
index is meant as that of the rows that were given.
"""

from __future__ import annotations

import argparse
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from burnish import balance
from imblearn import combine, over_sampling, under_sampling
from scipy import sparse
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from plain_search import plain_search  # noqa: E402 - a file of this folder

SEEDS = (0, 1, 2)
THEIRS = types.SimpleNamespace(
    **{name: getattr(package, name) for package in (over_sampling, under_sampling, combine) for name in package.__all__}
)

# ---- data ----


@dataclass(frozen=True)
class Data:
    """Rows and labels, and whether distances between rows tie."""

    X: Any
    y: Any
    ties: bool = False


def _clusters(n: Sequence[int], d: int) -> tuple[Any, Any]:
    """Classes that overlap: clouds of which each class has some and shares some."""
    rng = np.random.default_rng([sum(n), d])
    centers = 2.5 * rng.standard_normal((6, d))
    y = np.repeat(np.arange(len(n)), n)
    X = centers[(rng.integers(0, 3, len(y)) + y) % 6] + rng.standard_normal((len(y), d))
    order = rng.permutation(len(y))
    return X[order], y[order]


def clusters(dtype: str, d: int = 6, ties: bool = False) -> Data:
    X, y = _clusters((160, 60, 35), d)
    return Data(X.astype(dtype), y, ties)


def binary() -> Data:
    """Two classes, their names strings."""
    X, y = _clusters((180, 45), 6)
    return Data(X, np.array(["common", "rare"])[y])


def whole_numbers() -> Data:
    X, y = _clusters((160, 60, 35), 6)
    return Data(np.rint(3 * X).astype(np.int64), y, ties=True)


def copies() -> Data:
    """Every third row once or twice more, in its own class."""
    X, y = _clusters((160, 60, 35), 5)
    again = np.concatenate([np.arange(0, 255, 3), np.arange(0, 255, 6)])
    X, y = np.concatenate([X, X[again]]), np.concatenate([y, y[again]])
    order = np.random.default_rng(0).permutation(len(y))
    return Data(X[order], y[order], ties=True)


def sparse_rows(form: Any, dtype: str = "float64") -> Data:
    X, y = _clusters((160, 60, 35), 12)
    kept = np.random.default_rng(1).random(X.shape) < 0.4
    kept[:, 0] = True
    return Data(form(np.where(kept, X, 0).astype(dtype)), y)


def digits() -> Data:
    """Eights among others: whole numbers, and distances that are equal."""
    X, y = load_digits(return_X_y=True)
    rows = np.flatnonzero((y == 8) | (np.arange(len(y)) % 5 == 0))[:330]
    return Data(X[rows], (y[rows] == 8).astype(int), ties=True)


def breast_cancer() -> Data:
    """A data frame with columns of very different scales; 47 of the rarer class."""
    frame = load_breast_cancer(as_frame=True)
    kept = np.flatnonzero((frame.target == 1) | (np.arange(len(frame.target)) < 60))[:330]
    return Data(frame.data.iloc[kept].reset_index(drop=True), frame.target.iloc[kept].reset_index(drop=True))


def wine() -> Data:
    X, y = load_wine(return_X_y=True)
    rows = np.flatnonzero((y == 1) | (np.arange(len(y)) % 2 == 0))
    return Data(X[rows], y[rows])


def _words(n: int) -> Any:
    rng = np.random.default_rng(5)
    return [rng.choice(list("abcdefg")[:levels], n) for levels in (3, 5, 7, 2)]


def categories() -> Data:
    _, y = _clusters((160, 60, 35), 3)
    return Data(np.array(_words(len(y)), dtype=object).T, y, ties=True)


def category_frame() -> Data:
    _, y = _clusters((160, 60, 35), 3)
    return Data(pd.DataFrame({f"c{i}": pd.Categorical(word) for i, word in enumerate(_words(len(y)))}), y, ties=True)


def mixed_frame() -> Data:
    X, y = _clusters((160, 60, 35), 4)
    frame = pd.DataFrame(X, columns=list("wxyz"))
    for i, word in enumerate(_words(len(y))[:3]):
        frame.insert(2 * i, f"c{i}", pd.Categorical(word))
    return Data(frame, y)


def mixed_objects() -> Data:
    frame = mixed_frame()
    return Data(frame.X.to_numpy(dtype=object), frame.y)


def mixed_numbers() -> Data:
    """Categories as numbers, columns 1 and 3."""
    X, y = _clusters((160, 60, 35), 5)
    X[:, 1] = np.random.default_rng(2).integers(0, 4, len(y))
    X[:, 3] = np.random.default_rng(3).integers(0, 3, len(y))
    return Data(X, y)


NUMBERS: dict[str, Callable[[], Data]] = {
    "clusters float64": lambda: clusters("float64"),
    "clusters float32": lambda: clusters("float32"),
    "clusters float16": lambda: clusters("float16", ties=True),
    "clusters, 20 columns": lambda: clusters("float32", 20),
    "two classes": binary,
    "whole numbers": whole_numbers,
    "copies": copies,
    "csr": lambda: sparse_rows(sparse.csr_matrix),
    "csc float32": lambda: sparse_rows(sparse.csc_matrix, "float32"),
    "csr_array": lambda: sparse_rows(sparse.csr_array),
    "digits": digits,
    "breast cancer": breast_cancer,
    "wine": wine,
}
DATA = NUMBERS | {
    "categories": categories,
    "category frame": category_frame,
    "mixed frame": mixed_frame,
    "mixed objects": mixed_objects,
    "mixed numbers": mixed_numbers,
}


@cache
def data(name: str) -> Data:
    return DATA[name]()


# ---- samplers ----


@dataclass(frozen=True)
class Case:
    """A sampler and its parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    nested: Callable[[Any], Mapping[str, Any]] = lambda _: {}  # parameters that are samplers of the same library
    on: tuple[str, ...] = tuple(NUMBERS)
    label: str = ""
    half: bool = False  # every second row only: slow in imbalanced-learn
    ties: bool | None = None  # whatever the data
    in_given_order: bool = False  # the lowest index is that in the caller's X, not that in the rows that are left

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.name}({self.label or given})"

    def ties_on(self, data_name: str) -> bool:
        return data(data_name).ties if self.ties is None else self.ties

    def make(self, library: Any, seed: int) -> Any:
        cls = getattr(library, self.name)
        sampler = cls(**self.params, **self.nested(library))
        return sampler.set_params(random_state=seed) if "random_state" in sampler.get_params() else sampler


FEW = ("clusters float64", "clusters float32", "whole numbers", "csr", "digits", "wine")
TWO = ("two classes", "digits", "breast cancer")
THREE = ("clusters float64", "whole numbers", "csc float32")


def three(*numbers: int) -> dict[int, int]:
    return dict(enumerate(numbers))


CASES = (
    Case("RandomOverSampler"),
    Case("RandomOverSampler", {"shrinkage": 0.7}, on=FEW),
    Case("RandomOverSampler", {"shrinkage": {1: 0.5, 2: 2.0}}, on=THREE),
    Case("RandomOverSampler", {"sampling_strategy": three(170, 90, 60)}, on=THREE),
    Case("RandomOverSampler", on=("categories", "category frame", "mixed frame", "mixed objects"), label="categories"),
    Case("SMOTE"),
    Case("SMOTE", {"k_neighbors": 1}, on=FEW),
    Case("SMOTE", {"k_neighbors": 20}, on=FEW),
    Case("SMOTE", {"sampling_strategy": 0.8}, on=TWO),
    Case("SMOTE", {"sampling_strategy": "minority"}, on=FEW),
    Case("SMOTE", {"sampling_strategy": "all"}, on=FEW),
    Case("SMOTE", {"sampling_strategy": three(200, 61, 35)}, on=THREE),
    Case("SMOTE", {"sampling_strategy": lambda y: {1: 100}}, on=THREE, label="callable"),
    Case("BorderlineSMOTE"),
    Case("BorderlineSMOTE", {"kind": "borderline-2"}),
    Case("BorderlineSMOTE", {"k_neighbors": 3, "m_neighbors": 5}, on=FEW),
    Case("SVMSMOTE"),
    Case("SVMSMOTE", {"out_step": 0.2, "m_neighbors": 5, "svm_estimator": SVC(kernel="linear")}, on=THREE),
    Case("KMeansSMOTE", {"cluster_balance_threshold": 0.05}),
    Case("KMeansSMOTE", {"kmeans_estimator": 4, "cluster_balance_threshold": 0.01, "density_exponent": 2.0}, on=FEW),
    Case(
        "KMeansSMOTE",
        {"kmeans_estimator": MiniBatchKMeans(3, n_init=1, random_state=3), "cluster_balance_threshold": 0.01},
        on=("clusters float64", "digits"),
    ),
    Case("ADASYN"),
    Case("ADASYN", {"n_neighbors": 3}, on=FEW),
    Case("ADASYN", {"sampling_strategy": "minority"}, on=FEW),
    Case("SMOTENC", {"categorical_features": "auto"}, on=("mixed frame",)),
    Case("SMOTENC", {"categorical_features": ["c0", "c1", "c2"], "k_neighbors": 3}, on=("mixed frame",)),
    Case("SMOTENC", {"categorical_features": [0, 2, 4]}, on=("mixed objects",)),
    Case("SMOTENC", {"categorical_features": [1, 3]}, on=("mixed numbers",)),
    Case("SMOTENC", {"categorical_features": [False, True, False, True, False]}, on=("mixed numbers",)),
    Case("SMOTEN", on=("categories", "category frame")),
    Case("SMOTEN", {"k_neighbors": 2, "sampling_strategy": "minority"}, on=("categories",)),
    Case("RandomUnderSampler"),
    Case("RandomUnderSampler", {"replacement": True}, on=FEW),
    Case("RandomUnderSampler", {"sampling_strategy": 0.5}, on=TWO),
    Case("RandomUnderSampler", {"sampling_strategy": three(70, 40, 35)}, on=THREE),
    Case("RandomUnderSampler", on=("categories", "category frame", "mixed frame", "mixed objects"), label="categories"),
    # The center of two rows is as far from one as from the other; burnish leaves that to scikit-learn's search too.
    Case("ClusterCentroids", ties=False),
    Case("ClusterCentroids", {"voting": "hard"}, on=FEW, ties=False),
    Case("ClusterCentroids", {"estimator": KMeans(n_init=1, random_state=7)}, on=("clusters float64",)),
    Case("NearMiss", {"version": 1}),
    Case("NearMiss", {"version": 2}),
    Case("NearMiss", {"version": 3}),
    Case("NearMiss", {"version": 1, "n_neighbors": 7, "sampling_strategy": three(90, 50, 35)}, on=THREE),
    Case("NearMiss", {"version": 3, "n_neighbors": 2, "n_neighbors_ver3": 5}, on=FEW),
    Case("TomekLinks"),
    Case("TomekLinks", {"sampling_strategy": "all"}),
    Case("TomekLinks", {"sampling_strategy": [0, 2]}, on=THREE),
    Case("EditedNearestNeighbours"),
    Case("EditedNearestNeighbours", {"kind_sel": "mode", "n_neighbors": 5}),
    Case("EditedNearestNeighbours", {"sampling_strategy": "all"}, on=FEW),
    Case("RepeatedEditedNearestNeighbours", in_given_order=True),
    Case(
        "RepeatedEditedNearestNeighbours",
        {"max_iter": 2, "kind_sel": "mode", "sampling_strategy": "all"},
        on=FEW,
        in_given_order=True,
    ),
    Case("AllKNN", in_given_order=True),
    Case("AllKNN", {"allow_minority": True, "n_neighbors": 5, "kind_sel": "mode"}, on=FEW, in_given_order=True),
    Case("CondensedNearestNeighbour", on=FEW, half=True),
    Case("CondensedNearestNeighbour", {"n_neighbors": 3, "n_seeds_S": 4}, on=("clusters float64", "digits"), half=True),
    Case("OneSidedSelection"),
    Case("OneSidedSelection", {"n_neighbors": 3, "n_seeds_S": 5}, on=FEW),
    Case("NeighbourhoodCleaningRule"),
    Case("NeighbourhoodCleaningRule", {"n_neighbors": 5, "threshold_cleaning": 0.1}, on=FEW),
    Case("InstanceHardnessThreshold", on=("clusters float64",), half=True),
    Case("InstanceHardnessThreshold", {"estimator": DecisionTreeClassifier(max_depth=3), "cv": 3}, on=FEW),
    Case("InstanceHardnessThreshold", {"estimator": LogisticRegression(max_iter=50)}, on=("wine", "digits")),
    Case("SMOTEENN"),
    Case(
        "SMOTEENN",
        nested=lambda library: {
            "smote": library.SMOTE(k_neighbors=3, random_state=5),
            "enn": library.EditedNearestNeighbours(kind_sel="mode", sampling_strategy="all"),
        },
        on=FEW,
        label="smote=SMOTE(3), enn=mode",
    ),
    Case("SMOTETomek"),
    Case(
        "SMOTETomek",
        nested=lambda library: {"tomek": library.TomekLinks(sampling_strategy="majority")},
        on=FEW,
        label="tomek=majority",
    ),
)  # fmt: skip

# Where imbalanced-learn fails by a fault of its own, and burnish need not.
THEIR_FAULTS = {
    ("BorderlineSMOTE(kind=borderline-2)", "whole numbers"): "multiplies a difference of integers in place by floats",
    ("BorderlineSMOTE(kind=borderline-2)", "csr"): "takes * of a sparse matrix, a matrix product, for one by elements",
    ("BorderlineSMOTE(kind=borderline-2)", "csc float32"): "does the same",
    ("EditedNearestNeighbours(kind_sel=mode, n_neighbors=5)", "two classes"): "takes the mode of strings",
    ("NeighbourhoodCleaningRule()", "two classes"): "takes the mode of strings inside",
}

# Where burnish returns another dtype, and says so in its docstring; the rows must be theirs, rounded.
OUR_CHOICES = {
    ("RandomOverSampler(shrinkage=0.7)", "clusters float32"): "float32 stays float32 with shrinkage",
}


# ---- comparison ----


@dataclass(frozen=True)
class Difference:
    """How far two results are apart; nothing is, if equal."""

    rows: int = 0  # that differ
    of: int = 0
    largest: float = 0.0
    other: str = ""  # what differs beside the rows

    @property
    def nothing(self) -> bool:
        return not self.rows and not self.other

    def __str__(self) -> str:
        if self.nothing:
            return f"{self.of} equal" if self.of else "both refuse"
        rows = f"{self.rows} of {self.of} differ by {self.largest:.2g}" if self.rows else ""
        return f"{rows} {self.other}".strip()


def resample(case: Case, library: Any, data_name: str, seed: Any) -> Any:
    """Return what a sampler makes, or the exception that it raises."""
    given = data(data_name)
    X, y = given.X, given.y
    if case.half:
        X, y = (X.iloc[::2], y[::2]) if isinstance(X, pd.DataFrame) else (X[::2], y[::2])
    sampler = case.make(library, seed)
    with warnings.catch_warnings(), threadpool_limits(1):  # one thread, so that k-means does not wait for the other
        warnings.simplefilter("ignore")
        try:
            X_new, y_new = sampler.fit_resample(X, y)
        except Exception as error:
            return error
    return X_new, y_new, sampler


def plain_values(X: Any) -> Any:
    if sparse.issparse(X):
        return X.toarray()
    return X.to_numpy() if isinstance(X, pd.DataFrame | pd.Series) else np.asarray(X)


def compare(mine: Any, theirs: Any) -> Difference:
    """Compare two results of `resample`."""
    if isinstance(mine, Exception) or isinstance(theirs, Exception):
        same = type(mine) is type(theirs)
        return Difference(other="" if same else f"{_brief(mine)} instead of {_brief(theirs)}")
    other = []
    for what, a, b in (("X", mine[0], theirs[0]), ("y", mine[1], theirs[1])):
        if type(a) is not type(b):
            other.append(f"{what} is a {type(a).__name__} instead of a {type(b).__name__}")
        elif isinstance(a, pd.DataFrame) and (list(a.dtypes) != list(b.dtypes) or list(a.columns) != list(b.columns)):
            other.append(f"{what} has other columns")
        elif not isinstance(a, pd.DataFrame) and a.dtype != b.dtype:
            other.append(f"{what} has dtype {a.dtype} instead of {b.dtype}")
    strategies = [each[2].sampling_strategy_ for each in (mine, theirs)]
    if isinstance(strategies[1], dict) and list(strategies[0].items()) != list(strategies[1].items()):
        other.append("sampling_strategy_")
    indices = [getattr(each[2], "sample_indices_", None) for each in (mine, theirs)]
    if (indices[0] is None) != (indices[1] is None) or not np.array_equal(*indices):
        other.append("sample_indices_")
    found, wanted = plain_values(mine[0]), plain_values(theirs[0])
    if found.shape != wanted.shape:
        return Difference(other=" and ".join([f"shape {found.shape} instead of {wanted.shape}", *other]))
    if not np.array_equal(plain_values(mine[1]), plain_values(theirs[1])):
        other.append("labels")
    unequal = found != wanted  # as numbers, so that -0 is 0
    largest = 0.0
    if found.dtype.kind in "fiu" and unequal.any():
        largest = float(np.abs(found.astype(float) - wanted.astype(float)).max())
    return Difference(int(unequal.any(axis=1).sum()), len(found), largest, ", ".join(other))


def _brief(result: Any) -> str:
    return f"{type(result).__name__}: {str(result)[:80]}" if isinstance(result, Exception) else "rows"


def against(case: Case, data_name: str, seed: Any, *, plain: bool) -> Difference:
    """Compare burnish with imbalanced-learn, as it is or with the plain search."""
    order = data(data_name).X if case.in_given_order else None
    with plain_search(order) if plain else nullcontext():
        theirs = resample(case, THEIRS, data_name, seed)
    mine = resample(case, balance, data_name, seed)
    if (str(case), data_name) in OUR_CHOICES:
        theirs = (theirs[0].astype(mine[0].dtype), *theirs[1:])
    return compare(mine, theirs)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="SAMPLER", help="classes whose name starts with one of these")
    parser.add_argument("--data", nargs="+", choices=list(DATA), metavar="NAME", help=f"of {', '.join(DATA)}")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    options = parser.parse_args(arguments)
    wrong = 0
    print("| sampler | data | ties | seed | imbalanced-learn as it is | with a plain search | demanded |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for case in CASES:
        if (options.only and not case.name.startswith(tuple(options.only))) or not hasattr(balance, case.name):
            continue
        for name in [each for each in case.on if not options.data or each in options.data]:
            for seed in options.seeds:
                found = {plain: against(case, name, seed, plain=plain) for plain in (False, True)}
                ties = case.ties_on(name)
                fault = THEIR_FAULTS.get((str(case), name))
                verdict = f"nothing: it {fault}" if fault else "met" if found[ties].nothing else "MISSED"
                wrong += verdict == "MISSED"
                cells = [
                    str(case),
                    name,
                    "yes" if ties else "",
                    str(seed),
                    str(found[False]),
                    str(found[True]),
                    verdict,
                ]
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    absent = [each for each in vars(THEIRS) if not hasattr(balance, each)]
    print(f"\n{wrong} missed" + (f"; burnish.balance has no {', '.join(absent)}" if absent else ""))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
