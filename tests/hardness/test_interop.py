# SPDX-License-Identifier: Apache-2.0
"""What goes in comes out: library, device, the very `out`; and inputs are neither changed nor kept."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from typing import Any

import numpy as np
import pytest
from burnish import _core, hardness
from hardness_data import INDEX_SCORES, assert_all_same, assert_same_bits, make_labels, make_values, score

N = 70


def case(classes: int, dtype: str = "float32") -> tuple[Any, Any, dict[str, Any]]:
    x, labels = make_values("logits", N, classes).astype(dtype), make_labels(N, classes)
    return x, labels, score("logits", x, labels)


def as_numpy(found: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value) for name, value in found.items()}


# ---- library and dtype ----


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("classes", [10, 50])
def test_same_library_out(framework: Any, dtype: str, classes: int) -> None:
    x, labels, expected = case(classes, dtype)
    found = score("logits", framework.array(x), framework.array(labels))
    for name, value in found.items():
        assert framework.owns(value)
        floating = "float64" if dtype == "float64" else "float32"
        wanted = "bool" if name == "correct" else "int64" if name in INDEX_SCORES else floating
        assert framework.dtype(value) == wanted
    assert_all_same(as_numpy(found), expected)
    values = framework.array(expected["entropy"])
    hard = hardness.hardest(values, 7)
    assert framework.owns(hard)
    assert framework.dtype(hard) == "int64"
    for strategy in ("top", "balanced", "proportional"):
        assert framework.owns(hardness.select(values, framework.array(labels), 7, strategy))
    p = framework.array(np.exp(x - x.max(axis=1, keepdims=True)))
    indices, names = hardness.uncertain(p, framework.array(labels))
    assert framework.owns(indices)
    assert framework.owns(names)


def test_lists_come_out_as_numpy() -> None:
    x, labels, expected = case(10, "float64")
    assert_all_same(score("logits", x.tolist(), labels.tolist()), expected)
    assert isinstance(hardness.entropy([[0.5, 1.5], [2.5, 0.0]]), np.ndarray)
    assert isinstance(hardness.hardest([0.5, 1.5], 1), np.ndarray)


class Frame:
    """What NumPy can make an array of, as data frames are."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._array, dtype=dtype)


def test_data_frames_come_out_as_numpy() -> None:
    x, labels, expected = case(10, "float64")
    assert_all_same(score("logits", Frame(x), Frame(labels)), expected)


def test_mixed_libraries() -> None:
    torch = pytest.importorskip("torch")
    x, labels, expected = case(10)
    found = score("logits", torch.tensor(x), labels)
    assert all(isinstance(value, torch.Tensor) for value in found.values())
    assert_all_same(as_numpy(found), expected)
    found = score("logits", x, torch.tensor(labels))
    assert all(isinstance(value, np.ndarray) for value in found.values())
    assert_all_same(found, expected)
    values, names = expected["entropy"], expected["correct"]
    table = hardness.by_class(torch.tensor(values), labels, correct=names)
    assert list(table) == list(hardness.by_class(values, torch.tensor(labels), correct=torch.tensor(names)))
    indices, given = hardness.uncertain(torch.softmax(torch.tensor(x), 1), labels)
    assert isinstance(indices, torch.Tensor)
    assert isinstance(given, np.ndarray)
    assert_same_bits(given, labels[indices.numpy()])


def test_torch_is_not_imported() -> None:
    """Neither by burnish nor by a call on NumPy arrays."""
    program = """
        import sys
        import numpy as np
        from burnish import hardness
        found = hardness.scores(np.zeros((3, 4)), [0, 1, 2], ("entropy", "el2n"))
        hardness.hardest(found["entropy"], 2)
        hardness.Accumulator(2, 4).update(np.zeros((3, 4)), [0, 1, 2])
        hardness.uncertain(np.full((3, 4), 0.25), [0, 1, 2])
        sys.exit("torch" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_bfloat16_comes_out_as_float32() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor(make_values("logits", N, 10), dtype=torch.bfloat16)
    found = hardness.entropy(x)
    assert found.dtype == torch.float32
    assert_same_bits(found.numpy(), hardness.entropy(x.float()).numpy())


def test_a_lazily_negated_tensor_is_read_with_its_sign() -> None:
    """`conj().imag` of torch is a view whose numbers are stored with the other sign."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(make_values("logits", N, 6), dtype=torch.float32)
    negated = torch.complex(x, -x).conj().imag
    assert negated.is_neg()
    assert torch.equal(negated, x)
    try:
        found = hardness.energy(negated)
    except (TypeError, ValueError):
        return  # refused is as good
    assert_same_bits(found.numpy(), hardness.energy(x.clone()).numpy())


# ---- any exporter of DLPack ----


