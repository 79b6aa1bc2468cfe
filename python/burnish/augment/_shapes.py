# SPDX-License-Identifier: Apache-2.0
"""What the images of a batch look like at some point of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from burnish.augment._numbers import Bools, Integers


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

    def change(self, where: Bools, height: Any, width: Any) -> None:
        """Set new sizes of some samples."""
        if height is not self.height or width is not self.width:
            self.height = np.where(where, height, self.height)
            self.width = np.where(where, width, self.width)
