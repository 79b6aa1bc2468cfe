# SPDX-License-Identifier: Apache-2.0
"""The same changes with explicit parameters: one number for all images, or an array with one for each.

Images are what pipelines take: a batch, a list or one image, uint8 (0..255) or float32 (0..1), NumPy or torch; what
goes in comes out. `layout` is "NHWC" or "NCHW", by default NHWC for NumPy and NCHW for torch; `out` is where to write.
"""

from burnish.augment.functional._color import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    normalize,
)
from burnish.augment.functional._erase import erase
from burnish.augment.functional._filter import gaussian_blur
from burnish.augment.functional._geometry import affine, crop, horizontal_flip, pad, rotate, transpose, vertical_flip
from burnish.augment.functional._mix import cutmix, mixup, soft_labels
from burnish.augment.functional._noise import gaussian_noise

__all__ = [
    "crop",
    "pad",
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "rotate",
    "affine",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_saturation",
    "adjust_hue",
    "gaussian_blur",
    "gaussian_noise",
    "erase",
    "normalize",
    "mixup",
    "cutmix",
    "soft_labels",
]
