# SPDX-License-Identifier: Apache-2.0
"""What the images of a batch look like at some point of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from burnish._array import dtype_name
from burnish.augment._numbers import Bools, Integers

if TYPE_CHECKING:
    from burnish.augment._images import Images


@dataclass
class Shapes:
    """The images of a batch.

    Parameters
    ----------
    height, width : int64 arrays of shape (N,)
    channels : int
    white : float
        255 in uint8, else 1.
    """

    height: Integers
    width: Integers
    channels: int
    white: float

    def __len__(self) -> int:
        return len(self.height)

    @classmethod
    def of(cls, sizes: Any, channels: int, white: float = 1.0) -> Shapes:
        """Take heights and widths from an array (N, 2)."""
        return cls(sizes[:, 0].copy(), sizes[:, 1].copy(), channels, white)

    @classmethod
    def of_images(cls, images: Images) -> Shapes:
        """Take those of what a caller gave."""
        white = 255.0 if dtype_name(images.like) == "uint8" else 1.0
        return cls.of(images.sizes(), images.channels(), white)

    @property
    def are_bytes(self) -> bool:
        """Whether values are 0..255, rounded unless they are normalized."""
        return self.white == 255

    def change(self, where: Bools, height: Any, width: Any) -> None:
        """Set new sizes of some samples."""
        if height is not self.height or width is not self.width:
            self.height = np.where(where, height, self.height)
            self.width = np.where(where, width, self.width)
