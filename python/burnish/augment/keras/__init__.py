# SPDX-License-Identifier: Apache-2.0
"""Keras' legacy generator of image batches, on burnish's engine.

Change ``from keras.preprocessing.image import ImageDataGenerator`` (or ``tensorflow.keras...``) to
``from burnish.augment.keras import ImageDataGenerator``. A sample's result depends on the seed, the epoch and the
sample's index alone, whatever the size of the batches and their order.
"""

from burnish.augment.keras._directory import DirectoryIterator
from burnish.augment.keras._flow import Iterator, NumpyArrayIterator
from burnish.augment.keras._generator import ImageDataGenerator

__all__ = ["ImageDataGenerator", "Iterator", "NumpyArrayIterator", "DirectoryIterator"]
