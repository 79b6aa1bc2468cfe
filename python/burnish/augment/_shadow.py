# SPDX-License-Identifier: Apache-2.0
"""Parts of the image in the shade."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import pair, whole_pair
from burnish.augment._numbers import Bools, Floats, uniform, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform

MOST_CORNERS = 64


class RandomShadow(Transform):
    """Some polygons darkened.

    Parameters
    ----------
    shadow_roi : (left, top, right, bottom), default (0, 0.5, 1, 1)
        Where corners lie, as fractions of the sides.
    num_shadows_limit : pair of int, default (1, 2)
        How many; those that overlap darken twice.
    shadow_dimension : int, default 5
        How many corners each has, 3 to 64; its sides may cross.
    shadow_intensity_range : pair of float, default (0.5, 0.5)
        How dark: 0 changes nothing, 1 is black.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "vertices" (N, most shadows, corners, 2): x and y as fractions of width and height;
    "intensities" (N, most shadows), 0 where there is none. Values of pixels are multiplied by 1 - intensity whose
    center is to the right of an odd number of sides, a side reaching from its upper end to just above its lower end.
    """

    def __init__(
        self, shadow_roi: Any = (0, 0.5, 1, 1), num_shadows_limit: Any = (1, 2), shadow_dimension: int = 5,
        shadow_intensity_range: Any = (0.5, 0.5), p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        call = "RandomShadow"
        self.shadow_roi, self.num_shadows_limit = shadow_roi, num_shadows_limit
        self.shadow_dimension = check.integer(call, "shadow_dimension", shadow_dimension, 3, MOST_CORNERS)
        self.shadow_intensity_range = shadow_intensity_range
        if not isinstance(shadow_roi, tuple | list) or len(shadow_roi) != 4:
            raise TypeError(f"{call}: 'shadow_roi' is {shadow_roi!r}; accepted: (left, top, right, bottom)")
        self._across, self._down = (pair(call, "shadow_roi", tuple(shadow_roi[i::2]), 0, 1) for i in (0, 1))
        self._counts = whole_pair(call, "num_shadows_limit", num_shadows_limit, 1, 1000)
        self._intensities = pair(call, "shadow_intensity_range", shadow_intensity_range, 0, 1)

    def _number_of_draws(self) -> int:
        return 1 + self._counts[1] * (1 + 2 * self.shadow_dimension)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        most, corners = self._counts[1], self.shadow_dimension
        there = np.arange(most) < uniform_whole(u[:, 0], *self._counts)[:, None]
        u = u[:, 1:].reshape(len(u), most, 1 + 2 * corners)
        across, down = uniform(u[:, :, 1::2], self._across), uniform(u[:, :, 2::2], self._down)
        return {
            "vertices": np.stack([across, down], axis=3),
            "intensities": uniform(u[:, :, 0], self._intensities) * there,
        }

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        vertices, intensities = np.asarray(params["vertices"]), np.asarray(params["intensities"])
        if vertices.shape != (*intensities.shape, self.shadow_dimension, 2):
            raise ValueError(
                f"RandomShadow: 'vertices' has shape {vertices.shape}; accepted: "
                f"{(*intensities.shape, self.shadow_dimension, 2)}"
            )
        sizes = np.stack([shapes.width, shapes.height], axis=1)[:, None, None, :]
        return [shade_step(vertices * sizes, 1.0 - intensities)]


def shade_step(vertices: Any, factors: Any) -> Step:
    """Return the step for polygons (N, polygons, corners, 2) in pixels and their factors (N, polygons)."""
    n, polygons, corners = vertices.shape[:3]
    params = np.concatenate([factors[:, :, None], vertices.reshape(n, polygons, 2 * corners)], axis=2)
    return _core.Op.shade, [float(corners)], np.ascontiguousarray(params.reshape(n, -1), np.float64)
