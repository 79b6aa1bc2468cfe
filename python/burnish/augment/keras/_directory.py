# SPDX-License-Identifier: Apache-2.0
"""Endless batches of images from files, a folder for each class."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._runtime import get_num_threads
from burnish.augment._arguments import MOST_SIDE, one_of
from burnish.augment.keras._flow import Indices, Iterator

if TYPE_CHECKING:
    from burnish.augment.keras._generator import ImageDataGenerator

_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
_CLASS_MODES = ("categorical", "binary", "sparse", "input", None)
_RESAMPLING = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
_FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")


class DirectoryIterator(Iterator):
    """Endless batches of images from files; see `ImageDataGenerator.flow_from_directory`.

    Attributes
    ----------
    filenames, filepaths : list of str
        Of all images, in order.
    classes : int32 array
        The number of each image's class.
    class_indices : dict
        Numbers of the classes by name.
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: ImageDataGenerator,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> None:
        call = "flow_from_directory"
        self.directory = os.fspath(directory)
        if not os.path.isdir(self.directory):
            raise ValueError(f"{call}: 'directory' is {self.directory!r}, which is no folder; accepted: a folder")
        if not isinstance(target_size, tuple | list) or len(target_size) != 2:
            raise TypeError(f"{call}: 'target_size' is {target_size!r}; accepted: a pair of int, (height, width)")
        height, width = (check.integer(call, "target_size", side, 1, MOST_SIDE) for side in target_size)
        self.target_size = (height, width)
        for name, value, accepted in (
            ("color_mode", color_mode, tuple(_MODES)),
            ("class_mode", class_mode, _CLASS_MODES),
            ("interpolation", interpolation, _RESAMPLING),
            ("subset", subset, ("training", "validation", None)),
        ):
            one_of(call, name, value, accepted)
        self.color_mode, self.class_mode, self.interpolation = color_mode, class_mode, interpolation
        self.keep_aspect_ratio = bool(keep_aspect_ratio)
        self.image_data_generator = image_data_generator
        self.data_format, self.dtype = image_data_generator.data_format, image_data_generator.dtype
        channels = {"rgb": 3, "rgba": 4, "grayscale": 1}[color_mode]
        last = self.data_format == "channels_last"
        self.image_shape = (height, width, channels) if last else (channels, height, width)
        self.save_to_dir, self._saves = save_to_dir, (save_to_dir, save_prefix, save_format)
        if isinstance(classes, str) or (classes and len(set(classes)) < len(classes)):
            raise ValueError(f"{call}: 'classes' is {classes!r}; accepted: a list of names of folders, each once")
        names = list(classes) if classes else _folders(self.directory)
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.num_classes = len(names)
        self.filenames: list[str] = []
        numbers: list[int] = []
        for i, name in enumerate(names):
            found = list(_files(self.directory, name, follow_links))
            split = image_data_generator._validation_split
            low, high = {None: (0.0, 1.0), "validation": (0.0, split), "training": (split, 1.0)}[subset]
            found = found[int(low * len(found)) : int(high * len(found))]
            self.filenames += found
            numbers += [i] * len(found)
        self.classes = np.array(numbers, np.int32)
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        print(f"Found {len(self.filenames)} images belonging to {self.num_classes} classes.")
        super().__init__(len(self.filenames), batch_size, shuffle, seed)

    @property
    def labels(self) -> npt.NDArray[np.int32]:
        """The number of each image's class."""
        return self.classes

    def _read(self, path: str) -> npt.NDArray[np.uint8]:
        from PIL import Image

        with Image.open(path) as file:
            image = file if file.mode == _MODES[self.color_mode] else file.convert(_MODES[self.color_mode])
            height, width = self.target_size
            box = None
            if self.keep_aspect_ratio:
                # The largest part in the middle that has the target's ratio
                part_height = min(image.height, image.width * height // width)
                part_width = min(image.width, image.height * width // height)
                top, left = (image.height - part_height) // 2, (image.width - part_width) // 2
                box = (left, top, left + max(1, part_width), top + max(1, part_height))
            if image.size != (width, height) or box is not None:
                image = image.resize((width, height), Image.Resampling[self.interpolation.upper()], box)
            pixels = np.asarray(image)
        pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
        return pixels if self.data_format == "channels_last" else pixels.transpose(2, 0, 1)

    def _batch(self, indices: Indices, epoch: int) -> Any:
        paths = [self.filepaths[i] for i in indices.tolist()]
        threads = min(get_num_threads(), len(paths))
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                images = list(pool.map(self._read, paths))
        else:
            images = [self._read(path) for path in paths]
        generator = self.image_data_generator
        # None and 0..255 are the same for bytes.
        batch = self._images(generator, images, indices, epoch, self.image_shape, (0.0, 255.0))
        if self.save_to_dir:
            self._save(batch, indices, epoch, self.data_format, self._saves)
        if self.class_mode is None:
            return batch
        if self.class_mode == "input":
            return batch, batch.copy()
        numbers = self.classes[indices]
        if self.class_mode == "categorical":
            return batch, np.eye(self.num_classes, dtype=self.dtype)[numbers]
        return batch, numbers.astype(self.dtype)


def _folders(directory: str) -> list[str]:
    return sorted(name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))


def _files(directory: str, name: str, follow_links: bool) -> Any:
    """Return images of a class's folder and those in it, in order; as paths from `directory`."""
    top = os.path.join(directory, name)
    if not os.path.isdir(top):
        raise ValueError(f"flow_from_directory: 'classes' has {name!r}, which is no folder of {directory!r}")
    for folder, _, files in sorted(os.walk(top, followlinks=follow_links), key=lambda found: found[0]):
        for file in sorted(files):
            if file.lower().endswith(_FORMATS):
                yield os.path.relpath(os.path.join(folder, file), directory)