class Exporter:
    """Somebody else's array: nothing but the two methods that DLPack asks for."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __dlpack__(self, **arguments: Any) -> Any:
        return self._array.__dlpack__(**arguments)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()


class OldExporter(Exporter):
    """From before DLPack 1.0: knows no `max_version` and returns an unversioned capsule."""

    def __dlpack__(self, stream: Any = None) -> Any:
        return self._array.__dlpack__(stream=stream)


class ArrayLike(Exporter):
    """With the attributes that arrays of the array API have besides."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> Any:
        return self._array.dtype


class OldArrayLike(ArrayLike, OldExporter):
    pass


EXPORTERS = [Exporter, OldExporter, ArrayLike, OldArrayLike]


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_exporters(exporter: Any, dtype: str) -> None:
    x, labels, expected = case(10, dtype)
    assert_all_same(as_numpy(score("logits", exporter(x), exporter(labels))), expected)
    assert_all_same(as_numpy(score("logits", x, exporter(labels.astype(np.int16)))), expected)
    transposed = exporter(np.ascontiguousarray(x.T).T)
    assert_all_same(as_numpy(score("logits", transposed, labels)), expected)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exporters_beside_scores(exporter: Any) -> None:
    x, labels, expected = case(10)
    values = expected["entropy"]
    assert_same_bits(np.asarray(hardness.hardest(exporter(values), 9)), hardness.hardest(values, 9))
    target = np.zeros(N, np.float32)
    assert_same_bits(np.asarray(hardness.entropy(x, out=exporter(target))._array), values)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    for found, wanted in zip(hardness.uncertain(exporter(p), labels), hardness.uncertain(p, labels), strict=True):
        assert_same_bits(np.asarray(found), wanted)
    both = [hardness.Accumulator(5, 10).update(logits, labels) for logits in (exporter(x), x)]
    assert both[0].ids.tolist() == both[1].ids.tolist()


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exporters_are_let_go(exporter: Any) -> None:
    memory = np.zeros((N, 10), np.float32)
    given = exporter(memory)
    hardness.entropy(given)
    before = sys.getrefcount(memory)
    for _ in range(5):
        hardness.entropy(given)
    assert sys.getrefcount(memory) == before
    gone = weakref.ref(given)
    del given
    assert gone() is None


# ---- memory ----


def test_read_only_and_broadcast_input(framework: Any) -> None:
    x, labels, expected = case(10)
    fixed, fixed_labels = x.copy(), labels.copy()
    fixed.flags.writeable = fixed_labels.flags.writeable = False
    assert_all_same(score("logits", fixed, fixed_labels), expected)
    row = np.broadcast_to(x[3], (N, 10))
    everywhere = score("logits", row, np.broadcast_to(labels[3], N))
    assert_all_same(everywhere, {name: value[np.full(N, 3)] for name, value in expected.items()})
    one_value = np.broadcast_to(np.float32(0.5), (4, 10))
    np.testing.assert_allclose(hardness.entropy(one_value), np.log(10), rtol=1e-6)
    if framework.name == "torch":
        wide = framework.array(x[:1]).expand(N, 10)
        assert_same_bits(hardness.entropy(wide).numpy(), expected["entropy"][np.zeros(N, int)])
    assert_same_bits(hardness.hardest(np.broadcast_to(np.float64(1), 9), 9), np.arange(9))


@pytest.mark.parametrize("classes", [10, 50, 1100])
def test_input_is_not_changed(framework: Any, classes: int) -> None:
    for dtype in ("float32", "float64", "float16"):
        x, labels = framework.array(make_values("logits", N, classes), dtype), framework.array(make_labels(N, classes))
        before = np.asarray(x).copy(), np.asarray(labels).copy()
        found = score("logits", x, labels, temperature=2.0)
        values = np.asarray(found["entropy"]).copy()
        hardness.hardest(found["entropy"], N)
        hardness.by_class(found["entropy"], labels, correct=found["correct"])
        hardness.select(found["entropy"], labels, 9, "proportional")
        hardness.Accumulator(9, classes).update(x, labels)
        assert_same_bits(np.asarray(x), before[0])
        assert_same_bits(np.asarray(labels), before[1])
        assert_same_bits(np.asarray(found["entropy"]), values)


@pytest.mark.parametrize("classes", [10, 50])
def test_out_is_filled_and_returned(framework: Any, classes: int) -> None:
    x, labels, expected = case(classes)
    dtypes = {"predictions": "int64", "rank_of_label": "int64", "correct": "bool"}
    given, given_labels = framework.array(x), framework.array(labels)
    out = {name: framework.array(np.ones(N), dtypes.get(name, "float32")) for name in _core.SCORES}
    found = score("logits", given, given_labels, out=out)
    assert all(found[name] is out[name] for name in out)
    assert_all_same(as_numpy(out), expected)
    some = {"margin": framework.array(np.ones(N), "float32"), "energy": None}
    found = hardness.scores(given, given_labels, ("entropy", "margin", "energy"), out=some)
    assert found["margin"] is some["margin"]
    assert list(found) == ["entropy", "margin", "energy"]
    assert_all_same(as_numpy(found), {name: expected[name] for name in found})
    for name in _core.SCORES:
        single = framework.array(np.ones(N), dtypes.get(name, "float32"))
        function = getattr(hardness, name)
        needs = (given, given_labels) if name in _core.LABEL_SCORES else (given,)
        assert function(*needs, out=single) is single
        assert_same_bits(np.asarray(single), expected[name])


