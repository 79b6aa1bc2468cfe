# SPDX-License-Identifier: Apache-2.0
"""The generator: what changes there are, and how they are done to a batch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import border_code, interpolation_code, one_of, pair
from burnish.augment._images import Images
from burnish.augment._run import run_alike
from burnish.augment._transform import columns
from burnish.augment.keras._arguments import CALL, channels_last, readable, seed_or_0, zoom_pair
from burnish.augment.keras._colors import brighten_as_keras, shift_channels_as_keras, value_range
from burnish.augment.keras._directory import DirectoryIterator
from burnish.augment.keras._draws import (
    BRIGHTNESS,
    CHANNELS,
    FLIP_X,
    FLIP_Y,
    HEIGHT,
    HEIGHT_SIGN,
    PARAMETER_PLACE,
    SHEAR,
    THETA,
    WIDTH,
    WIDTH_SIGN,
    ZOOM_X,
    ZOOM_Y,
    Params,
    ShiftRange,
    uniforms,
    warp_parameters,
)
from burnish.augment.keras._flow import NumpyArrayIterator, iterator_class
from burnish.augment.keras._standardize import Standardizing

_FILLS = {"constant": "constant", "nearest": "replicate", "reflect": "reflect", "wrap": "wrap"}  # as borders
_GEOMETRY = {"theta": 0.0, "tx": 0.0, "ty": 0.0, "shear": 0.0, "zx": 1.0, "zy": 1.0}
_UNCHANGED = {
    **_GEOMETRY, "flip_horizontal": False, "flip_vertical": False, "channel_shift_intensity": None, "brightness": None,
}  # fmt: skip


class ImageDataGenerator(Standardizing):
    """Batches of images, each changed at random in its own way.

    Parameters
    ----------
    featurewise_center, featurewise_std_normalization : bool, default False
        Whether the mean of each channel, over all of `fit`'s images, becomes 0, and its standard deviation 1.
    samplewise_center, samplewise_std_normalization : bool, default False
        The same for each image, over all of its values.
    zca_whitening : bool, default False
        Whether values become uncorrelated; `fit` finds the matrix, of (H * W * C)^2 numbers.
    zca_epsilon : float, default 1e-6
    rotation_range : float, default 0
        Degrees, to both sides.
    width_shift_range, height_shift_range : float, int or list of numbers, default 0
        To both sides: below 1 a part of the size, from 1 on pixels; an int is for whole pixels below it. Of a list, an
        element is drawn.
    brightness_range : pair of float, optional
        Factors.
    shear_range : float, default 0
        **Degrees**, to both sides, though examples on the web write 0.2.
    zoom_range : float or pair of float, default 0
        Factors of the part that is seen, for each axis: above 1 shows more of the image, all of it smaller. One number
        z stands for 1 - z to 1 + z.
    channel_shift_range : float, default 0
        In the images' own units, to both sides, for each channel.
    fill_mode : {"nearest", "constant", "reflect", "wrap"}, default "nearest"
        What is seen beyond the border.
    cval : float, default 0
        For "constant".
    horizontal_flip, vertical_flip : bool, default False
        Whether half of the images are flipped.
    rescale : float, optional
        A factor for all values, after everything else but the statistics.
    preprocessing_function : callable, optional
        For each changed image, before it is rescaled.
    data_format : {"channels_last", "channels_first"}, optional
        The default is the former.
    validation_split : float, default 0
        The part of the images that ``subset="validation"`` is.
    interpolation_order : {1, 0}, default 1
        Bilinear or nearest.
    dtype : {"float32", "float16", "float64"}, optional
        Of the batches. The default is float32; float64 is computed in float32.
    compat : {"keras"}, optional
        For Keras' own meaning where it is odd. See Notes.

    Notes
    -----
    Images are arrays of 0..255 or 0..1 (or any floats, where neither brightness nor channels change). uint8 stays uint8
    until a batch is made, which takes a quarter of the memory of Keras' copy. Values between pixels are not rounded.

    All geometry is one matrix, and one reading of the image; places are told to 1/16384 of a pixel.

    Random numbers are Philox', keyed by (seed, epoch, index of the image); without a seed it is 0. So the numbers
    differ from Keras', and results depend neither on the size of batches nor on their order.

    With ``compat="keras"`` parameters mean what they do in Keras: `height_shift_range` moves along rows and
    `width_shift_range` along columns, to the left and upwards where positive; images that are not square turn about
    another point than their center; shear also stretches; a list of shifts gets random signs; all channels are shifted
    by the same number and clipped to the image's own range; brightness goes through Pillow's bytes; images are not
    standardized where `fit` was forgotten, with a warning. What still differs: "wrap" repeats the whole image (SciPy's
    lacks one pixel of it), and "constant" is mixed in between the outermost pixels and those beyond them.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.augment.keras import ImageDataGenerator
    >>> x, y = np.zeros((70, 32, 32, 3), np.uint8), np.zeros(70, np.int64)
    >>> flow = ImageDataGenerator(rotation_range=20, horizontal_flip=True, rescale=1 / 255).flow(x, y, seed=1)
    >>> len(flow)
    3
    >>> batch_x, batch_y = next(flow)
    >>> batch_x.shape, batch_x.dtype, batch_y.shape
    ((32, 32, 32, 3), dtype('float32'), (32,))
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Any], Any] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
        *,
        compat: str | None = None,
    ) -> None:
        one_of(CALL, "compat", compat, (None, "keras"))
        self.compat = compat
        self._as_keras = compat == "keras"
        self.featurewise_center, self.samplewise_center = bool(featurewise_center), bool(samplewise_center)
        self.featurewise_std_normalization = bool(featurewise_std_normalization)
        self.samplewise_std_normalization = bool(samplewise_std_normalization)
        self.zca_whitening = bool(zca_whitening)
        self.zca_epsilon = check.real(CALL, "zca_epsilon", zca_epsilon, 0)
        self.rotation_range = check.real(CALL, "rotation_range", rotation_range, 0, 1e6)
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self._width_shift = ShiftRange("width_shift_range", width_shift_range, self._as_keras)
        self._height_shift = ShiftRange("height_shift_range", height_shift_range, self._as_keras)
        self.brightness_range = None
        if brightness_range is not None:
            self.brightness_range = pair(CALL, "brightness_range", brightness_range, 0, 1e6)
        self.shear_range = check.real(CALL, "shear_range", shear_range, 0, 89)
        self.zoom_range = list(zoom_pair(zoom_range))
        self.channel_shift_range = check.real(CALL, "channel_shift_range", channel_shift_range, 0)
        self.fill_mode = one_of(CALL, "fill_mode", fill_mode, tuple(_FILLS))
        self.cval = check.real(CALL, "cval", cval, -math.inf)
        self.horizontal_flip, self.vertical_flip = bool(horizontal_flip), bool(vertical_flip)
        self.rescale = None if not rescale else check.real(CALL, "rescale", rescale, -math.inf)
        if preprocessing_function is not None and not callable(preprocessing_function):
            raise TypeError(f"{CALL}: 'preprocessing_function' is {preprocessing_function!r}; accepted: a function")
        self.preprocessing_function = preprocessing_function
        self.data_format = one_of(
            CALL, "data_format", data_format or "channels_last", ("channels_last", "channels_first")
        )
        self._validation_split = check.real(CALL, "validation_split", validation_split, 0, 1)
        if self._validation_split == 1:
            raise ValueError(f"{CALL}: 'validation_split' is 1; accepted: a number from 0, below 1")
        self.interpolation_order = check.integer(CALL, "interpolation_order", interpolation_order, 0, 1)
        name = "float32" if dtype is None else np.dtype(dtype).name
        self.dtype = one_of(CALL, "dtype", name, ("float32", "float16", "float64"))
        self.mean = self.std = self.zca_whitening_matrix = None
        self._next_id = 0
        self._imply()

    @property
    def channel_axis(self) -> int:
        """The channels' axis of a batch."""
        return 3 if self.data_format == "channels_last" else 1

    @property
    def row_axis(self) -> int:
        """The rows' axis of a batch."""
        return 1 if self.data_format == "channels_last" else 2

    @property
    def col_axis(self) -> int:
        """The columns' axis of a batch."""
        return self.row_axis + 1

    def _imply(self) -> None:
        implied = [
            ("zca_whitening", "featurewise_center", True),
            ("zca_whitening", "featurewise_std_normalization", False),
            ("featurewise_std_normalization", "featurewise_center", True),
            ("samplewise_std_normalization", "samplewise_center", True),
        ]
        for cause, name, value in implied:
            if getattr(self, cause) and getattr(self, name) != value:
                setattr(self, name, value)
                warnings.warn(f"{CALL}: '{cause}' sets '{name}' to {value}", stacklevel=3)

    # Drawing

    def _draw(self, shape: tuple[int, int, int], seed: int, epoch: int, ids: npt.NDArray[np.int64]) -> Params:
        """Return arrays of parameters for images of a shape (H, W, C)."""
        height, width, channels = shape
        u = uniforms(seed, epoch, PARAMETER_PLACE, ids, CHANNELS + (channels if self.channel_shift_range else 0))
        params: Params = dict(_UNCHANGED)
        if self.rotation_range:
            params["theta"] = (2 * u[:, THETA] - 1) * self.rotation_range
        down = self._height_shift.draw(u[:, HEIGHT], u[:, HEIGHT_SIGN], height) if self._height_shift else 0.0
        right = self._width_shift.draw(u[:, WIDTH], u[:, WIDTH_SIGN], width) if self._width_shift else 0.0
        params["tx"], params["ty"] = (down, right) if self._as_keras else (right, down)
        if self.shear_range:
            params["shear"] = (2 * u[:, SHEAR] - 1) * self.shear_range
        low, high = self.zoom_range
        if (low, high) != (1, 1):
            params["zx"], params["zy"] = (low + u[:, column] * (high - low) for column in (ZOOM_X, ZOOM_Y))
        if self.horizontal_flip:
            params["flip_horizontal"] = u[:, FLIP_X] < 0.5
        if self.vertical_flip:
            params["flip_vertical"] = u[:, FLIP_Y] < 0.5
        if self.channel_shift_range:
            shifts = (2 * u[:, CHANNELS:] - 1) * self.channel_shift_range
            params["channel_shift_intensity"] = shifts[:, 0] if self._as_keras else shifts
        if self.brightness_range is not None:
            low, high = self.brightness_range
            params["brightness"] = low + u[:, BRIGHTNESS] * (high - low)
        return params

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> Params:
        """Draw what is to be done to an image.

        Parameters
        ----------
        img_shape : tuple of 3 int
        seed : int, optional
            The same seed gives the same parameters. Without it, each call has the next ones of a row.

        Returns
        -------
        dict
            For `apply_transform`: "theta" (degrees, counter-clockwise as seen), "tx" and "ty" (pixels to the right and
            downwards), "shear" (degrees), "zx" and "zy" (the part that is seen), "flip_horizontal", "flip_vertical",
            "channel_shift_intensity" (one for each channel) and "brightness" (or None).
        """
        if len(img_shape) != 3:
            raise ValueError(f"get_random_transform: 'img_shape' is {img_shape}; accepted: three axes")
        last = self.data_format == "channels_last"
        height, width, channels = img_shape if last else (*img_shape[1:], img_shape[0])
        name = 0
        if seed is None:
            name, self._next_id = self._next_id, self._next_id + 1
        drawn = self._draw((height, width, channels), seed_or_0(CALL, seed), 0, np.array([name]))
        return {key: value[0].tolist() if isinstance(value, np.ndarray) else value for key, value in drawn.items()}

    # Doing

    def apply_transform(self, x: Any, transform_parameters: Params) -> npt.NDArray[Any]:
        """Change an image; parameters that are not given change nothing.

        Parameters
        ----------
        x : array of shape (H, W, C), or (C, H, W)
        transform_parameters : dict
            As from `get_random_transform`.

        Returns
        -------
        float32 array of the same shape
        """
        image = readable("apply_transform", x, 3)
        unknown = set(transform_parameters) - set(_UNCHANGED)
        if unknown:
            raise ValueError(
                f"apply_transform: 'transform_parameters' has {sorted(unknown)}; accepted: {', '.join(_UNCHANGED)}"
            )
        params = {**_UNCHANGED, **transform_parameters}
        for name, value in params.items():
            if value is not None and not np.isfinite(np.asarray(value, np.float64)).all():
                raise ValueError(f"apply_transform: '{name}' is {value!r}; accepted: finite numbers")
        if params["zx"] <= 0 or params["zy"] <= 0:
            raise ValueError("apply_transform: 'zx' or 'zy' is not above 0; accepted: numbers above 0")
        params = {name: value if value is None else np.asarray(value)[None] for name, value in params.items()}
        out: npt.NDArray[Any] = np.empty(image.shape, np.float32)
        self._change(image[None], params, self._range(image), [1.0, 0.0], out[None])
        return out

    def random_transform(self, x: Any, seed: int | None = None) -> npt.NDArray[Any]:
        """Change an image at random: `apply_transform` of `get_random_transform`."""
        image = readable("random_transform", x, 3)
        return self.apply_transform(image, self.get_random_transform(image.shape, seed))

    def _range(self, images: Any) -> tuple[float, float] | None:
        """Return the range that colors are clipped to; None where none are changed, or as Keras does it."""
        if self._as_keras or (self.brightness_range is None and not self.channel_shift_range):
            return None
        return value_range(images)

    def _change(self, images: Any, params: Params, levels: Any, scale: list[float], out: npt.NDArray[Any]) -> None:
        """Write changed images, scaled by (factor, shift), to `out`; `images` is a batch or a list of its images."""
        n, height, width, channels = out.shape if self.data_format == "channels_last" else channels_last(out.shape)
        in_python = self._as_keras and (
            params["channel_shift_intensity"] is not None or params["brightness"] is not None
        )
        steps: list[Any] = [(_core.Op.levels, [-math.inf, math.inf], columns(n))]
        steps += self._geometry(n, height, width, params)
        if not in_python:
            steps += _colors(n, channels, params, levels)
        if not in_python and scale != [1.0, 0.0]:
            values = scale if len(scale) > 2 else scale * channels
            steps.append((_core.Op.normalize, values, columns(n)))
        layout = _core.Layout.nhwc if self.data_format == "channels_last" else _core.Layout.nchw
        kind = "list" if isinstance(images, list) else "batch"
        run_alike(CALL, steps, Images(kind, images, layout), Images("batch", out, layout))
        if in_python:
            channel = self.channel_axis - 1
            for i, image in enumerate(out):
                if params["channel_shift_intensity"] is not None:
                    shift_channels_as_keras(image, float(np.ravel(params["channel_shift_intensity"][i])[0]))
                if params["brightness"] is not None:
                    image[...] = brighten_as_keras(image, float(params["brightness"][i]), channel)
            shape = [1, channels, 1, 1] if channel == 0 else [channels]
            values = np.array(scale if len(scale) > 2 else scale * channels, np.float32)
            out *= values[::2].reshape(shape)
            out += values[1::2].reshape(shape)

    def _geometry(self, n: int, height: int, width: int, params: Params) -> list[Any]:
        moves = any(np.any(np.asarray(params[name]) != unchanged) for name, unchanged in _GEOMETRY.items())
        if moves:
            options = [
                interpolation_code(CALL, self.interpolation_order),
                border_code(CALL, _FILLS[self.fill_mode]),
                self.cval,
            ]
            return [(_core.Op.warp, options, warp_parameters(n, height, width, params, self._as_keras))]
        flips = np.add(params["flip_horizontal"], np.multiply(2, params["flip_vertical"]))
        return [(_core.Op.orient, [], columns(n, flips))] if np.any(flips) else []

    # Flowing

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
        seed: int | None = None, save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png",
        ignore_class_split: bool = False, subset: str | None = None,
    ) -> Any:  # fmt: skip
        """Return endless batches of changed images.

        Parameters
        ----------
        x : array of shape (N, H, W, C) or (N, C, H, W), or (images, other arrays of length N)
            The images are not copied if they are uint8 or float32.
        y : array of length N, optional
        batch_size : int, default 32
        shuffle : bool, default True
            Whether each epoch has an order of its own.
        sample_weight : array of length N, optional
        seed : int, optional
            For order and changes; the default is 0.
        save_to_dir : path, optional
            Where each image of a batch is saved, scaled to 0..255.
        save_prefix, save_format : str
            Names are ``{prefix}_{index}_{epoch}.{format}``.
        ignore_class_split : bool, default False
            Whether subsets may lack classes that the other has.
        subset : {"training", "validation"}, optional
            With `validation_split`: the last part of the images, or the first.

        Returns
        -------
        NumpyArrayIterator
            Of images, or (images, labels), or (images, labels, weights). A batch that nobody holds any more is written
            to again: a loop takes the memory of two or three.
        """
        return iterator_class(NumpyArrayIterator)(
            x, y, self, batch_size, shuffle, sample_weight, seed, save_to_dir, save_prefix, save_format,
            ignore_class_split, subset,
        )  # fmt: skip

    def flow_from_directory(
        self, directory: Any, target_size: Any = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", follow_links: bool = False,
        subset: str | None = None, interpolation: str = "nearest", keep_aspect_ratio: bool = False,
    ) -> Any:  # fmt: skip
        """Return endless batches of changed images from files; each class has a folder.

        Parameters
        ----------
        directory : path
        target_size : pair of int, default (256, 256)
            Height and width that images are resized to, by Pillow.
        color_mode : {"rgb", "rgba", "grayscale"}, default "rgb"
        classes : list of str, optional
            The folders, in order. The default is all of them, sorted.
        class_mode : {"categorical", "binary", "sparse", "input", None}, default "categorical"
            What comes with the images: one-hot rows, numbers, the images themselves, or nothing.
        batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset
            As in `flow`.
        follow_links : bool, default False
        interpolation : {"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"}, default "nearest"
            For resizing.
        keep_aspect_ratio : bool, default False
            Whether images are cropped to the ratio of the target before.

        Returns
        -------
        DirectoryIterator
        """
        return iterator_class(DirectoryIterator)(
            directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle, seed, save_to_dir,
            save_prefix, save_format, follow_links, subset, interpolation, keep_aspect_ratio,
        )  # fmt: skip


def _colors(n: int, channels: int, params: Params, levels: tuple[float, float] | None) -> list[Any]:
    steps: list[Any] = []
    if params["channel_shift_intensity"] is not None:
        shifts = np.asarray(params["channel_shift_intensity"], np.float64).reshape(n, -1)
        if shifts.shape[1] not in (1, channels):
            raise ValueError(
                f"{CALL}: 'channel_shift_intensity' has {shifts.shape[1]} numbers; accepted: 1 or {channels}"
            )
        rows = np.ones((n, 2 * channels))
        rows[:, 1::2] = shifts
        steps.append((_core.Op.linear, [], rows))
    if params["brightness"] is not None:
        steps.append((_core.Op.linear, [], columns(n, params["brightness"], 0)))
    if not steps:
        return []
    low, high = (0.0, 255.0) if levels is None else levels
    bounds = (_core.Op.levels, [low, high], columns(n))
    return [bounds, *steps, (_core.Op.levels, [-math.inf, math.inf], columns(n))]
