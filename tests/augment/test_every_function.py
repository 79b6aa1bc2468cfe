# SPDX-License-Identifier: Apache-2.0
"""What must hold for every function; its arguments stand in every_function.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import _core
from burnish.augment import functional as F  # noqa: N812
from every_function import ARGUMENTS, OF_OTHERS
from settings import same_at_every_level, same_for_any_threads


@pytest.fixture(params=ARGUMENTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(name: str, images: Any, part: slice = slice(None), **options: Any) -> Any:
    """Call a function with the parameters of some of the samples."""
    given = {key: value[part] if isinstance(value, np.ndarray) else value for key, value in ARGUMENTS[name].items()}
    return getattr(F, name)(images, **given, **options)


def test_none_is_missing() -> None:
    assert set(ARGUMENTS) | OF_OTHERS == set(F.__all__)


def test_samples_have_parameters_of_their_own(name: str, images: np.ndarray) -> None:
    before = images.tobytes()
    expected = run(name, images)
    assert images.tobytes() == before
    for i in range(8):
        if not ARGUMENTS[name] or "ids" not in ARGUMENTS[name]:
            given = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in ARGUMENTS[name].items()}
            assert np.array_equal(getattr(F, name)(images[i], **given), expected[i])
        assert np.array_equal(run(name, images[i : i + 1], slice(i, i + 1)), expected[i : i + 1])
    assert np.array_equal(run(name, images[::-1], slice(None, None, -1)), expected[::-1])


def test_containers_and_layouts(name: str, images: np.ndarray) -> None:
    expected = run(name, images)
    assert np.array_equal(np.stack(run(name, list(images))), expected)
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    assert np.array_equal(run(name, planes, layout="NCHW").transpose(0, 2, 3, 1), expected)
    out = np.empty_like(expected)
    assert run(name, images, out=out) is out
    assert np.array_equal(out, expected)
    empty = run(name, images[:0], slice(0, 0))
    assert empty.shape[0] == 0
    assert empty.dtype == expected.dtype
    assert empty.shape[1:] == expected.shape[1:]


def test_torch(name: str, images: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    result = run(name, torch.from_numpy(images).permute(0, 3, 1, 2))
    assert isinstance(result, torch.Tensor)
    assert np.array_equal(result.permute(0, 2, 3, 1).numpy(), run(name, images))


def test_same_bits_for_any_number_of_threads(name: str, images: np.ndarray) -> None:
    same_for_any_threads(lambda: run(name, images))


def test_same_bits_at_every_level(name: str, photos: np.ndarray) -> None:
    same_at_every_level(lambda: run(name, photos))


def test_values_stay_in_their_range(name: str, photos: np.ndarray) -> None:
    strange = np.where(photos > 200, np.nan, photos / 255).astype(np.float32)
    strange[:, 5, 5] = np.inf, -np.inf, 1e30
    result = run(name, strange)
    assert np.array_equal(result, run(name, strange), equal_nan=True)
    # They pass on what they do not change.
    moves = (
        "crop", "pad", "horizontal_flip", "vertical_flip", "transpose", "square_symmetry", "rotate", "affine", "resize",
        "perspective", "resized_crop", "erase", "erase_holes", "grid_dropout", "shade", "permute_channels",
        "isolate_channel", "to_float", "normalize", "salt_and_pepper",
    )  # fmt: skip
    sums = ("pillow_gaussian_blur", "unsharp_mask")  # whose docstrings tell what becomes of such values
    if name not in moves + sums and result.dtype == np.float32:
        # Filters pass on NaN, and averages of it.
        assert np.nanmin(result) >= 0
        assert np.nanmax(result) <= 1


NUMBERS = {
    (name, parameter)
    for name, given in ARGUMENTS.items()
    for parameter, value in given.items()
    if isinstance(value, np.ndarray) and parameter not in ("ids", "order", "dropped")
}


@pytest.mark.parametrize(("name", "parameter"), sorted(NUMBERS))
def test_wrong_numbers_are_refused(name: str, parameter: str, photos: np.ndarray) -> None:
    given = ARGUMENTS[name]
    function = getattr(F, name)
    wrong: list[tuple[type[Exception], Any]] = [
        (ValueError, np.nan), (ValueError, np.inf), (TypeError, "1"), (TypeError, None), (TypeError, [1j] * 8),
        (ValueError, np.ones(7)), (ValueError, np.ones((8, 5))), (ValueError, 1e30), (ValueError, -1e30),
    ]  # fmt: skip
    if parameter == "high_cutoff":
        wrong = [(error, value) for error, value in wrong if value is not None]
    for error, value in wrong:
        with pytest.raises(error, match="accepted"):
            function(photos, **{**given, parameter: value})


def test_wrong_images_are_refused(name: str, photos: np.ndarray) -> None:
    for images in (photos.astype(np.int32), photos.astype(np.float64), photos[0, 0, 0], "photo", None, photos[:, :0]):
        with pytest.raises((TypeError, ValueError)):
            run(name, images)
    with pytest.raises((TypeError, ValueError)):
        run(name, photos, out=np.empty((8, 2, 2, 3), np.uint8))
    with pytest.raises((TypeError, ValueError)):
        run(name, photos, out=np.empty(photos.shape, np.int16))
    with pytest.raises((TypeError, ValueError), match="accepted"):
        run(name, photos, layout="CHWN")


def test_every_operation_of_the_engine_has_a_function() -> None:
    asked: set[str] = set()
    real = _core.run_pipeline

    def watch(call: str, steps: Any, *rest: Any) -> Any:
        asked.update(step[0].name for step in steps)
        return real(call, steps, *rest)

    _core.run_pipeline = watch
    try:
        for name in ARGUMENTS:
            run(name, np.zeros((8, 37, 53, 3), np.uint8))
        F.adjust_brightness_contrast(np.zeros((1, 2, 2, 3), np.uint8))
    finally:
        _core.run_pipeline = real
    of_drop_ins = {"levels", "to_hsv", "from_hsv"}  # which test_keras.py and test_opencv.py hold
    assert {op.name for op in _core.Op} - asked == of_drop_ins
