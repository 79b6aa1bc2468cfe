# SPDX-License-Identifier: Apache-2.0
"""Transforms that mix images, and their labels, in pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish.augment._drawing import Drawing
from burnish.augment._numbers import Bools, Floats, symmetric_beta, uniform_whole
from burnish.augment._plan import Entry
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform


class Mixing(Transform):
    """Each sample mixed with a partner."""

    _mixes = True

    def __init__(self, alpha: Any, num_classes: Any, p: float) -> None:
        super().__init__(p)
        call = type(self).__name__
        self.alpha = check.real(call, "alpha", alpha, 1e-3, 1e6)
        self.num_classes = None if num_classes is None else check.integer(call, "num_classes", num_classes, 1, 1 << 31)

    def _draw(self, drawing: Drawing, active: Bools, forced: bool) -> None:
        place = drawing.next_place()
        applies, u = self._take(drawing, place, active, forced)
        partner, has_partner = drawing.mates.draw(u[:, 0], drawing.only_partners)
        applies &= has_partner
        params = {"partner": partner} if drawing.only_partners else self._parameters(u[:, 1:], drawing.shapes, applies)
        drawing.entries.append(Entry(place, type(self).__name__, applies, {"partner": partner, **params}))

    def _number_of_draws(self) -> int:
        return 1 + self._draws

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return []  # the images are mixed when they are finished

    def _weights(self, params: Params, shapes: Shapes) -> tuple[Any, Any, Any]:
        """Return lambda, the weight of each sample's own values, and its box of the partner's (N, 4)."""
        raise NotImplementedError


class MixUp(Mixing):
    """Each image, and its label, blended with another one: lambda * own + (1 - lambda) * partner's.

    Parameters
    ----------
    alpha : float, default 1
        Lambda is drawn from Beta(alpha, alpha), for each sample.
    num_classes : int, optional
        For soft labels of integer ones; without it they come back in pairs, see `MixedLabels`.
    p : float, default 1
        The part of the samples that are blended.

    Notes
    -----
    It must stand last in a pipeline, which is then called with ``labels=``: integers of shape (N,), or one-hot or soft
    labels of shape (N, K). The result is a pair, of images and of labels: (N, K) float32, or `MixedLabels`.

    A sample's partner is another one of the batch: the next one in an order that is drawn for the ids. It depends on
    which samples are in the batch, but not on their order; in `burnish.augment.torch.AugmentedDataset` it may be any
    one of the data set, and depends on nothing but the id. A sample that is alone is left as it is. The partner's
    image is what the transforms before have made of it. Two that are to exclude each other, such as
    ``OneOf([MixUp(), CutMix()], p=1)``, stand last in a OneOf.

    Planned parameters: "partner", the place in the batch, and "lam". uint8 results are rounded to the nearest, ties to
    even; NaN and infinity spread to the mixed value.

    References
    ----------
    H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz: mixup: Beyond empirical risk minimization. ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> images = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.full((4, 8, 8, 3), 60, np.uint8)
    >>> pipe = augment.Compose([augment.HorizontalFlip(), augment.MixUp(num_classes=3)], seed=4)
    >>> mixed, labels = pipe(images, ids=[10, 11, 12, 13], epoch=1, labels=[0, 1, 2, 2])
    >>> mixed[:, 0, 0, 0]
    array([155,  34,  84, 126], dtype=uint8)
    >>> labels.round(2)
    array([[0.14, 0.  , 0.86],
           [0.44, 0.56, 0.  ],
           [0.  , 0.6 , 0.4 ],
           [0.  , 0.  , 1.  ]], dtype=float32)
    """

    _draws = 2

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None, p: float = 1.0) -> None:
        super().__init__(alpha, num_classes, p)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"lam": symmetric_beta(u[:, 0], u[:, 1], self.alpha)}

    def _weights(self, params: Params, shapes: Shapes) -> tuple[Any, Any, Any]:
        lam = np.asarray(params["lam"], np.float64)
        if lam.shape != (len(shapes),) or (lam < 0).any() or (lam > 1).any():
            raise ValueError("MixUp: 'lam' must have a number from 0 to 1 for each sample")
        return lam, lam, 0


class CutMix(Mixing):
    """A rectangle of each image taken from another one, and the labels mixed by its area.

    Parameters
    ----------
    alpha : float, default 1
        Lambda is drawn from Beta(alpha, alpha), for each sample; the rectangle covers 1 - lambda of the image, as far
        as it does not reach beyond it.
    num_classes : int, optional
        For soft labels of integer ones; without it they come back in pairs, see `MixedLabels`.
    p : float, default 1
        The part of the samples that are mixed.

    Notes
    -----
    See `MixUp` for its place in a pipeline, partners and labels. The center of the rectangle is drawn from all pixels,
    and its sides are rounded down, as in torchvision; the labels are mixed by the area that is covered in truth.

    Planned parameters: "partner", the place in the batch, and "box" (N, 4), int64: top, left, height, width. Lambda is
    the part of the image that is outside of the box.

    References
    ----------
    S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe, Y. Yoo: CutMix: Regularization strategy to train strong classifiers
    with localizable features. ICCV 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> images = np.arange(2, dtype=np.uint8)[:, None, None, None] * np.ones((2, 4, 6, 1), np.uint8)
    >>> mixed, labels = augment.CutMix(num_classes=2)(images, ids=[0, 1], labels=[0, 1])
    >>> mixed[0, :, :, 0]
    array([[0, 0, 0, 0, 0, 0],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 0, 0, 0]], dtype=uint8)
    >>> labels[0]
    array([0.75, 0.25], dtype=float32)
    """

    _draws = 4
    _needs_sizes = True

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None, p: float = 1.0) -> None:
        super().__init__(alpha, num_classes, p)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        half = 0.5 * np.sqrt(1.0 - symmetric_beta(u[:, 0], u[:, 1], self.alpha))
        box = np.empty((len(u), 4), np.int64)
        for axis, size in enumerate((shapes.height, shapes.width)):
            reach = (half * size).astype(np.int64)
            center = uniform_whole(u[:, 2 + axis], 0, size - 1)
            first = np.maximum(center - reach, 0)
            box[:, axis] = first
            box[:, 2 + axis] = np.minimum(center + reach, size) - first
        return {"box": box}

    def _weights(self, params: Params, shapes: Shapes) -> tuple[Any, Any, Any]:
        box = np.asarray(params["box"])
        if box.shape != (len(shapes), 4) or box.dtype.kind not in "iu":
            raise ValueError(f"CutMix: 'box' has shape {box.shape}; accepted: ({len(shapes)}, 4) of integers")
        box = box.astype(np.int64)
        sizes = np.stack([shapes.height, shapes.width], axis=1)
        if (box < 0).any() or (box[:, :2] + box[:, 2:] > sizes).any():
            raise ValueError("CutMix: 'box' reaches beyond the image; accepted: boxes inside of it")
        area = (box[:, 2] * box[:, 3]).astype(np.float64)
        return 1.0 - area / np.maximum(1, shapes.height * shapes.width), 1, box
