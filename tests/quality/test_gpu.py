# SPDX-License-Identifier: Apache-2.0
"""Tensors on a GPU are read through the host, a block at a time, and results come back to them.

On a GPU where there is one, and everywhere with a stand-in that records each copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from burnish import quality
from quality_data import FILTERS, problem

torch = pytest.importorskip("torch")

from burnish import _array  # noqa: E402
from elsewhere import Elsewhere, elsewhere, here  # noqa: E402

N, C = 1500, 12
LABELS, PROBS, _ = problem(N, C, 1)
BIG = 70_000  # rows, of more than a block
ROWS = np.random.default_rng(0).standard_normal((300, 6))
ROWS[200:220] = ROWS[:20]
ROWS[[5, 250]] = 0
TABLE = np.where(np.random.default_rng(1).random((N, 3)) < 0.3, -1, np.stack([LABELS, LABELS, (LABELS + 1) % C], 1))

ON_PREDICTIONS: dict[str, Callable[[Any, Any], Any]] = {
    **{
        f"find_label_issues {name}": lambda labels, probs, name=name: quality.find_label_issues(
            labels, probs=probs, filter_by=name
        )
        for name in ("auto", *FILTERS)
    },
    "find_label_issues logits": lambda labels, probs: quality.find_label_issues(labels, logits=probs * 20),
    "find_label_issues shards": lambda labels, probs: quality.find_label_issues(
        shards=[(probs[:700], labels[:700]), (probs[700:], labels[700:])], filter_by="both"
    ),
    **{
        f"num_label_issues {name}": lambda labels, probs, name=name: quality.num_label_issues(
            labels, probs=probs, method=name
        )
        for name in ("auto", "off_diagonal", "off_diagonal_calibrated")
    },
    "class_thresholds": lambda labels, probs: quality.class_thresholds(labels, probs=probs),
    "confident_joint": lambda labels, probs: quality.confident_joint(labels, probs=probs),
    "noise_rates": lambda labels, probs: quality.noise_rates(labels, probs=probs),
    "accumulator": lambda labels, probs: (
        quality.LabelIssueAccumulator(C)
        .update(labels[:700], probs=probs[:700])
        .update(labels[700:], probs=probs[700:])
        .finish_pass()
        .result()
    ),
}
ADJUSTED: dict[str, Callable[[Any, Any], Any]] = {
    "self_confidence": lambda labels, probs: quality.self_confidence(probs=probs, labels=labels, adjust=True),
    "normalized_margin": lambda labels, probs: quality.normalized_margin(
        probs=probs, labels=labels, adjust=np.linspace(0, 1, C)
    ),
}
ON_ROWS: dict[str, Callable[[Any], Any]] = {
    "near_duplicates": lambda x: quality.near_duplicates(x, threshold=0.1),
    "near_duplicates fraction": lambda x: quality.near_duplicates(x, fraction=0.2, metric="euclidean"),
    "near_duplicates keep": lambda x: quality.near_duplicates(x, threshold=0.1).keep,
    "near_duplicates dropped": lambda x: quality.near_duplicates(x, threshold=0.1).duplicates,
    "near_duplicates groups": lambda x: quality.near_duplicates(x, threshold=0.1).groups(),
    "leaks": lambda x: quality.leaks(x[:200], x[200:], 0.05),
    "coreset": lambda x: quality.coreset(x, 30),
    "coreset selected": lambda x: quality.coreset(x, 30, selected=[3, 4], metric="cosine"),
    "sample": lambda x: quality.sample(x[:, 0], x, 20),
    "sample labels": lambda x: quality.sample(x[:, 0], x, 20, (x[:, 1] > 0) + 0, metric="euclidean"),
}
ANNOTATED: dict[str, Callable[[Any, Any], Any]] = {
    "majority": lambda table, probs: quality.majority(table),
    "majority probs": lambda table, probs: quality.majority(table, probs),
    "consensus": quality.consensus,
}
EITHER = (TypeError, ValueError, RuntimeError, BufferError)
DTYPES = ("float64", "float32", "float16", "bfloat16")


def parts(found: Any) -> dict[str, Any]:
    """What a result is made of, by name."""
    if hasattr(found, "__dataclass_fields__"):
        return {field.name: getattr(found, field.name) for field in fields(found)}
    return dict(enumerate(found)) if isinstance(found, list) else {"": found}  # type: ignore[arg-type]


def assert_same(found: Any, expected: Any) -> None:
    """Compare results wherever they are."""
    found, expected = parts(found), parts(expected)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(here(found[name]), here(value), str(name))


def assert_came_back(found: Any, expected: Any, is_there: Callable[[Any], bool]) -> None:
    """What are tensors for CPU tensors are such for tensors elsewhere, and there."""
    for (name, value), plain in zip(parts(found).items(), parts(expected).values(), strict=True):
        assert isinstance(value, torch.Tensor) == isinstance(plain, torch.Tensor), name
        if isinstance(value, torch.Tensor):
            assert is_there(value), name
            assert value.dtype == plain.dtype, name


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, ...]]]:
    """Record copies from the stand-in, to which results go back."""

    def to_device(like: Any, array: Any) -> Any:
        assert isinstance(like, Elsewhere)
        return elsewhere(array)

    monkeypatch.setattr(_array, "to_device", to_device)
    Elsewhere.copies.clear()
    yield Elsewhere.copies
    Elsewhere.copies.clear()


def is_elsewhere(x: Any) -> bool:
    return isinstance(x, Elsewhere)


@pytest.mark.parametrize("name", ON_PREDICTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions(name: str, dtype: str, copies: Any) -> None:
    call, probs = ON_PREDICTIONS[name], torch.from_numpy(PROBS).to(getattr(torch, dtype))
    labels = torch.from_numpy(LABELS)
    expected = call(labels, probs)
    for given in ((elsewhere(labels), elsewhere(probs)), (LABELS, elsewhere(probs)), (elsewhere(labels), probs)):
        found = call(*given)
        assert_same(found, expected)
        assert_came_back(found, expected, is_elsewhere)
    assert copies


@pytest.mark.parametrize("name", ADJUSTED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_adjusted_scores(name: str, dtype: str, copies: Any) -> None:
    call, probs = ADJUSTED[name], torch.from_numpy(PROBS).to(getattr(torch, dtype))
    expected = call(torch.from_numpy(LABELS), probs)
    for labels in (elsewhere(LABELS), LABELS, torch.from_numpy(LABELS)):
        found = call(labels, elsewhere(probs))
        assert_same(found, expected)
        assert_came_back(found, expected, is_elsewhere)
    found = call(elsewhere(LABELS), probs)
    assert_same(found, expected)
    assert not is_elsewhere(found)
    out = elsewhere(np.zeros(N), expected.dtype)
    option = True if name == "self_confidence" else np.linspace(0, 1, C)
    assert getattr(quality, name)(probs=elsewhere(probs), labels=LABELS, adjust=option, out=out) is out
    assert_same(out, expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_dtypes_of_labels(dtype: str, copies: Any) -> None:
    expected = quality.find_label_issues(LABELS, probs=PROBS)
    given = elsewhere(LABELS, getattr(torch, dtype))
    assert_same(quality.find_label_issues(given, probs=elsewhere(PROBS)), expected)
    assert_same(quality.self_confidence(labels=given, probs=elsewhere(PROBS), adjust=True),
                quality.self_confidence(labels=LABELS, probs=PROBS, adjust=True))  # fmt: skip


@pytest.mark.parametrize(("filter_by", "passes"), [("auto", 1), ("confident_learning", 2), ("both", 3)])
def test_a_block_is_copied_at_a_time_and_once_a_pass(filter_by: Any, passes: int, copies: Any) -> None:
    labels, probs, _ = problem(BIG, 3, 2)
    expected = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
    found = quality.find_label_issues(elsewhere(labels), probs=elsewhere(probs), filter_by=filter_by)
    assert_same(found, expected)
    assert copies == passes * [(BIG,), (65536, 3), (BIG - 65536, 3)]
    copies.clear()
    quality.find_label_issues(labels, probs=elsewhere(probs), filter_by=filter_by)
    assert copies == passes * [(65536, 3), (BIG - 65536, 3)]


def test_wide_predictions_are_copied_by_fewer_rows(copies: Any) -> None:
    labels, probs, _ = problem(3000, 1000, 3)
    assert_same(quality.class_thresholds(elsewhere(labels), probs=elsewhere(probs)),
                quality.class_thresholds(labels, probs=probs))  # fmt: skip
    assert copies == [(3000,), (1024, 1000), (1024, 1000), (952, 1000)]


def test_wrong_labels_are_refused_before_predictions_are_copied(copies: Any) -> None:
    labels = LABELS.copy()
    labels[1400] = C
    seen = quality.LabelIssueAccumulator(C)
    with pytest.raises(ValueError, match=rf"'labels' .*{C}.* in row 1400"):
        seen.update(elsewhere(labels), probs=elsewhere(PROBS))
    with pytest.raises(ValueError, match="'labels' has shape"):
        seen.update(elsewhere(labels[:9]), probs=elsewhere(PROBS))
    with pytest.raises(ValueError, match="must be 2-D"):
        quality.find_label_issues(elsewhere(labels), probs=elsewhere(PROBS[0]))
    assert copies == [(N,)]
    seen.update(elsewhere(LABELS), probs=elsewhere(PROBS))  # nothing had been added


@pytest.mark.parametrize("name", ON_ROWS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_rows(name: str, dtype: str, copies: Any) -> None:
    rows = torch.from_numpy(ROWS).to(getattr(torch, dtype))
    if name.startswith("sample") and dtype == "float16":
        pytest.skip("scores in float16 are refused")
    expected = ON_ROWS[name](rows)
    found = ON_ROWS[name](elsewhere(rows))
    assert [shape for shape in copies if shape in ((300, 6), (200, 6), (100, 6))] == (
        [(200, 6), (100, 6)] if name == "leaks" else [(300, 6)]
    )
    assert_same(found, expected)
    assert_came_back(found, expected, is_elsewhere)


def test_representativeness(copies: Any) -> None:
    pytest.importorskip("sklearn")
    found = quality.representativeness(elsewhere(ROWS), 5)
    assert is_elsewhere(found)
    assert_same(found, quality.representativeness(ROWS, 5))
    assert is_elsewhere(quality.representativeness(elsewhere(ROWS[:4]), 5))
    assert copies == [(300, 6), (4, 6)]


def test_rows_of_two_devices(copies: Any) -> None:
    train, test = ROWS[:200], torch.from_numpy(ROWS[200:])
    expected = quality.leaks(train, test, 0.05)
    assert len(expected) > 0
    for given, is_there in (((elsewhere(train), test), False), ((train, elsewhere(test)), True)):
        found = quality.leaks(*given, 0.05)
        assert_same(found, expected)
        assert is_elsewhere(found.distances) == is_there
    scores = np.linspace(1, 0, len(ROWS))
    assert_same(quality.sample(elsewhere(scores), ROWS, 9), quality.sample(scores, ROWS, 9))
    assert_same(quality.coreset(ROWS, 9, selected=elsewhere([2, 3])), quality.coreset(ROWS, 9, selected=[2, 3]))


@pytest.mark.parametrize("name", ANNOTATED)
def test_annotators(name: str, copies: Any) -> None:
    call, table, probs = ANNOTATED[name], torch.from_numpy(TABLE), torch.from_numpy(PROBS)
    expected = call(table, probs)
    found = call(elsewhere(table), elsewhere(probs))
    assert_same(found, expected)
    assert_came_back(found, expected, is_elsewhere)
    assert_same(call(TABLE, elsewhere(probs)), expected)
    assert_same(call(elsewhere(table), PROBS), expected)


def test_agreement(copies: Any) -> None:
    pytest.importorskip("sklearn")
    assert quality.agreement(elsewhere(TABLE), "cohen") == quality.agreement(TABLE, "cohen")
    assert copies == [(N, 3)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_top_k(dtype: str, copies: Any) -> None:
    values, indices = torch.from_numpy(PROBS).to(getattr(torch, dtype)).topk(4)
    top = quality.TopK(elsewhere(indices), elsewhere(values), C)
    assert copies == [(N, 4), (N, 4)]
    plain = quality.TopK(indices, values, C)
    assert_same(quality.find_label_issues(elsewhere(LABELS), probs=top), quality.find_label_issues(LABELS, probs=plain))
    assert_same(quality.self_confidence(probs=top, labels=elsewhere(LABELS)),
                quality.self_confidence(probs=plain, labels=LABELS))  # fmt: skip


def test_a_gradient_is_refused_as_on_a_cpu(copies: Any) -> None:
    probs = torch.from_numpy(PROBS).requires_grad_()
    for given in (probs, elsewhere(PROBS).requires_grad_()):
        with pytest.raises(EITHER, match=r"requires_grad|requires grad|detach"):
            quality.class_thresholds(LABELS, probs=given)
    rows = elsewhere(ROWS).requires_grad_()
    assert_same(quality.coreset(rows, 9), quality.coreset(ROWS, 9))


class OfAnotherLibrary:
    """An array on a GPU of a library that is not known."""

    shape, dtype = (4, 2), np.dtype("float32")

    def __dlpack_device__(self) -> Any:
        return 2, 0

    def __dlpack__(self, **_: Any) -> Any:
        raise AssertionError("not to be read")

    def __getitem__(self, _: Any) -> Any:
        return self


def test_other_libraries_are_refused() -> None:
    for call in (lambda x: quality.coreset(x, 2), lambda x: quality.class_thresholds([0, 1, 0, 1], probs=x)):
        with pytest.raises(TypeError, match="GPU arrays of type OfAnotherLibrary are not accepted; accepted: torch"):
            call(OfAnotherLibrary())


# ---- on a GPU, where there is one ----


def is_on(device: str) -> Callable[[Any], bool]:
    return lambda x: x.device.type == device


@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions_on_device(dtype: str, device: str) -> None:
    probs, labels = torch.from_numpy(PROBS).to(getattr(torch, dtype)), torch.from_numpy(LABELS)
    for name, call in (ON_PREDICTIONS | ADJUSTED).items():
        expected = call(labels, probs)
        for given in (labels.to(device), labels):
            found = call(given, probs.to(device))
            assert_same(found, expected)
            assert_came_back(found, expected, is_on(device))
        assert_same(call(labels.to(device), probs), expected)
        if name in ADJUSTED:
            out = torch.zeros(N, dtype=expected.dtype, device=device)
            option = True if name == "self_confidence" else np.linspace(0, 1, C)
            getattr(quality, name)(probs=probs.to(device), labels=labels, adjust=option, out=out)
            assert_same(out, expected)


def test_blocks_and_strides_on_device(device: str) -> None:
    labels, probs, _ = problem(BIG, 3, 2)
    expected = quality.find_label_issues(labels, probs=probs, filter_by="both")
    columns = torch.from_numpy(probs.T.copy()).to(device).T
    found = quality.find_label_issues(torch.from_numpy(labels).to(device), probs=columns, filter_by="both")
    assert_same(found, expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_on_device(dtype: str, device: str) -> None:
    rows = torch.from_numpy(ROWS).to(getattr(torch, dtype))
    for call in ON_ROWS.values():
        expected, found = call(rows), call(rows.to(device))
        assert_same(found, expected)
        assert_came_back(found, expected, is_on(device))


def test_representativeness_on_device(device: str) -> None:
    pytest.importorskip("sklearn")
    found = quality.representativeness(torch.from_numpy(ROWS).to(device), 5)
    assert found.device.type == device
    assert_same(found, quality.representativeness(ROWS, 5))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_distances_that_are_searched_on_device(metric: Any, device: str) -> None:
    rows = torch.from_numpy(ROWS)
    for call in (quality.uniqueness, quality.outliers):
        expected, found = call(rows, metric=metric), call(rows.to(device), metric=metric)
        assert found.device.type == device
        np.testing.assert_allclose(here(found), here(expected), rtol=1e-12)
    found = quality.outliers(rows[200:].to(device), 3, rows[:200].to(device), metric=metric)
    expected = quality.outliers(rows[200:], 3, rows[:200], metric=metric)
    np.testing.assert_allclose(here(found), here(expected), rtol=1e-12)


def test_annotators_on_device(device: str) -> None:
    table, probs = torch.from_numpy(TABLE), torch.from_numpy(PROBS)
    for call in ANNOTATED.values():
        expected, found = call(table, probs), call(table.to(device), probs.to(device))
        assert_same(found, expected)
        assert_came_back(found, expected, is_on(device))
    values, indices = probs.topk(4)
    top = quality.TopK(indices.to(device), values.to(device), C)
    assert_same(quality.find_label_issues(LABELS, probs=top),
                quality.find_label_issues(LABELS, probs=quality.TopK(indices, values, C)))  # fmt: skip
