# SPDX-License-Identifier: Apache-2.0
"""Arguments for each public function, for the tests that must hold for all of them.

Arrays have a value for each of 8 samples; what is no array is for all of them. Images are 37 x 53 pixels of 3 channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FACTORS = np.linspace(0.3, 1.9, 8)
PLACES = np.arange(8) - 2
SIZES = np.array([1, 3, 5, 7, 9, 11, 3, 21])
HALF = np.linspace(-0.5, 0.5, 8)
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
IDS = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8])

# Of two images, or of none: test_mix.py has them.
OF_OTHERS = {"mixup", "cutmix", "soft_labels"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "crop": {"top": PLACES, "left": PLACES[::-1].copy(), "height": 20, "width": 30, "fill": 3},
    "pad": {"padding": (1, 2, 3, 4)},
    "horizontal_flip": {},
    "vertical_flip": {},
    "transpose": {},
    "rotate": {"angle": 100 * HALF, "border_mode": "reflect"},
    "affine": {"angle": 100 * HALF, "scale": FACTORS, "translate": 9 * HALF},
    "perspective": {"corners": SQUARE + 0.05 * np.sin(np.arange(64)).reshape(8, 4, 2)},
    "resize": {"height": 20, "width": 60, "interpolation": "bicubic"},
    "resized_crop": {
        "top": np.arange(8),
        "left": np.arange(8),
        "height": 9 + np.arange(8),
        "width": 20 + np.arange(8),
        "size": (16, 24),
    },
    "square_symmetry": {"member": np.array([0, 1, 2, 3, 3, 1, 2, 0])},
    "adjust_brightness": {"factor": FACTORS},
    "adjust_contrast": {"factor": FACTORS},
    "adjust_saturation": {"factor": FACTORS},
    "adjust_hue": {"shift": HALF},
    "adjust_value": {"factor": FACTORS, "shift": HALF},
    "adjust_brightness_contrast": {"brightness": HALF, "contrast": HALF[::-1].copy(), "by_max": False},
    "shift_hsv": {"hue": HALF, "saturation": HALF, "value": HALF[::-1].copy()},
    "shift_rgb": {"shift": np.linspace(-0.2, 0.2, 24).reshape(8, 3)},
    "adjust_gamma": {"gamma": FACTORS},
    "solarize": {"threshold": FACTORS / 2},
    "posterize": {"bits": np.arange(8)},
    "invert": {},
    "autocontrast": {"low_cutoff": FACTORS, "high_cutoff": 3 * FACTORS},
    "equalize": {"mode": "cv"},
    "to_grayscale": {"method": "average"},
    "permute_channels": {"order": np.tile([[2, 0, 1], [1, 2, 0]], (4, 1))},
    "drop_channels": {"dropped": np.arange(24).reshape(8, 3) % 5 == 0, "fill": 1},
    "isolate_channel": {"channel": np.arange(8) % 3},
    "gaussian_blur": {"size": SIZES, "sigma": FACTORS},
    "pillow_gaussian_blur": {"radius": 3 * FACTORS},
    "box_blur": {"size": SIZES},
    "motion_blur": {"size": SIZES, "angle": 300 * FACTORS, "direction": HALF, "shift_x": HALF, "shift_y": 1.0},
    "sharpen": {"alpha": FACTORS / 2, "lightness": FACTORS},
    "adjust_sharpness": {"factor": FACTORS},
    "unsharp_mask": {"radius": FACTORS, "percent": 50 * np.arange(8), "threshold": np.arange(8)},
    "gaussian_noise": {"std": FACTORS / 9, "mean": HALF / 9, "ids": IDS, "seed": 3},
    "multiplicative_noise": {"low": FACTORS - 0.2, "high": FACTORS, "ids": IDS},
    "salt_and_pepper": {"amount": FACTORS / 4, "salt": FACTORS / 2, "ids": IDS},
    "erase": {"top": PLACES, "left": PLACES, "height": 5 + PLACES, "width": 7, "fill": 1},
    "erase_holes": {"holes": np.arange(64).reshape(8, 2, 4) % 17, "fill": "random", "ids": IDS},
    "grid_dropout": {"rows": 1 + np.arange(8), "columns": 9 - np.arange(8), "ratio": FACTORS / 2, "fill": 1},
    "shade": {"vertices": np.arange(48).reshape(8, 1, 3, 2) * 7 % 37, "factor": FACTORS[:, None] / 2},
    "to_float": {},
    "to_bytes": {},
    "normalize": {"mean": (0.5, 0.4, 0.3), "std": 0.2},
}
