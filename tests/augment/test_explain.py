# SPDX-License-Identifier: Apache-2.0
"""What pipelines tell about their passes is what the passes do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import _transform
from burnish.augment._explain import Stage

A = augment


def stages(*transforms: Any, **options: Any) -> tuple[Stage, ...]:
    """Return the stages of a pipeline that all samples take alike."""
    found = A.Compose(list(transforms)).explain(**{"size": (40, 60), **options})
    assert len(found.kinds) == 1
    assert found.kinds[0][1] == found.samples == 100
    return found.kinds[0][0]


def test_one_pass() -> None:
    (stage,) = stages(
        A.RandomCrop(32, 50), A.HorizontalFlip(p=1), A.Rotate(20, p=1), A.InvertImg(p=1), A.Normalize(),
        out_layout="NCHW",
    )  # fmt: skip
    assert stage.does == "resample by one matrix (crop, flip or turn, warp)"
    assert stage.changes == ("linear", "normalize")
    assert (stage.reads, stage.writes, stage.size) == ("uint8 NHWC", "float32 NCHW", (32, 50))
    assert (stage.bytes_read, stage.bytes_written) == (3 * 32 * 50 / (32 * 50), 12)


def test_passes_in_between() -> None:
    first, second = stages(A.GaussianBlur(5, p=1))
    assert (first.does, first.writes, first.bytes_written) == ("copy", "uint8 NHWC", 3)
    assert (second.does, second.reads, second.writes) == ("filter rows and columns (blur)", "uint8 NHWC", "uint8 NHWC")
    floats = stages(A.Rotate(p=1), A.GaussianBlur(5, p=1), dtype="float32", out_dtype="float16", channels=4)
    assert [(stage.bytes_read, stage.bytes_written) for stage in floats] == [(16, 16), (16, 8)]
    bigger = stages(A.Pad(10))[0]
    assert (bigger.size, bigger.bytes_written) == ((60, 80), 3)
    assert bigger.bytes_read == 3 * 40 * 60 / (60 * 80)
    assert stages() == stages(A.Compose([]))
    assert stages()[0].does == "copy"


def test_steps_that_are_not_joined() -> None:
    joined = stages(A.Rotate(20, p=1), A.Affine(scale=0.9, p=1))
    apart = stages(A.Rotate(20, p=1), A.Affine(scale=0.9, p=1), fuse=False)
    assert len(joined) == 1
    assert [stage.does for stage in apart].count("resample by one matrix (warp)") == 2


def test_policies() -> None:
    text = str(A.TrivialAugmentWide().explain(size=(40, 60), ids=range(200)))
    assert "filter (sharpness)" in text
    assert "copy (sharpness)" not in text


def test_samples_of_several_kinds() -> None:
    pipe = A.Compose([A.Rotate(20, p=0.3), A.GaussianBlur(5, p=0.2)], seed=4)
    found = pipe.explain(size=(20, 30), ids=np.arange(1000))
    plan = pipe.plan(np.arange(1000))
    turned, blurred = plan["Rotate"].applies, plan["GaussianBlur"].applies
    counts = {tuple(stage.does for stage in stages): count for stages, count in found.kinds}
    blur, warp = "filter rows and columns (blur)", "resample by one matrix (warp)"
    assert counts == {
        ("copy",): (~turned & ~blurred).sum(), (warp,): (turned & ~blurred).sum(),
        ("copy", blur): (~turned & blurred).sum(), (warp, blur): (turned & blurred).sum(),
    }  # fmt: skip
    assert [count for _, count in found.kinds] == sorted(counts.values(), reverse=True)
    text = str(found)
    assert text.startswith(f"{counts['copy',]} of 1000 samples: 1 pass, 6 bytes a pixel\n  1. copy\n     uint8 NHWC")
    assert repr(found) == text


def test_images(photos: np.ndarray) -> None:
    pipe = A.Compose([A.ColorJitter(p=1), A.Normalize()])
    found = pipe.explain(photos)
    assert found.samples == 8
    assert all(stages[-1].writes == "float32 NHWC" for stages, _ in found.kinds)
    assert any("contrast" in stage.changes for stages, _ in found.kinds for stage in stages)
    ragged = A.Compose([A.HorizontalFlip(p=1)]).explain([photos[0], photos[1, :9]])
    assert [stages[0].size for stages, _ in ragged.kinds] == [(37, 53), (9, 53)]
    planes = A.Rotate(p=1).explain(photos.transpose(0, 3, 1, 2), layout="NCHW")
    assert [stage.reads for stage in planes.kinds[0][0]] == ["uint8 NCHW", "uint8 NHWC"]
    torch = pytest.importorskip("torch")
    assert A.Rotate(p=1).explain(torch.zeros(2, 3, 8, 9)).kinds[0][0][0].reads == "float32 NCHW"
    assert A.Rotate(p=1).explain(photos[:0]).samples == 0
    assert str(A.Rotate(p=1).explain(photos[:0])) == "no samples"


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_every_transform(dtype: str) -> None:
    """The last stage writes what a call returns; each transform with defaults."""
    images = np.zeros((3, 50, 50, 3), dtype)
    explained = 0
    for name in A.__all__:
        made = getattr(A, name)
        if not isinstance(made, type) or not issubclass(made, _transform.Transform):
            continue
        needed = [p for p in inspect.signature(made).parameters.values() if p.default is p.empty]
        if needed:
            continue
        pipe = made()
        found = pipe.explain(images)
        assert found.samples == 3
        if not pipe._mixes:
            result = pipe(images, ids=np.arange(3))
            assert {stages[-1].size for stages, _ in found.kinds} == {result.shape[1:3]}, name
            assert {stages[-1].writes for stages, _ in found.kinds} == {f"{result.dtype} NHWC"}, name
        explained += 1
    assert explained > 20


def test_other_ways() -> None:
    many = A.Compose([A.OneOf([A.Rotate(p=1), A.GaussianBlur(p=1), A.HorizontalFlip(p=1)], p=0.7), A.ColorJitter()])
    shown = str(many.explain(size=(9, 9)))
    assert re.search(r"\n\d+ of 100 samples: in \d+ other ways$", shown)


BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "pass either 'images' or 'size'": (TypeError, lambda: A.Rotate().explain()),
    "'size' is 3": (TypeError, lambda: A.Rotate().explain(size=3)),
    "'size' is 0": (ValueError, lambda: A.Rotate().explain(size=(0, 3))),
    "'dtype' is float64": (TypeError, lambda: A.Rotate().explain(size=(3, 3), dtype="float64")),
    "'channels' is 0": (ValueError, lambda: A.Rotate().explain(size=(3, 3), channels=0)),
    "'layout' is 'x'": (ValueError, lambda: A.Rotate().explain(size=(3, 3), layout="x")),
    "there are 2 images and 3 ids": (
        ValueError,
        lambda: A.Rotate().explain(np.zeros((2, 3, 3, 3), np.uint8), [1, 2, 3]),
    ),
    "at least 10 x 5": (ValueError, lambda: A.RandomCrop(10, 5).explain(size=(3, 3))),
}


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()
