# SPDX-License-Identifier: Apache-2.0
"""Labeled images: read from where they are, and written where they are wanted."""

from burnish.data._convert import to_fiftyone, to_huggingface, to_torch
from burnish.data._faulty_digits import FaultyDigits, load_faulty_digits
from burnish.data._image_set import DataError
from burnish.data._labeled import (
    HumanLabels,
    LabeledImages,
    load_cifar10,
    load_cifar10_human_labels,
    load_digits,
    load_images,
    open_cifar10,
    place_in_class,
)
from burnish.data._open import ImageSet, open_images, pictures
from burnish.data._write import write_folder, write_npz, write_table

__all__ = [
    "DataError",
    "FaultyDigits",
    "HumanLabels",
    "ImageSet",
    "LabeledImages",
    "load_cifar10",
    "load_cifar10_human_labels",
    "load_digits",
    "load_faulty_digits",
    "load_images",
    "open_cifar10",
    "open_images",
    "pictures",
    "place_in_class",
    "to_fiftyone",
    "to_huggingface",
    "to_torch",
    "write_folder",
    "write_npz",
    "write_table",
]
