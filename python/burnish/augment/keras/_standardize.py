# SPDX-License-Identifier: Apache-2.0
"""What makes values small, centered or uncorrelated, and the statistics that it takes."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish.augment.keras._arguments import CALL, channels_last, readable, seed_or_0
from burnish.augment.keras._draws import Params
from burnish.augment.keras._statistics import Statistics, whitening_matrix

_SMALL = 1e-6


class Standardizing:
    """The part of a generator that follows after the random changes."""

    featurewise_center: bool
    samplewise_center: bool
    featurewise_std_normalization: bool
    samplewise_std_normalization: bool
    zca_whitening: bool
    zca_epsilon: float
    rescale: float | None
    preprocessing_function: Callable[[Any], Any] | None
    dtype: str
    mean: Any
    std: Any
    zca_whitening_matrix: Any
    _as_keras: bool

    @property
    @abstractmethod
    def channel_axis(self) -> int:
        """The channels' axis of a batch."""

    @abstractmethod
    def _range(self, images: Any) -> tuple[float, float] | None: ...

    @abstractmethod
    def _draw(self, shape: Any, seed: int, epoch: int, ids: npt.NDArray[np.int64]) -> Params: ...

    @abstractmethod
    def _change(self, images: Any, params: Params, levels: Any, scale: list[float], out: npt.NDArray[Any]) -> None: ...

    def standardize(self, x: Any) -> npt.NDArray[Any]:
        """Preprocess, rescale, center and scale an image or a batch; `x` itself stays as it is.

        Parameters
        ----------
        x : array of shape (N, H, W, C) or (H, W, C), or with the channels first

        Returns
        -------
        float array of the same shape
        """
        given = np.asarray(x)
        if given.ndim not in (3, 4):
            raise ValueError(f"standardize: 'x' has shape {given.shape}; accepted: (N, H, W, C) or (H, W, C)")
        batch = np.array(given if given.ndim == 4 else given[None], "float64" if self.dtype == "float64" else "float32")
        result = self._standardize_in_place(batch).astype(self.dtype, copy=False)
        return result if given.ndim == 4 else result[0]

    def _scale(self, channels: int) -> tuple[list[float], bool]:
        """Return factor and shift, of all channels or of each, and whether more than that is to be done."""
        more = self.preprocessing_function is not None or self.samplewise_center or self.zca_whitening
        if more:
            return [1.0, 0.0], True
        factor = 1.0 if self.rescale is None else self.rescale
        if not self.featurewise_center or not self._is_fit("mean", channels):
            return [factor, 0.0], False
        mean = np.ravel(self.mean).astype(np.float64)
        std = np.ones_like(mean)
        if self.featurewise_std_normalization and self._is_fit("std", channels):
            std = np.ravel(self.std).astype(np.float64) + _SMALL
        return [float(v) for pair in zip(factor / std, -mean / std, strict=True) for v in pair], False

    def _standardize_in_place(self, batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.preprocessing_function is not None:
            for i, image in enumerate(batch):
                made = np.asarray(self.preprocessing_function(image))
                if made.shape != image.shape:
                    raise ValueError(
                        f"{CALL}: 'preprocessing_function' returned shape {made.shape}; accepted: {image.shape}"
                    )
                batch[i] = made
        if self.rescale is not None:
            batch *= self.rescale
        each = (1, 2, 3)
        if self.samplewise_center:
            batch -= batch.mean(axis=each, keepdims=True, dtype=np.float64)
        if self.samplewise_std_normalization:
            batch /= batch.std(axis=each, keepdims=True, dtype=np.float64) + _SMALL
        channels = batch.shape[self.channel_axis]
        if self.featurewise_center and self._is_fit("mean", channels):
            batch -= self.mean
        if self.featurewise_std_normalization and self._is_fit("std", channels):
            batch /= self.std + _SMALL
        values = batch[0].size if len(batch) else 0
        if values and self.zca_whitening and self._is_fit("zca_whitening_matrix", values**2):
            flat = batch.reshape(len(batch), values)
            batch = (flat @ self.zca_whitening_matrix.astype(batch.dtype)).reshape(batch.shape)
        return batch

    def _is_fit(self, name: str, size: int) -> bool:
        if (statistic := getattr(self, name)) is not None:
            if np.size(statistic) != size:
                raise ValueError(
                    f"{CALL}: '{name}' has {np.size(statistic)} values and these images take {size}; call fit(x) with "
                    "images of their size and channels"
                )
            return True
        text = f"{CALL}: statistics of the images are needed, and 'fit' was not called; call fit(x) first"
        if not self._as_keras:
            raise ValueError(text)
        warnings.warn(text, stacklevel=3)
        return False

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find mean, standard deviation and whitening matrix of images, as far as they are needed.

        Parameters
        ----------
        x : array of shape (N, H, W, C), or (N, C, H, W)
        augment : bool, default False
            Whether they are those of changed images.
        rounds : int, default 1
            How often each is changed, for that.
        seed : int, optional
            For the changes.
        """
        images = readable("fit", x, 4)
        rounds = check.integer("fit", "rounds", rounds, 1)
        if not len(images):
            raise ValueError("fit: 'x' has no images; accepted: one or more")
        if not (self.featurewise_center or self.featurewise_std_normalization or self.zca_whitening):
            return
        factor = 1.0 if self.rescale is None else self.rescale
        channel = self.channel_axis
        statistics = Statistics(images.shape[channel])
        whole = []
        levels = self._range(images)
        for epoch in range(rounds if augment else 1):
            for first in range(0, len(images), 64):
                part = images[first : first + 64]
                if augment:
                    changed = np.empty(part.shape, np.float32)
                    shape = part.shape[1:] if channel == 3 else channels_last(part.shape)[1:]
                    drawn = self._draw(shape, seed_or_0(CALL, seed), epoch, np.arange(first, first + len(part)))
                    self._change(part, drawn, levels, [1.0, 0.0], changed)
                    part = changed
                statistics.add(np.moveaxis(part, channel, -1), factor)
                if self.zca_whitening:
                    whole.append(part.astype(np.float32) * np.float32(factor))
        ones = [1, 1, 1]
        ones[channel - 1] = images.shape[channel]
        self.mean = statistics.mean.astype(np.float32).reshape(ones)
        if self.featurewise_std_normalization:
            self.std = statistics.std().astype(np.float32).reshape(ones)
        if self.zca_whitening:
            self.zca_whitening_matrix = whitening_matrix(np.concatenate(whole) - self.mean, self.zca_epsilon)
