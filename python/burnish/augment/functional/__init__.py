# SPDX-License-Identifier: Apache-2.0
"""The same changes with explicit parameters: one number for all images, or an array with one for each.

Images are what pipelines take: a batch, a list or one image, uint8 (0..255) or float32 (0..1), NumPy or torch; what
goes in comes out. `layout` is "NHWC" or "NCHW", by default NHWC for NumPy and NCHW for torch; `out` is where to write.

Results have the shape and dtype of the images where a function does not say otherwise; uint8 ones are the same bits for
any number of threads and on every processor. Wrong arguments raise `TypeError` or `ValueError` before any work, and the
message says what is accepted; parameters must be finite numbers.
"""

from burnish.augment.functional._channels import drop_channels, isolate_channel, permute_channels, to_grayscale
from burnish.augment.functional._color import (
    adjust_brightness,
    adjust_brightness_contrast,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    adjust_value,
    shift_hsv,
    shift_rgb,
)
from burnish.augment.functional._erase import erase, erase_holes, grid_dropout, shade
from burnish.augment.functional._filter import box_blur, gaussian_blur, motion_blur, pillow_gaussian_blur
from burnish.augment.functional._geometry import (
    affine,
    crop,
    horizontal_flip,
    pad,
    perspective,
    resize,
    resized_crop,
    rotate,
    square_symmetry,
    transpose,
    vertical_flip,
)
from burnish.augment.functional._mix import cutmix, mixup, soft_labels
from burnish.augment.functional._noise import gaussian_noise, multiplicative_noise, salt_and_pepper
from burnish.augment.functional._scale import normalize, to_bytes, to_float
from burnish.augment.functional._sharpen import adjust_sharpness, sharpen, unsharp_mask
from burnish.augment.functional._tone import adjust_gamma, autocontrast, equalize, invert, posterize, solarize

__all__ = [
    "crop",
    "pad",
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "rotate",
    "affine",
    "perspective",
    "resize",
    "resized_crop",
    "square_symmetry",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_saturation",
    "adjust_hue",
    "adjust_value",
    "adjust_brightness_contrast",
    "shift_hsv",
    "shift_rgb",
    "adjust_gamma",
    "solarize",
    "posterize",
    "invert",
    "autocontrast",
    "equalize",
    "to_grayscale",
    "permute_channels",
    "drop_channels",
    "isolate_channel",
    "gaussian_blur",
    "pillow_gaussian_blur",
    "box_blur",
    "motion_blur",
    "sharpen",
    "adjust_sharpness",
    "unsharp_mask",
    "gaussian_noise",
    "multiplicative_noise",
    "salt_and_pepper",
    "erase",
    "erase_holes",
    "grid_dropout",
    "shade",
    "to_float",
    "to_bytes",
    "normalize",
    "mixup",
    "cutmix",
    "soft_labels",
]
