# SPDX-License-Identifier: Apache-2.0
"""Random transforms of many kinds, as torchvision has them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._affine import affine_matrices
from burnish.augment._arguments import border_code, fill_options, fill_values, interpolation_code
from burnish.augment._color import color_channels
from burnish.augment._numbers import Bools, Floats, Integers, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

# In torchvision's order, with the number of the step in `_steps` that does each; -1 for none.
OPERATIONS = {
    "Identity": -1, "ShearX": 0, "ShearY": 0, "TranslateX": 0, "TranslateY": 0, "Rotate": 0, "Brightness": 1,
    "Color": 2, "Contrast": 3, "Sharpness": 4, "Posterize": 5, "Solarize": 6, "AutoContrast": 7, "Equalize": 8,
}  # fmt: skip
_STEPS = np.array(list(OPERATIONS.values()))
_NAMES = list(OPERATIONS)
_IS_SIGNED = np.array([_NAMES.index("ShearX") <= i <= _NAMES.index("Sharpness") for i in range(len(_NAMES))])


class _Policy(Transform):
    """Operations one after the other, each drawn from all of them."""

    # The largest magnitudes
    _shear: ClassVar[float]
    _angle: ClassVar[float]
    _factor: ClassVar[float]  # beside 1
    _bits: ClassVar[int]  # beside 8
    _count: int  # of operations for each sample

    def __init__(self, num_magnitude_bins: int, interpolation: Any, fill: Any, p: float) -> None:
        super().__init__(p)
        call = type(self).__name__
        self.num_magnitude_bins = check.integer(call, "num_magnitude_bins", num_magnitude_bins, 2, 1 << 20)
        self.interpolation, self.fill = interpolation, fill
        self._options = [interpolation_code(call, interpolation), border_code(call, "constant")]
        self._fill = fill_values(call, 0 if fill is None else fill)

    def _number_of_draws(self) -> int:
        return 3 * self._count

    def _bin(self, u: Floats) -> Any:
        """Return the number of the magnitude, for draws u."""
        raise NotImplementedError

    def _shift(self, part: Floats, size: Any) -> Floats:
        """Return how far to move an image with sides of that many pixels, for parts of the largest magnitude."""
        raise NotImplementedError

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        kind, sign, bins = (u[:, i * self._count : (i + 1) * self._count] for i in range(3))
        operation = uniform_whole(kind, 0, len(_NAMES) - 1)
        part = self._bin(bins) / (self.num_magnitude_bins - 1)
        return {"operation": operation, "magnitude": np.where(_IS_SIGNED[operation] & (sign < 0.5), -part, part)}

    def _checked(self, params: Params) -> tuple[Integers, Floats]:
        operation, magnitude = np.asarray(params["operation"]), np.asarray(params["magnitude"], np.float64)
        shape = (len(operation), self._count)
        if (
            operation.dtype.kind not in "iu"
            or operation.shape != shape
            or not _are_within(operation, 0, len(_NAMES) - 1)
        ):
            raise ValueError(
                f"{type(self).__name__}: 'operation' must have {self._count} of the numbers 0 to {len(_NAMES) - 1} for "
                "each sample"
            )
        if magnitude.shape != shape or not _are_within(magnitude, -1, 1):
            raise ValueError(
                f"{type(self).__name__}: 'magnitude' must have {self._count} numbers from -1 to 1 for each sample"
            )
        return operation.astype(np.int64), magnitude

    def _order(self, params: Params) -> npt.NDArray[Any]:
        step = _STEPS[self._checked(params)[0]]
        first = np.arange(self._count) * (_STEPS.max() + 1)
        return np.where(step >= 0, step + first, -1)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels(type(self).__name__, shapes.channels)
        operation, magnitude = self._checked(params)
        steps = []
        for i in range(self._count):
            steps += self._steps_of_one(operation[:, i], magnitude[:, i], shapes)
        return steps

    def _steps_of_one(self, operation: Integers, magnitude: Floats, shapes: Shapes) -> list[Step]:
        """Return a step for each kind, with its parameters for the samples that take it."""
        n = len(shapes)
        size = np.abs(magnitude)
        factor = columns(n, 1 + self._factor * magnitude)
        nothing = columns(n)
        return [
            self._warp(operation, magnitude, shapes),
            (_core.Op.linear, [], columns(n, factor[:, 0], 0)),
            (_core.Op.saturation, [], factor),
            (_core.Op.contrast, [], factor),
            (_core.Op.sharpness, [], factor),
            (_core.Op.posterize, [], columns(n, 8 - np.rint(self._bits * size))),
            (_core.Op.solarize, [], columns(n, (1 - size) * shapes.white)),
            (_core.Op.autocontrast, [], columns(n, 0, 0)),
            (_core.Op.equalize, [], nothing),
        ]

    def _warp(self, operation: Integers, magnitude: Floats, shapes: Shapes) -> Step:
        def of(name: str, values: Any) -> Any:
            return np.where(operation == _NAMES.index(name), values, 0.0)

        angle = of("Rotate", self._angle * magnitude)
        elements = affine_matrices(shapes.height, shapes.width, angle, (1.0, 1.0), (0.0, 0.0), (0.0, 0.0))
        # Sheared about the upper left corner.
        elements[1] = elements[1] + of("ShearX", self._shear * magnitude)
        elements[3] = elements[3] + of("ShearY", self._shear * magnitude)
        elements[2] = elements[2] - of("TranslateX", np.trunc(self._shift(magnitude, shapes.width)))
        elements[5] = elements[5] - of("TranslateY", np.trunc(self._shift(magnitude, shapes.height)))
        options = self._options + fill_options(type(self).__name__, self._fill, shapes.channels)
        return _core.Op.warp, options, columns(len(shapes), *elements, shapes.height, shapes.width)


def _are_within(values: npt.NDArray[Any], least: float, most: float) -> bool:
    return bool(((values >= least) & (values <= most)).all())


class RandAugment(_Policy):
    """Some of 14 operations one after the other, all of the same strength, as in torchvision.

    Parameters
    ----------
    num_ops : int, default 2
        How many; the same one may be drawn again.
    magnitude : int, default 9
        Strength of the operations, 0 to `num_magnitude_bins` - 1.
    num_magnitude_bins : int, default 31
        How many strengths there are: the last one shears by 0.3, moves by 150 of 331 parts of the side, turns by 30
        degrees, changes factors by 0.9, and leaves 4 bits.
    interpolation : {"nearest", "bilinear"} or OpenCV's number, default "nearest"
    fill : float or one for each channel, optional
        For what is seen beyond the border, in the image's own units; the default is 0.
    p : float, default 1

    Notes
    -----
    Planned parameters: "operation" (N, num_ops), the numbers of the operations in torchvision's order (Identity,
    ShearX, ShearY, TranslateX, TranslateY, Rotate, Brightness, Color, Contrast, Sharpness, Posterize, Solarize,
    AutoContrast, Equalize), and "magnitude" (N, num_ops), parts of the largest magnitude from -1 to 1.

    References
    ----------
    E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le: RandAugment: practical automated data augmentation with a reduced search
    space. NeurIPS 2020.
    """

    _shear, _angle, _factor, _bits = 0.3, 30.0, 0.9, 4

    def __init__(
        self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31, interpolation: Any = "nearest",
        fill: Any = None, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(num_magnitude_bins, interpolation, fill, p)
        self.num_ops = self._count = check.integer("RandAugment", "num_ops", num_ops, 0, 100)
        self.magnitude = check.integer("RandAugment", "magnitude", magnitude, 0, self.num_magnitude_bins - 1)

    def _bin(self, u: Floats) -> Any:
        return np.full(u.shape, self.magnitude)

    def _shift(self, part: Floats, size: Any) -> Floats:
        return np.asarray(part * (150.0 / 331.0 * size))


class TrivialAugmentWide(_Policy):
    """One of 14 operations, of random strength, as in torchvision.

    Parameters
    ----------
    num_magnitude_bins : int, default 31
        How many strengths there are, of which each has the same chance: the last one shears by 0.99, moves by 32
        pixels, turns by 135 degrees, changes factors by 0.99, and leaves 2 bits.
    interpolation, fill
        As in `RandAugment`.
    p : float, default 1

    Notes
    -----
    Planned parameters: "operation" and "magnitude" (N, 1), as in `RandAugment`.

    References
    ----------
    S. G. Müller, F. Hutter: TrivialAugment: tuning-free yet state-of-the-art data augmentation. ICCV 2021.
    """

    _shear, _angle, _factor, _bits, _count = 0.99, 135.0, 0.99, 6, 1

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: Any = "nearest", fill: Any = None, p: float = 1.0
    ) -> None:
        super().__init__(num_magnitude_bins, interpolation, fill, p)

    def _bin(self, u: Floats) -> Any:
        return uniform_whole(u, 0, self.num_magnitude_bins - 1)

    def _shift(self, part: Floats, size: Any) -> Floats:
        return np.asarray(part * 32.0)
