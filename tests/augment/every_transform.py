# SPDX-License-Identifier: Apache-2.0
"""One example of each public transform, for the tests that must hold for all of them.

Examples change every sample, take images of 3 channels and of 37 x 53 pixels or more, and keep to uint8 if they can.
"""

from __future__ import annotations

import inspect

from burnish import augment
from burnish.augment._pipeline import Pipeline

FLIPS = [augment.HorizontalFlip(p=1), augment.VerticalFlip(p=1)]

EVERY: dict[str, Pipeline] = {
    "Compose": augment.Compose([*FLIPS, augment.InvertImg(p=1)], seed=3),
    "Sequential": augment.Sequential(FLIPS, p=1),
    "OneOf": augment.OneOf(FLIPS, p=1),
    "SomeOf": augment.SomeOf([*FLIPS, augment.InvertImg(p=1)], n=2),
    "RandomCrop": augment.RandomCrop(32, 40, padding=2, border_mode="reflect"),
    "CenterCrop": augment.CenterCrop(31, 41),
    "Pad": augment.Pad((1, 2, 3, 4), fill=9),
    "HorizontalFlip": augment.HorizontalFlip(p=1),
    "VerticalFlip": augment.VerticalFlip(p=1),
    "Transpose": augment.Transpose(p=1),
    "RandomRotate90": augment.Sequential([augment.CenterCrop(33, 33), augment.RandomRotate90()], p=1),
    "Rotate": augment.Rotate(30, p=1),
    "Affine": augment.Affine(scale=(0.8, 1.2), translate_px=(-4, 4), shear=(-5, 5), p=1),
    "ShiftScaleRotate": augment.ShiftScaleRotate(p=1),
    "Perspective": augment.Perspective(p=1),
    "ColorJitter": augment.ColorJitter(0.4, 0.4, 0.4, 0.2, p=1),
    "RandomBrightnessContrast": augment.RandomBrightnessContrast(p=1),
    "RGBShift": augment.RGBShift(p=1),
    "HueSaturationValue": augment.HueSaturationValue(p=1),
    "InvertImg": augment.InvertImg(p=1),
    "RandomGamma": augment.RandomGamma((50, 70), p=1),
    "Solarize": augment.Solarize((0.3, 0.6), p=1),
    "Posterize": augment.Posterize(((1, 4), 5, (2, 3)), p=1),
    "AutoContrast": augment.AutoContrast(cutoff=1, p=1),
    "Equalize": augment.Equalize(p=1),
    "ToGray": augment.ToGray(p=1),
    "ChannelShuffle": augment.Sequential([augment.ChannelShuffle(p=1), augment.InvertImg(p=1)], p=1),
    "ChannelDropout": augment.ChannelDropout(p=1),
    "ChannelIsolation": augment.ChannelIsolation(p=1),
    "GaussNoise": augment.GaussNoise(p=1),
    "MultiplicativeNoise": augment.MultiplicativeNoise(elementwise=True, per_channel=True, p=1),
    "SaltAndPepper": augment.SaltAndPepper(p=1),
    "GaussianBlur": augment.GaussianBlur((3, 7), p=1),
    "Blur": augment.Blur(p=1),
    "MotionBlur": augment.MotionBlur(p=1),
    "Sharpen": augment.Sharpen(p=1),
    "UnsharpMask": augment.UnsharpMask((1, 3), p=1),
    "CoarseDropout": augment.CoarseDropout(p=1),
    "RandomErasing": augment.RandomErasing(p=1),
    "RandAugment": augment.Sequential([augment.RandAugment(3, 15), augment.InvertImg(p=1)], p=1),
    "TrivialAugmentWide": augment.Sequential([augment.TrivialAugmentWide(), augment.InvertImg(p=1)], p=1),
    "ToFloat": augment.Compose([augment.ToFloat(), augment.InvertImg(p=1)]),
    "FromFloat": augment.Compose([augment.ToFloat(), augment.InvertImg(p=1), augment.FromFloat()]),
    "Normalize": augment.Normalize(),
    "PadIfNeeded": augment.PadIfNeeded(70, None, None, 32, "random", "reflect", p=1),
    "Resize": augment.Resize(50, 31, "bicubic"),
    "RandomResizedCrop": augment.RandomResizedCrop((24, 40), area_for_downscale="image"),
    "SquareSymmetry": augment.Sequential([augment.CenterCrop(32, 32), augment.SquareSymmetry()], p=1),
    "D4": augment.Sequential([augment.CenterCrop(32, 32), augment.D4()], p=1),
    "GridDropout": augment.GridDropout(fill="random", p=1),
    "XYMasking": augment.XYMasking((1, 2), 1, (3, 9), 4, fill="random_uniform", p=1),
    "RandomShadow": augment.RandomShadow((0, 0.1, 1, 0.9), (2, 3), shadow_intensity_range=(0.3, 0.7), p=1),
}

# Those that mix samples need labels and a batch: test_mix.py.
MIXING = ("MixUp", "CutMix")
PUBLIC = [
    name
    for name in augment.__all__
    if inspect.isclass(getattr(augment, name)) and issubclass(getattr(augment, name), Pipeline) and name not in MIXING
]
