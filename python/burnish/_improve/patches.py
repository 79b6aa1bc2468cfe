# SPDX-License-Identifier: Apache-2.0
"""Images described by how much of them looks like patches of the same set: needs neither labels nor a network.

After A. Coates, A. Y. Ng, The importance of encoding versus training with sparse coding and vector quantization, ICML
2011: patches drawn by chance, whitened, serve as a dictionary nearly as well as learned ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

VERSION = "1"
LEAST_SIZE = 12
_SIZE = 32  # images are averaged down to
_PATCH = 6
_STRIDE = 1  # with 2, a fifth of the time, 1 in 100 more photographs of CIFAR-10 are taken for another class
_ATOMS = 256
_SAMPLE = 40_000  # patches from which whitening is learned
_CONTRAST = 10.0  # variance of gray values that is added, so that plain patches are not blown up
_WHITENING = 0.1
_THRESHOLD = 0.5
_BATCH = 64


@dataclass(frozen=True)
class Dictionary:
    """Patches to compare images with.

    Attributes
    ----------
    filters : float32 array of shape (6 * 6 * 3, A)
        Applied to patches of mean 0 and variance 1.
    offsets : float32 array of shape (A,)
        Taken off then.
    """

    filters: Floats
    offsets: Floats

    @property
    def columns(self) -> int:
        """Length of a description: patches that look like an atom, or like its negative, in four quarters."""
        return 8 * len(self.offsets)

    def describe(self, images: npt.NDArray[np.uint8]) -> Floats:
        """Return descriptions (B, D) of uint8 images (B, S, S, 3)."""
        features = np.empty((len(images), self.columns), np.float32)
        for start in range(0, len(images), _BATCH):
            batch = averaged(images[start : start + _BATCH], _SIZE)
            found, places = _patches(batch)
            n = len(batch)
            likeness = _normalized(found) @ self.filters - self.offsets
            likeness = likeness.reshape(n, places, places, -1)
            middle = places // 2
            for quarter, (rows, columns) in enumerate(
                (rows, columns)
                for rows in (slice(None, middle), slice(middle, None))
                for columns in (slice(None, middle), slice(middle, None))
            ):
                part = likeness[:, rows, columns].reshape(n, -1, len(self.offsets))
                for sign, negative in enumerate((False, True)):
                    excess = np.maximum((-part if negative else part) - np.float32(_THRESHOLD), 0)
                    first = (2 * quarter + sign) * len(self.offsets)
                    features[start : start + n, first : first + len(self.offsets)] = excess.mean(axis=1)
        return features


def learn(thumbnails: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], *, seed: int) -> dict[str, Any]:
    """Return the arrays of a `Dictionary` of images (N, S, S, 3), of which `rows` are used."""
    rng = np.random.default_rng(seed)
    drawn: Floats
    if len(rows) == 0:
        drawn = np.zeros((_ATOMS, _PATCH * _PATCH * 3), np.float32)
    else:
        chosen = np.sort(rng.choice(rows, min(len(rows), 2000), replace=False))
        parts = []
        for some in np.array_split(chosen, -(-len(chosen) // _BATCH)):
            found, places = _patches(averaged(thumbnails[some], _SIZE))
            each = -(-_SAMPLE // len(chosen))
            pick = rng.integers(0, places * places, (len(some), each)) + places * places * np.arange(len(some))[:, None]
            parts.append(found[pick.ravel()])
        drawn = np.concatenate(parts)
    drawn = _normalized(drawn)
    mean = drawn.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((drawn - mean).T.astype(np.float64)))
    whiten = (axes / np.sqrt(np.maximum(variances, 0) + _WHITENING)) @ axes.T
    atoms = ((drawn[rng.permutation(len(drawn))[:_ATOMS]] - mean) @ whiten).T
    atoms /= np.maximum(np.linalg.norm(atoms, axis=0), 1e-6)
    filters = whiten @ atoms
    return {"filters": filters.astype(np.float32), "offsets": (mean @ filters).astype(np.float32)}


def averaged(images: npt.NDArray[np.uint8], side: int) -> Floats:
    """Return images (B, S, S, 3) as float32, averaged down to `side` x `side` where they are larger."""
    pixels = np.asarray(images, np.float32)
    size = pixels.shape[1]
    if size <= side:
        return pixels
    # Each target pixel is the mean of the source pixels under it, those at its edge by their share.
    edges = np.linspace(0, size, side + 1)
    source = np.arange(size)
    shares = np.clip(np.minimum(edges[1:, None], source + 1) - np.maximum(edges[:-1, None], source), 0, 1)
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.ascontiguousarray(np.einsum("ai,nijc,bj->nabc", shares, pixels, shares, optimize=True))


def _patches(images: Floats) -> tuple[Floats, int]:
    """Return patches (B * P * P, 6 * 6 * 3) of images (B, S, S, 3), and P."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (_PATCH, _PATCH), axis=(1, 2))[:, ::_STRIDE, ::_STRIDE]
    places = windows.shape[1]
    return np.ascontiguousarray(windows).reshape(-1, 3 * _PATCH * _PATCH), places


def _normalized(patches: Floats) -> Floats:
    centered: Floats = patches - patches.mean(axis=1, keepdims=True)
    variances = np.einsum("ij,ij->i", centered, centered) / centered.shape[1]
    centered /= np.sqrt(variances + np.float32(_CONTRAST))[:, None]
    return centered