def test_out_decides_the_precision() -> None:
    x, labels, _ = case(10)
    out = np.empty(N)
    assert hardness.entropy(x, out=out) is out
    assert_same_bits(out, hardness.entropy(x, dtype="float64"))
    out = np.empty(N, np.float32)
    hardness.cross_entropy(x.astype(np.float64), labels, out=out)
    assert_same_bits(out, hardness.cross_entropy(x, labels))


def test_out_with_strides(framework: Any) -> None:
    x, labels, expected = case(10)
    dtypes = {"predictions": "int64", "rank_of_label": "int64", "correct": "bool"}
    for step in (3, -1, -2) if framework.name == "numpy" else (3,):  # torch has no negative strides
        memory = {name: framework.array(np.ones(abs(step) * N), dtypes.get(name, "float32")) for name in _core.SCORES}
        out = {name: array[::step] for name, array in memory.items()}
        found = score("logits", framework.array(x), framework.array(labels), out=out)
        for name, array in memory.items():
            assert found[name] is out[name]
            assert_same_bits(np.asarray(array[::step]), expected[name], name)
            between = np.delete(np.asarray(array), np.arange(len(array))[::step])
            assert (between == 1).all(), name
    column = np.ones((N, 2), np.int64)
    hardness.hardest(expected["entropy"], N, out=column[:, 1])
    assert_same_bits(column[:, 1], hardness.hardest(expected["entropy"], N))
    assert (column[:, 0] == 1).all()


def test_correct_may_be_written_as_uint8() -> None:
    x, labels, expected = case(10)
    out = np.full(N, 7, np.uint8)
    hardness.correct(x, labels, out=out)
    assert out.tolist() == expected["correct"].astype(int).tolist()


def test_results_outlive_the_input(framework: Any) -> None:
    x, labels, expected = case(50)
    given = framework.array(x)
    gone = weakref.ref(given)
    found = score("logits", given, framework.array(labels))
    del given
    gc.collect()
    assert gone() is None
    np.full((N, 50), 7.0)  # memory that was freed may be reused now
    assert_all_same(as_numpy(found), expected)
    kept = found["entropy"]
    del found
    assert_same_bits(np.asarray(kept), expected["entropy"])


def test_references_are_given_back(framework: Any) -> None:
    x, labels, expected = case(10)
    arrays = [framework.array(x), framework.array(labels), framework.array(expected["entropy"])]
    out = {"entropy": framework.array(expected["entropy"])}

    def use() -> None:
        score("logits", arrays[0], arrays[1])
        hardness.scores(arrays[0], out=out)
        hardness.hardest(arrays[2], 5)
        for bad in ([0], "labels", [-1] * N):
            with pytest.raises((TypeError, ValueError)):
                hardness.cross_entropy(arrays[0], bad)

    use()
    gc.collect()
    before = [sys.getrefcount(array) for array in (*arrays, out["entropy"])]
    for _ in range(3):
        use()
    gc.collect()
    assert [sys.getrefcount(array) for array in (*arrays, out["entropy"])] == before


# ---- arguments ----


def test_which() -> None:
    x, labels, expected = case(10)
    assert list(hardness.scores(x)) == ["entropy"]
    assert list(hardness.scores(x, which="margin")) == ["margin"]
    for which in (["margin", "entropy"], ("predictions",), ("entropy", "entropy"), iter(["energy", "margin"])):
        names = list(dict.fromkeys(which)) if not hasattr(which, "__next__") else ["energy", "margin"]
        found = hardness.scores(x, labels, which)
        assert_all_same(found, {name: expected[name] for name in names})


def test_arguments_may_be_numpy_scalars() -> None:
    x, labels, _ = case(10)
    assert_same_bits(hardness.entropy(x, temperature=np.float32(2)), hardness.entropy(x, temperature=2))
    values = hardness.entropy(x)
    for k in (np.int64(3), np.uint8(3), np.array(3)):
        assert_same_bits(hardness.hardest(values, k), hardness.hardest(values, 3))
        assert_same_bits(hardness.select(values, labels, k, "balanced"), hardness.select(values, labels, 3, "balanced"))
    assert hardness.uncertain(np.full((2, 2), 0.5), [0, 1], np.float32(0.75))[0].tolist() == [0, 1]
