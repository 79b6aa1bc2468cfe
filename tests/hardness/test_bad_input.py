# SPDX-License-Identifier: Apache-2.0
"""A wrong argument is refused before any work, by a sentence that says what was wrong, given and accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import _core, hardness
from burnish.hardness import Accumulator

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

EITHER = (TypeError, ValueError)

X = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 1.0, 1.0]], np.float32)
P = np.array([[0.5, 0.25, 0.25], [0.0, 0.75, 0.25], [0.2, 0.3, 0.5]], np.float32)
Y = np.array([0, 1, 2])
S = np.array([0.5, 0.75, 0.25])


def misaligned(x: Any) -> Any:
    memory = np.zeros(x.nbytes + 1, np.uint8)
    view = memory[1:].view(x.dtype).reshape(x.shape)
    view[:] = x
    return view


def read_only(x: Any) -> Any:
    x.flags.writeable = False
    return x


def accumulator(**options: Any) -> Accumulator:
    return Accumulator(2, 3, **options).update(X, Y)


class NoCapsule:
    """Speaks DLPack by name only."""

    shape, dtype = (3, 3), np.dtype("float32")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **_: Any) -> object:
        return object()


class OnMetal(NoCapsule):
    def __dlpack_device__(self) -> tuple[int, int]:
        return (8, 0)


class Broken(NoCapsule):
    def __dlpack__(self, **_: Any) -> object:
        raise BufferError("not today")


entropy, cross_entropy, scores = hardness.entropy, hardness.cross_entropy, hardness.scores
hardest, by_class, select, uncertain = hardness.hardest, hardness.by_class, hardness.select, hardness.uncertain
batch_dependent = hardness.batch_dependent

# (call, exception, words the message must hold)
BAD_SCORES: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "1-D": (lambda: entropy(np.zeros(10)), ValueError, ["entropy: ", "'logits'", "2-D", "(10,)"]),
    "3-D": (lambda: entropy(np.zeros((2, 3, 4))), ValueError, ["'logits'", "2-D", "(2, 3, 4)"]),
    "0-D": (lambda: entropy(np.float32(1)), ValueError, ["'logits'", "2-D", "()"]),
    "9-D": (lambda: entropy(np.zeros((1,) * 9)), ValueError, ["'logits'", "9 dimensions"]),
    "1-D probs": (lambda: entropy(probs=np.ones(3)), ValueError, ["'probs'", "2-D", "(3,)"]),
    "no classes": (lambda: entropy(np.zeros((3, 0))), ValueError, ["'logits'", "(3, 0)", "at least one class"]),
    "int64": (lambda: entropy(np.zeros((2, 3), int)), TypeError, ["entropy: 'logits'", "int64", "float16"]),
    "uint8": (lambda: entropy(np.zeros((2, 3), np.uint8)), TypeError, ["'logits'", "uint8", "float32"]),
    "bool": (lambda: entropy(np.zeros((2, 3), bool)), TypeError, ["'logits'", "bool", "float32"]),
    "list of int": (lambda: entropy([[1, 2], [3, 4]]), TypeError, ["'logits'", "int64", "float32"]),
    "complex": (lambda: entropy(np.zeros((2, 3), complex)), TypeError, ["'logits'", "complex128", "float32"]),
    "object": (lambda: entropy(np.zeros((2, 3), object)), TypeError, ["'logits'", "object", "float32"]),
    "string": (lambda: entropy("logits"), TypeError, ["'logits'", "<U6", "float32"]),
    "strings": (lambda: entropy([["a", "b"]]), TypeError, ["'logits'", "<U1", "float32"]),
    "bytes": (lambda: entropy(np.zeros((2, 3), "S4")), TypeError, ["'logits'", "S4"]),
    "dates": (lambda: entropy(np.zeros((2, 3), "M8[s]")), TypeError, ["'logits'", "datetime64"]),
    "records": (lambda: entropy(np.zeros((2, 3), [("a", "f4")])), TypeError, ["'logits'", "f4"]),
    "long double": (lambda: entropy(np.zeros((2, 3), np.longdouble)), TypeError, ["'logits'", "float128"]),
    "dict": (lambda: entropy({"logits": X}), TypeError, ["'logits'", "object"]),
    "byte-swapped": (lambda: entropy(X.astype(">f4")), TypeError, ["'logits'", "byte-swapped", "newbyteorder"]),
    "misaligned": (lambda: entropy(misaligned(X)), ValueError, ["'logits'", "aligned", "copy()"]),
    "neither": (lambda: entropy(), TypeError, ["entropy: ", "'logits'", "'probs'", "neither"]),
    "both": (lambda: entropy(X, probs=P), TypeError, ["'logits'", "'probs'", "both"]),
    "label too large": (
        lambda: cross_entropy(X, [0, 3, 9]),
        ValueError,
        ["cross_entropy: 'labels'", "3 in row 1", "0 to 2"],
    ),
    "label negative": (lambda: cross_entropy(X, [0, 1, -1]), ValueError, ["'labels'", "-1 in row 2", "0 to 2"]),
    "label int8": (lambda: cross_entropy(X, np.array([0, -128, 0], np.int8)), ValueError, ["-128 in row 1"]),
    "label uint64": (
        lambda: cross_entropy(X, np.array([2**64 - 1, 0, 0], "u8")),
        ValueError,
        [f"{2**64 - 1} in row 0"],
    ),
    "label 2^32": (lambda: cross_entropy(X, np.array([0, 0, 2**32])), ValueError, [f"{2**32} in row 2"]),
    "labels nobody needs": (lambda: scores(X, [0, 1, 3]), ValueError, ["'labels'", "3 in row 2"]),
    "labels too few": (lambda: cross_entropy(X, [0, 1]), ValueError, ["'labels'", "(2,)", "(3,)"]),
    "labels too many": (lambda: cross_entropy(X, [0, 1, 2, 0]), ValueError, ["'labels'", "(4,)", "(3,)"]),
    "labels 2-D": (lambda: cross_entropy(X, Y[:, None]), ValueError, ["'labels'", "(3, 1)", "(3,)"]),
    "labels 0-D": (lambda: cross_entropy(X, 1), ValueError, ["'labels'", "()", "(3,)"]),
    "labels float": (lambda: cross_entropy(X, Y * 1.0), TypeError, ["'labels'", "float64", "int8 to int64"]),
    "labels bool": (lambda: cross_entropy(X, Y > 0), TypeError, ["'labels'", "bool", "int8 to int64"]),
    "labels string": (lambda: cross_entropy(X, ["a", "b", "c"]), TypeError, ["'labels'", "<U1"]),
    "labels object": (lambda: cross_entropy(X, Y.astype(object)), TypeError, ["'labels'", "object"]),
    "labels byte-swapped": (lambda: cross_entropy(X, Y.astype(">i8")), TypeError, ["'labels'", "byte-swapped"]),
    "which unknown": (lambda: scores(X, which="entropi"), ValueError, ["'which'", "'entropi'", "entropy, "]),
    "which one unknown": (lambda: scores(X, which=("entropy", "hard")), ValueError, ["'which'", "'hard'", "margin"]),
    "which no string": (lambda: scores(X, which=("entropy", 3)), ValueError, ["'which'", "3", "margin"]),
    "which empty": (lambda: scores(X, which=()), ValueError, ["'which'", "empty", "margin"]),
    "which None": (lambda: scores(X, which=None), EITHER, ["which", "None"]),
    "which number": (lambda: scores(X, which=3), EITHER, ["which", "3"]),
    "activation": (
        lambda: entropy(X, activation="relu"),
        ValueError,
        ["'activation'", "'relu'", "'softmax', 'sigmoid'"],
    ),
    "activation None": (lambda: entropy(X, activation=None), ValueError, ["'activation'", "None", "'sigmoid'"]),
    "temperature 0": (lambda: entropy(X, temperature=0), ValueError, ["entropy: 'temperature' is 0", "above 0"]),
    "temperature -1": (lambda: entropy(X, temperature=-1), ValueError, ["'temperature' is -1", "above 0"]),
    "temperature NaN": (lambda: entropy(X, temperature=np.nan), ValueError, ["'temperature' is nan", "above 0"]),
    "temperature inf": (lambda: entropy(X, temperature=np.inf), ValueError, ["'temperature' is inf", "finite"]),
    "temperature string": (lambda: entropy(X, temperature="2"), EITHER, ["temperature", "'2'"]),
    "temperature None": (lambda: entropy(X, temperature=None), EITHER, ["temperature", "None"]),
    "temperature array": (lambda: entropy(X, temperature=np.ones(3)), EITHER, ["temperature"]),
    "temperature of probs": (lambda: entropy(probs=P, temperature=2), ValueError, ["'temperature'", "logits"]),
    "energy of probs": (lambda: scores(probs=P, which="energy"), ValueError, ["energy", "probabilities", "logits"]),
    "sigmoid margin": (
        lambda: scores(X, which="margin", activation="sigmoid"),
        ValueError,
        ["margin", "sigmoid", "entropy"],
    ),
    "sigmoid el2n": (lambda: scores(X, Y, "el2n", activation="sigmoid"), ValueError, ["el2n", "sigmoid"]),
    "sigmoid predictions": (lambda: scores(X, which="predictions", activation="sigmoid"), ValueError, ["predictions"]),
    "sigmoid probs": (lambda: entropy(probs=P, activation="sigmoid"), ValueError, ["sigmoid", "'probs'"]),
    "dtype float16": (lambda: entropy(X, dtype="float16"), EITHER, ["'dtype'", "float16", "'float32', 'float64'"]),
    "dtype int": (lambda: entropy(X, dtype=np.int64), EITHER, ["'dtype'", "int64", "'float32'"]),
    "dtype number": (lambda: entropy(X, dtype=32), EITHER, ["'dtype'", "32", "'float32'"]),
    "no capsule": (lambda: entropy(NoCapsule()), TypeError, ["'logits'", "DLPack"]),
    "unknown device": (lambda: entropy(OnMetal()), EITHER, ["'logits'", "device", "cpu, cuda"]),
    "export fails": (lambda: entropy(Broken()), TypeError, ["'logits'", "DLPack", "not today"]),
    **{
        f"{name} without labels": (lambda name=name: getattr(hardness, name)(X), ValueError, [f"{name}: ", "'labels'"])
        for name in _core.LABEL_SCORES
    },
    **{
        f"{name} of 1-D": (lambda name=name: scores(np.zeros(4), Y, name), ValueError, [f"{name}: ", "'logits'", "2-D"])
        for name in _core.SCORES
    },
}

BAD_SELECTION: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "hardest 2-D": (lambda: hardest(X, 1), ValueError, ["hardest: 'scores'", "1-D", "(3, 3)"]),
    "hardest 0-D": (lambda: hardest(0.5, 0), ValueError, ["'scores'", "1-D", "()"]),
    "hardest None": (lambda: hardest(None, 0), EITHER, ["'scores'"]),
    "hardest int64": (lambda: hardest([1, 2, 3], 1), TypeError, ["hardest: 'scores'", "int64", "float32, float64"]),
    "hardest float16": (lambda: hardest(S.astype("f2"), 1), TypeError, ["'scores'", "float16", "float32, float64"]),
    "hardest bool": (lambda: hardest(S > 0.5, 1), TypeError, ["'scores'", "bool", "float32"]),
    "hardest string": (lambda: hardest(["a", "b"], 1), TypeError, ["'scores'", "<U1"]),
    "hardest byte-swapped": (lambda: hardest(S.astype(">f8"), 1), TypeError, ["'scores'", "byte-swapped"]),
    "hardest misaligned": (lambda: hardest(misaligned(S), 1), ValueError, ["'scores'", "aligned"]),
    "hardest k -1": (lambda: hardest(S, -1), ValueError, ["hardest: 'k' is -1", "0 to", "3"]),
    "hardest k 4": (lambda: hardest(S, 4), ValueError, ["'k' is 4", "0 to", "3"]),
    "hardest k huge": (lambda: hardest(S, 10**30), ValueError, ["'k'", "0 to", "3"]),
    "hardest k float": (lambda: hardest(S, 1.0), TypeError, ["'k' is 1.0", "integer"]),
    "hardest k string": (lambda: hardest(S, "1"), TypeError, ["'k' is '1'", "integer"]),
    "hardest k None": (lambda: hardest(S, None), TypeError, ["'k' is None", "integer"]),
    "hardest out shape": (lambda: hardest(S, 2, out=np.zeros(3, int)), ValueError, ["'out'", "(3,)", "(2,)"]),
    "hardest out dtype": (lambda: hardest(S, 2, out=np.zeros(2, "i4")), TypeError, ["'out'", "int32", "int64"]),
    "hardest out list": (lambda: hardest(S, 2, out=[0, 0]), TypeError, ["'out'", "list"]),
    "by_class negative": (lambda: by_class(S, [0, -1, 1]), ValueError, ["by_class: 'labels'", "-1 in row 1"]),
    "by_class without a name": (
        lambda: by_class(S, [0, 1, 2], ["a", "b"]),
        ValueError,
        ["'labels'", "2 in row 2", "0 to 1"],
    ),
    "by_class length": (lambda: by_class(S, [0, 1]), ValueError, ["by_class: ", "'labels'", "(2,)", "(3,)"]),
    "by_class float labels": (
        lambda: by_class(S, [0.0, 1.0, 1.0]),
        TypeError,
        ["by_class: 'labels'", "float64", "int8"],
    ),
    "by_class 2-D labels": (lambda: by_class(S, Y[:, None]), ValueError, ["by_class: 'labels'", "(3, 1)"]),
    "by_class 2-D": (lambda: by_class(X, Y), ValueError, ["by_class: 'scores'", "(3, 3)"]),
    "by_class 0-D": (lambda: by_class(np.float64(1), 0), ValueError, ["by_class: ", "()"]),
    "by_class int": (lambda: by_class([1, 2, 3], Y), TypeError, ["by_class: 'scores'", "int64", "float32, float64"]),
    "by_class uint64": (lambda: by_class(S[:1], np.array([2**64 - 1], "u8")), ValueError, ["'labels'"]),
    "by_class correct length": (
        lambda: by_class(S, Y, correct=[True]),
        ValueError,
        ["by_class: 'correct'", "(1,)", "(3,)"],
    ),
    "by_class correct dtype": (
        lambda: by_class(S, Y, correct=S),
        TypeError,
        ["by_class: 'correct'", "float64", "bool"],
    ),
    "select strategy": (
        lambda: select(S, Y, 1, "best"),
        ValueError,
        ["select: 'strategy'", "'best'", "'proportional'"],
    ),
    "select k top": (lambda: select(S, Y, 4), ValueError, ["'k' is 4", "3"]),
    "select k": (lambda: select(S, Y, 4, "balanced"), ValueError, ["select: 'k' is 4", "3"]),
    "select k -1": (lambda: select(S, Y, -1, "proportional"), ValueError, ["select: 'k' is -1", "3"]),
    "select k float": (lambda: select(S, Y, 1.5, "balanced"), TypeError, ["select: 'k' is 1.5", "integer"]),
    "select negative label": (
        lambda: select(S, [0, -2, 1], 1, "balanced"),
        ValueError,
        ["select: 'labels'", "-2 in row 1"],
    ),
    "select float labels": (lambda: select(S, [0.0, 1, 1], 1, "balanced"), TypeError, ["select: 'labels'", "float64"]),
    "select no labels": (lambda: select(S, None, 1, "balanced"), EITHER, ["'labels'"]),
    "select length": (lambda: select(S, [0, 1], 1, "balanced"), ValueError, ["select: 'labels'", "(2,)", "(3,)"]),
    "select 2-D": (lambda: select(X, Y, 1, "balanced"), ValueError, ["select: 'scores'", "(3, 3)"]),
    "select int": (lambda: select([1, 2, 3], Y, 1, "balanced"), TypeError, ["select: 'scores'", "int64"]),
    "select means below 0": (
        lambda: select(-S, Y, 1, "proportional"),
        ValueError,
        ["select: ", "'proportional'", "negative"],
    ),
    "uncertain threshold": (lambda: uncertain(P, Y, 1.5), ValueError, ["uncertain: 'threshold' is 1.5", "0 to 1"]),
    "uncertain below 0": (lambda: uncertain(P, Y, -0.1), ValueError, ["'threshold' is -0.1", "0 to 1"]),
    "uncertain NaN": (lambda: uncertain(P, Y, np.nan), ValueError, ["'threshold' is nan", "0 to 1"]),
    "uncertain string": (lambda: uncertain(P, Y, "high"), EITHER, ["'threshold'", "high"]),
    "uncertain 1-D": (lambda: uncertain(P[0], Y), ValueError, ["'probs'", "2-D", "(3,)"]),
    "uncertain int": (lambda: uncertain(np.ones((3, 3), int), Y), TypeError, ["'probs'", "int64", "float32"]),
    "uncertain None": (lambda: uncertain(None, Y), TypeError, ["'probs'"]),
    "uncertain labels": (lambda: uncertain(P, [0, 1]), ValueError, ["uncertain: 'labels'", "(2,)", "(3,)"]),
    "uncertain 0-D labels": (lambda: uncertain(P, 1), ValueError, ["uncertain: 'labels'", "()", "(3,)"]),
    "identify threshold": (
        lambda: hardness.identify_uncertain_examples(P, Y, 2),
        ValueError,
        ["threshold", "2", "0 to 1"],
    ),
    "identify labels": (lambda: hardness.identify_uncertain_examples(P, [0]), ValueError, ["'labels'", "(1,)", "(3,)"]),
    "few samples": (
        lambda: batch_dependent(lambda x: x, X),
        ValueError,
        ["batch_dependent: 'batch'", "3", "4 or more"],
    ),
    "model drops rows": (
        lambda: batch_dependent(lambda x: x[:2], np.ones((8, 2))),
        EITHER,
        ["batch_dependent: 'model_fn'", "8"],
    ),
    "model gives 1-D": (lambda: batch_dependent(lambda x: x[:, 0], np.ones((8, 2))), ValueError, ["2-D", "(8,)"]),
    "model gives None": (lambda: batch_dependent(lambda x: None, np.ones((8, 2))), TypeError, ["object"]),
    "batch without length": (lambda: batch_dependent(lambda x: x, 5), TypeError, ["batch_dependent: 'batch'"]),
    "tolerance NaN": (
        lambda: batch_dependent(lambda x: x, np.ones((8, 2)), tolerance=np.nan),
        ValueError,
        ["'tolerance'"],
    ),
    "tolerance negative": (
        lambda: batch_dependent(lambda x: x, np.ones((8, 2)), tolerance=-1),
        ValueError,
        ["'tolerance'"],
    ),
}

BAD_ACCUMULATOR: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "k -1": (lambda: Accumulator(-1, 3), ValueError, ["Accumulator: 'k' is -1", "0 or more"]),
    "k float": (lambda: Accumulator(2.5, 3), TypeError, ["Accumulator: 'k' is 2.5", "integer"]),
    "k string": (lambda: Accumulator("2", 3), TypeError, ["Accumulator: 'k' is '2'", "integer"]),
    "num_classes 0": (lambda: Accumulator(2, 0), ValueError, ["'num_classes' is 0", "1 to 16777216"]),
    "num_classes float": (lambda: Accumulator(2, 3.0), TypeError, ["'num_classes' is 3.0", "integer"]),
    "bins 0": (lambda: Accumulator(2, 3, bins=0), ValueError, ["'bins' is 0", "1 to 16777216"]),
    "bins float": (lambda: Accumulator(2, 3, bins=2.5), TypeError, ["'bins' is 2.5", "integer"]),
    "score unknown": (lambda: Accumulator(2, 3, score="hard"), ValueError, ["'score' is 'hard'"]),
    "score of indices": (lambda: Accumulator(2, 3, score="predictions"), ValueError, ["'score' is 'predictions'"]),
    "score bool": (lambda: Accumulator(2, 3, score="correct"), ValueError, ["'score' is 'correct'"]),
    "histogram_max 0": (
        lambda: Accumulator(2, 3, histogram_max=0),
        ValueError,
        ["'histogram_max' is 0", "a finite number from 1e-06"],
    ),
    "histogram_max NaN": (lambda: Accumulator(2, 3, histogram_max=np.nan), ValueError, ["'histogram_max' is nan"]),
    "histogram_max inf": (lambda: Accumulator(2, 3, histogram_max=np.inf), ValueError, ["'histogram_max' is inf"]),
    "names": (lambda: accumulator().by_class(["a"]), ValueError, ["by_class", "1", "3"]),
    "merge": (lambda: accumulator().merge(Accumulator(3, 3)), ValueError, ["merge", "'k': 3", "'k': 2"]),
    "merge score": (lambda: accumulator().merge(Accumulator(2, 3, score="margin")), ValueError, ["merge", "margin"]),
    "merge bins": (lambda: accumulator().merge(Accumulator(2, 3, bins=5)), ValueError, ["merge", "'bins': 5"]),
    "merge range": (lambda: accumulator().merge(Accumulator(2, 3, histogram_max=5)), ValueError, ["merge", "5.0"]),
    "merge classes": (lambda: accumulator().merge(Accumulator(2, 4)), ValueError, ["merge", "'num_classes': 4"]),
    "merge with a list": (lambda: accumulator().merge([1]), TypeError, ["merge", "list", "Accumulator"]),
}

# Updates that are refused; the accumulator must be as it was.
BAD_UPDATES: dict[str, tuple[dict[str, Any], Any, list[str]]] = {
    "no labels": ({"logits": X}, EITHER, ["Accumulator.update: 'labels'"]),
    "no logits": ({"labels": Y}, TypeError, ["'logits'", "'probs'", "neither"]),
    "both": ({"logits": X, "probs": P, "labels": Y}, TypeError, ["'logits'", "'probs'", "both"]),
    "classes": ({"logits": X[:, :2], "labels": Y}, ValueError, ["Accumulator.update", "2", "3"]),
    "1-D": ({"logits": X[0], "labels": Y}, ValueError, ["'logits'", "2-D", "(3,)"]),
    "dtype": ({"logits": X.astype(int), "labels": Y}, TypeError, ["'logits'", "int64"]),
    "label": ({"logits": X, "labels": [0, 1, 3]}, ValueError, ["'labels'", "3 in row 2"]),
    "label negative": ({"logits": X, "labels": [0, -1, 3]}, ValueError, ["'labels'", "-1 in row 1"]),
    "label float": ({"logits": X, "labels": S}, TypeError, ["'labels'", "float64"]),
    "labels 2-D": ({"logits": X, "labels": Y[:, None]}, ValueError, ["'labels'", "(3, 1)"]),
    "labels length": ({"logits": X, "labels": Y[:2]}, ValueError, ["'labels'", "(2,)"]),
    "ids length": (
        {"logits": X, "labels": Y, "ids": [1, 2]},
        ValueError,
        ["Accumulator.update: 'ids'", "(2,)", "(3,)"],
    ),
    "ids float": ({"logits": X, "labels": Y, "ids": S}, EITHER, ["Accumulator.update: 'ids'", "float64", "integers"]),
    "ids strings": ({"logits": X, "labels": Y, "ids": ["a", "b", "c"]}, EITHER, ["'ids'", "<U1"]),
    "ids beyond int64": ({"logits": X, "labels": Y, "ids": np.array([1, 2**63, 3], "u8")}, EITHER, ["'ids'"]),
    "temperature": ({"logits": X, "labels": Y, "temperature": 0}, ValueError, ["'temperature' is 0"]),
    "temperature of probs": ({"probs": P, "labels": Y, "temperature": 2}, ValueError, ["'temperature'", "logits"]),
}


def refuse(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    with pytest.raises(exception) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message  # one sentence, not pybind11's list of signatures
    assert "accumulate:" not in message  # a function that no user has called


@pytest.mark.parametrize(("call", "exception", "words"), BAD_SCORES.values(), ids=BAD_SCORES.keys())
def test_scores(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    refuse(call, exception, words)


@pytest.mark.parametrize(("call", "exception", "words"), BAD_SELECTION.values(), ids=BAD_SELECTION.keys())
def test_selection(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    refuse(call, exception, words)


@pytest.mark.parametrize(("call", "exception", "words"), BAD_ACCUMULATOR.values(), ids=BAD_ACCUMULATOR.keys())
def test_accumulator(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    refuse(call, exception, words)


@pytest.mark.parametrize("missing", ["parameter_k", "parameter_score", "scores", "ids", "counts", "sums", "histogram"])
def test_a_file_that_lacks_something(missing: str, tmp_path: Path) -> None:
    accumulator().save(tmp_path / "whole")
    with np.load(tmp_path / "whole") as whole, (tmp_path / "part").open("wb") as part:
        np.savez(part, **{name: whole[name] for name in whole if name != missing})
    refuse(lambda: Accumulator.load(tmp_path / "part"), ValueError, ["Accumulator.load", missing, "part"])


def test_a_file_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("scores, ids\n")
    np.save(tmp_path / "array.npy", X)
    for name in ("text", "array.npy"):
        refuse(lambda name=name: Accumulator.load(tmp_path / name), ValueError, ["Accumulator.load", name])
    with pytest.raises(FileNotFoundError):
        Accumulator.load(tmp_path / "absent")


def state_of(accumulated: Accumulator) -> list[Any]:
    names = ("scores", "ids", "labels", "predictions", "histogram", "num_samples")
    table = accumulated.by_class()
    return [np.array(getattr(accumulated, name)).tolist() for name in names] + [
        np.nan_to_num(column).tolist() for column in (table.labels, table.mean, table.count, table.accuracy)
    ]


@pytest.mark.parametrize(("arguments", "exception", "words"), BAD_UPDATES.values(), ids=BAD_UPDATES.keys())
def test_a_refused_update_adds_nothing(arguments: dict[str, Any], exception: Any, words: list[str]) -> None:
    accumulated = accumulator()
    before = state_of(accumulated)
    refuse(lambda: accumulated.update(**arguments), exception, words)
    assert state_of(accumulated) == before


BAD_TENSORS: dict[str, tuple[Callable[[Any], Any], Any, list[str]]] = {
    "requires grad": (lambda x: entropy(x.requires_grad_()), ValueError, ["'logits'", "grad", "logits.detach()"]),
    "result of a model": (lambda x: entropy(x.requires_grad_() * 2), ValueError, ["'logits'", "logits.detach()"]),
    "probs require grad": (lambda x: entropy(probs=x.requires_grad_()), ValueError, ["'probs'", "probs.detach()"]),
    "scores require grad": (lambda x: hardest(x[0].requires_grad_(), 1), ValueError, ["'scores'", ".detach()"]),
    "uncertain": (lambda x: uncertain(x.requires_grad_(), Y), ValueError, ["'probs'", ".detach()"]),
    "sparse": (lambda x: entropy(x.to_sparse()), TypeError, ["'logits'"]),
    "meta": (lambda x: entropy(x.to("meta")), EITHER, ["'logits'", "meta"]),
    "int32": (lambda x: entropy(x.int()), TypeError, ["'logits'", "int32", "bfloat16"]),
    "complex": (lambda x: entropy(x.to(torch.complex64)), TypeError, ["'logits'"]),
    "float8": (lambda x: entropy(x.to(torch.float8_e5m2)), TypeError, ["'logits'"]),
    "hardest bfloat16": (
        lambda x: hardest(x[0].bfloat16(), 1),
        TypeError,
        ["'scores'", "bfloat16", "float32, float64"],
    ),
    "float labels": (lambda x: cross_entropy(x, x[0]), TypeError, ["'labels'", "float32"]),
    "label": (lambda x: cross_entropy(x, torch.tensor([0, 1, 3])), ValueError, ["'labels'", "3 in row 2"]),
    "out with grad": (lambda x: entropy(x, out=x[0].clone().requires_grad_()), ValueError, ["'out'", "grad"]),
    "out shape": (lambda x: entropy(x, out=torch.zeros(4)), ValueError, ["'out'", "(4,)", "(3,)"]),
    "out dtype": (lambda x: entropy(x, out=x[0].half()), TypeError, ["'out'", "float16", "float32"]),
    "out inside": (lambda x: entropy(x, out=x[:, 0]), ValueError, ["'out'", "shares memory"]),
    "out expanded": (lambda x: entropy(x, out=torch.zeros(1).expand(3)), ValueError, ["'out'", "broadcast"]),
}


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize(("call", "exception", "words"), BAD_TENSORS.values(), ids=BAD_TENSORS.keys())
def test_torch_tensors(call: Callable[[Any], Any], exception: Any, words: list[str]) -> None:
    refuse(lambda: call(torch.tensor(X)), exception, words)


# ---- a refused call leaves `out` as it was ----

SENTINEL = 77
BAD_CALLS: dict[str, dict[str, Any]] = {
    "logits dtype": {"logits": X.astype(int), "labels": Y},
    "logits shape": {"logits": X[0], "labels": Y},
    "label in the last row": {"logits": X, "labels": [0, 1, 3]},
    "labels missing": {"logits": X},
    "labels dtype": {"logits": X, "labels": S},
    "temperature": {"logits": X, "labels": Y, "temperature": 0},
    "temperature of probs": {"probs": P, "labels": Y, "temperature": 2.0},
    "activation": {"logits": X, "labels": Y, "activation": "sigmoid"},
    "both": {"logits": X, "probs": P, "labels": Y},
}


def outputs() -> dict[str, Any]:
    dtypes = {"predictions": "i8", "rank_of_label": "i8", "correct": "u1"}
    return {name: np.full(3, SENTINEL, dtypes.get(name, "f4")) for name in _core.SCORES}


@pytest.mark.parametrize("arguments", BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_out_after_a_bad_argument(arguments: dict[str, Any]) -> None:
    out = outputs()
    with pytest.raises(EITHER):
        scores(**arguments, which=_core.SCORES, out=out)
    for name, array in out.items():
        assert (array == SENTINEL).all(), name


def overlapping_pair() -> dict[str, Any]:
    memory = np.full(5, SENTINEL, np.float32)
    return {"entropy": memory[:3], "margin": memory[2:]}


# One output is wrong, in each way; those beside it must stay untouched.
BAD_OUT: dict[str, tuple[Callable[[], dict[str, Any]], Any, list[str]]] = {
    "shape": (lambda: {"entropy": np.full(4, SENTINEL, "f4")}, ValueError, ["(4,)", "(3,)"]),
    "2-D": (lambda: {"entropy": np.full((3, 1), SENTINEL, "f4")}, ValueError, ["(3, 1)", "(3,)"]),
    "0-D": (lambda: {"entropy": np.full((), SENTINEL, "f4")}, ValueError, ["()", "(3,)"]),
    "dtype int": (lambda: {"entropy": np.full(3, SENTINEL)}, TypeError, ["int64", "float32, float64"]),
    "dtype half": (lambda: {"margin": np.full(3, SENTINEL, "f2")}, TypeError, ["float16", "float32"]),
    "two dtypes": (lambda: {"margin": np.full(3, SENTINEL, "f8")}, TypeError, ["float64", "float32"]),
    "float predictions": (lambda: {"predictions": np.full(3, SENTINEL, "f4")}, TypeError, ["float32", "int64"]),
    "int32 predictions": (lambda: {"predictions": np.full(3, SENTINEL, "i4")}, TypeError, ["int32", "int64"]),
    "int64 correct": (lambda: {"correct": np.full(3, SENTINEL)}, TypeError, ["int64", "bool"]),
    "read-only": (lambda: {"el2n": read_only(np.full(3, SENTINEL, "f4"))}, ValueError, ["read-only", "writable"]),
    "broadcast": (
        lambda: {"el2n": np.lib.stride_tricks.as_strided(np.full(1, SENTINEL, "f4"), (3,), (0,))},
        ValueError,
        ["broadcast"],
    ),
    "byte-swapped": (lambda: {"margin": np.full(3, SENTINEL, ">f4")}, TypeError, ["byte-swapped"]),
    "misaligned": (lambda: {"margin": misaligned(np.full(3, SENTINEL, "f4"))}, ValueError, ["aligned"]),
    "shared": (overlapping_pair, ValueError, ["entropy", "margin", "share"]),
    "list": (lambda: {"margin": [SENTINEL] * 3}, TypeError, ["list"]),
    "not asked for": (lambda: {"hardness": np.full(3, SENTINEL, "f4")}, ValueError, ["'hardness'"]),
}


@pytest.mark.parametrize(("make", "exception", "words"), BAD_OUT.values(), ids=BAD_OUT.keys())
def test_out_that_is_wrong(make: Callable[[], dict[str, Any]], exception: Any, words: list[str]) -> None:
    out = outputs() | make()
    refuse(lambda: scores(X, Y, _core.SCORES, out=out), exception, ["'out'", *words])
    for name, array in out.items():
        assert (np.asarray(array) == SENTINEL).all(), name


@pytest.mark.parametrize("make", [lambda x: x[:, 1], lambda x: x.ravel()[:3], lambda x: x.ravel()[5:2:-1]])
def test_out_inside_the_input(make: Callable[[Any], Any]) -> None:
    x = X.copy()
    refuse(lambda: entropy(x, out=make(x)), ValueError, ["entropy: 'out'", "shares memory"])
    assert (x == X).all()


def test_out_inside_the_labels() -> None:
    labels = Y.copy()
    refuse(lambda: hardness.rank_of_label(X, labels, out=labels), ValueError, ["'out'", "shares memory"])
    assert (labels == Y).all()


@pytest.mark.parametrize("out", [np.zeros(3, np.float32), 5, "entropy"], ids=["array", "number", "string"])
def test_out_of_scores_is_a_mapping(out: Any) -> None:
    refuse(lambda: scores(X, out=out), EITHER, ["scores: 'out'"])


def test_out_of_hardest_that_is_wrong() -> None:
    memory = np.arange(6.0)
    table = [
        (memory[:3], lambda: memory.view(np.int64)[2:4], ValueError, ["shares memory"]),
        (S, lambda: read_only(np.full(2, SENTINEL)), ValueError, ["read-only"]),
        (S, lambda: np.lib.stride_tricks.as_strided(np.full(1, SENTINEL), (2,), (0,)), ValueError, ["broadcast"]),
        (S, lambda: np.full((2, 1), SENTINEL), ValueError, ["(2, 1)", "(2,)"]),
        (S, lambda: np.full(2, SENTINEL, ">i8"), TypeError, ["byte-swapped"]),
    ]
    for values, make, exception, words in table:
        out = make()
        before = out.copy()
        refuse(lambda values=values, out=out: hardest(values, 2, out=out), exception, ["'out'", *words])
        assert (out == before).all()
    assert (memory == np.arange(6.0)).all()
