# SPDX-License-Identifier: Apache-2.0
"""Labeled images: a folder per class, a zip of such folders read in place, CIFAR-10, scikit-learn's digits."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._words import one_line
from burnish.data._arrays import Pixels
from burnish.data._decode import decode, failed
from burnish.data._files import Files, Zipped, find
from burnish.data._folder import open_folder
from burnish.data._image_set import DataError, ImageSet, Source, joined

if TYPE_CHECKING:
    from PIL import Image

_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class LabeledImages:
    """Images of one size with their classes.

    Attributes
    ----------
    images : uint8 array of shape (N, H, W, C)
        C is 1 or 3.
    labels : int64 array of shape (N,)
        0 to K - 1.
    names : tuple of K str
        Of the classes.
    ids : tuple of N str
        Of the images: ``CLASS/FILE`` for files.
    root : pathlib.Path or None
        The folder or zip from which `pictures` reads; None where `images` is all there is.
    files : tuple of N str
        Their paths below `root`, with "/"; empty without one.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    ids: tuple[str, ...]
    root: Path | None = None
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def pictures(self, indices: Sequence[int] | npt.NDArray[np.int64], longest: int = 256) -> list[npt.NDArray[Any]]:
        """Return images for the eye: in their own proportions, `longest` pixels at most.

        Parameters
        ----------
        indices : sequence of int
            Which.
        longest : int, default 256
            Sides above it are reduced.

        Returns
        -------
        list of uint8 array of shape (H, W) or (H, W, 3)
        """
        if self.root is None:
            return [self.images[i].squeeze(-1) if self.images.shape[-1] == 1 else self.images[i] for i in indices]
        with needs_extra("demo"):
            from PIL import Image

        def reduced(image: Image.Image) -> Image.Image:
            image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            return image

        return list(_decoded(self.root, [self.files[i] for i in indices], longest, reduced))

    def first_of_each_class(self, n: int | None) -> LabeledImages:
        """Keep the first images of each class, in their order.

        Parameters
        ----------
        n : int or None
            How many of each; None for all.

        Returns
        -------
        LabeledImages
        """
        keep = _first_of_each_class(self.labels, n)
        return LabeledImages(
            images=self.images[keep],
            labels=self.labels[keep],
            names=self.names,
            ids=tuple(self.ids[i] for i in keep),
            root=self.root,
            files=tuple(self.files[i] for i in keep) if self.files else (),
        )


def _first_of_each_class(labels: npt.NDArray[Any], n: int | None) -> npt.NDArray[np.int64]:
    return np.flatnonzero(place_in_class(labels) < (len(labels) if n is None else n))


def place_in_class(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Count, for each sample, the samples of its class before it.

    Parameters
    ----------
    labels : int array of shape (N,)
        0 or more.

    Returns
    -------
    int64 array of shape (N,)

    Examples
    --------
    >>> place_in_class(np.array([1, 0, 1, 1]))
    array([0, 0, 1, 2])
    """
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    places = np.empty(len(labels), dtype=np.int64)
    places[order] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def load_digits() -> LabeledImages:
    """Return scikit-learn's 1,797 handwritten digits, 8x8, gray.

    Returns
    -------
    LabeledImages

    Raises
    ------
    ImportError
        Without scikit-learn.
    """
    with needs_extra("demo"):
        from sklearn.datasets import load_digits as load
    digits = load()
    images = np.rint(digits.images[..., None] * (255 / 16)).astype(np.uint8)
    return LabeledImages(
        images=images,
        labels=digits.target.astype(np.int64),
        names=tuple(str(i) for i in range(10)),
        ids=tuple(str(i) for i in range(len(images))),
    )


def load_images(
    path: str | os.PathLike[str],
    *,
    size: int = 32,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabeledImages:
    """Read ``PATH/CLASS/*.jpg`` (or .png, ...), or a zip of such folders, which is not unpacked.

    Parameters
    ----------
    path : path
        Folder or zip. Folders around the classes' folders are passed through while there is only one.
    size : int, default 32
        Images are cropped to a square about their center and resized to `size` x `size`, RGB.
    limit : int, optional
        Read only the first `limit` of each class.
    progress : callable, optional
        Called with the number of images read so far and the number of all.

    Returns
    -------
    LabeledImages
        Classes in the order of their names, and files within a class likewise.

    Raises
    ------
    DataError
        If nothing is there, classes cannot be told, there is only one, or an image cannot be read.
    """
    for name, value in (("size", size), ("limit", limit)):
        if value is not None and value < 1:
            raise DataError(f"load_images: '{name}' is {value}; accepted: 1 or more")
    root = Path(path)
    names, files, labels, ids = _classes_of(root, find(root).images, limit)
    with needs_extra("demo"):
        from PIL import Image, ImageOps

    def squared(image: Image.Image) -> Image.Image:
        if image.size == (size, size):
            return image
        return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)

    images = np.empty((len(files), size, size, 3), dtype=np.uint8)
    for i, pixels in enumerate(_decoded(root, files, size, squared)):
        images[i] = pixels
        if progress is not None and (i + 1) % 1000 == 0:
            progress(i + 1, len(files))
    return LabeledImages(images, labels, names, ids, root, files)


def load_cifar10(
    part: Literal["train", "test"] = "train",
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabeledImages:
    """Read CIFAR-10's photographs from ``cifar10-train.zip`` in the folder that BURNISH_DATA names.

    Parameters
    ----------
    part : {"train", "test"}
        The 50,000 photographs to train on, or the 10,000 to test, from ``cifar10-test.zip``.
    limit : int, optional
        Read only the first `limit` of each class.
    progress : callable, optional
        Called with the number of images read so far and the number of all.

    Returns
    -------
    LabeledImages

    Raises
    ------
    DataError
        If the variable is not set, or the file is not there or holds other classes.
    """
    if part not in ("train", "test"):
        raise DataError(f"load_cifar10: 'part' is {part!r}; accepted: 'train', 'test'")
    path = _from_burnish_data(f"cifar10-{part}.zip")
    data = load_images(path, size=32, limit=limit, progress=progress)
    _check_cifar10(path, data.names)
    return data


def open_cifar10() -> ImageSet:
    """List CIFAR-10's photographs in the folder that BURNISH_DATA names; those of ``cifar10-test.zip`` are held out.

    Returns
    -------
    ImageSet
        Without the test part where that file is not there.

    Raises
    ------
    DataError
        As `load_cifar10`.
    """
    train = _from_burnish_data("cifar10-train.zip")
    test = train.with_name("cifar10-test.zip")
    parts = [("train", open_folder(train), False), *([("test", open_folder(test), True)] if test.is_file() else [])]
    for name, images, _ in parts:
        _check_cifar10(train.with_name(f"cifar10-{name}.zip"), images.names)
    return replace(joined(parts), title="CIFAR-10")


def _check_cifar10(path: Path, names: tuple[str, ...]) -> None:
    if names != _CIFAR10:
        raise DataError(f"{path} has the classes {', '.join(names)}; accepted: {', '.join(_CIFAR10)}")


@dataclass(frozen=True)
class HumanLabels:
    """What people said CIFAR-10's training photographs show, in the order of `load_cifar10`.

    Attributes
    ----------
    true, given : int64 array of shape (N,)
        CIFAR-10's own labels, and the people's.
    probs : float32 array of shape (N, 10)
        Out-of-sample probabilities of a ResNet-18 trained on `given`.
    """

    true: npt.NDArray[np.int64]
    given: npt.NDArray[np.int64]
    probs: npt.NDArray[np.float32]

    def first_of_each_class(self, n: int | None) -> HumanLabels:
        """Keep the first photographs of each true class.

        Parameters
        ----------
        n : int or None
            How many of each; None for all.

        Returns
        -------
        HumanLabels
        """
        keep = _first_of_each_class(self.true, n)
        return HumanLabels(self.true[keep], self.given[keep], self.probs[keep])


def load_cifar10_human_labels(kind: Literal["aggregate", "worst"]) -> HumanLabels:
    """Read the human labels of CIFAR-10N from ``cifar10n-resnet18.npz`` in the folder that BURNISH_DATA names.

    Parameters
    ----------
    kind : {"aggregate", "worst"}
        The majority of three people (9.0 % wrong), or a wrong one of the three where there is one (40.2 % wrong).

    Returns
    -------
    HumanLabels
        Of all 50,000 photographs, class by class. The labels come in CIFAR-10's original order, the photographs in one
        folder per class: the k-th file of a class is the k-th photograph of that class in the original order.

    Raises
    ------
    DataError
        If the file is not there or lacks an array.
    """
    if kind not in ("aggregate", "worst"):
        raise DataError(f"human labels: 'kind' is {kind!r}; accepted: 'aggregate', 'worst'")
    path = _from_burnish_data("cifar10n-resnet18.npz")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            true, given, probs = (arrays[name] for name in ("true_label", f"{kind}_label", f"{kind}_pred_probs"))
    except (EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not the file of human labels: {one_line(error)}") from error
    by_class = np.argsort(true, kind="stable")
    return HumanLabels(true[by_class].astype(np.int64), given[by_class].astype(np.int64), probs[by_class])


def _from_burnish_data(name: str) -> Path:
    folder = os.environ.get("BURNISH_DATA")
    if not folder:
        raise DataError(f"{name}: set the environment variable BURNISH_DATA to the folder that holds it")
    path = Path(folder, name)
    if not path.is_file():
        raise DataError(f"{path} is not there; BURNISH_DATA must name the folder that holds {name}")
    return path


def _classes_of(
    root: Path, files: list[str], limit: int | None
) -> tuple[tuple[str, ...], tuple[str, ...], npt.NDArray[np.int64], tuple[str, ...]]:
    folders = [file.rpartition("/")[0] for file in files]
    loose = next((file for file, folder in zip(files, folders, strict=True) if not folder), None)
    if loose is not None:
        raise DataError(f"{root}: {loose} is not in the folder of a class; accepted: {root.name}/CLASS/{loose}")
    parents = sorted({folder.rpartition("/")[0] or "." for folder in folders})
    if len(parents) > 1:
        raise DataError(f"{root} has folders of classes at several places ({', '.join(parents[:3])}); name one of them")
    classes = [folder.rpartition("/")[2] for folder in folders]
    names = tuple(sorted(set(classes)))
    if len(names) < 2:
        raise DataError(f"{root} has only one class, {names[0]}; accepted: two or more")
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number[name] for name in classes], dtype=np.int64)
    order = np.argsort(labels, kind="stable")
    if limit is not None:
        order = order[place_in_class(labels)[order] < limit]
    ids = tuple(f"{classes[i]}/{files[i].rpartition('/')[2]}" for i in order)
    return names, tuple(files[i] for i in order), labels[order], ids


def _decoded(
    root: Path, files: Sequence[str], size: int, shape: Callable[[Image.Image], Image.Image]
) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield each file as RGB pixels (H, W, 3), after `shape`."""
    source = _source(root, files)
    for place, file in enumerate(files):
        try:
            decoded = decode(source.content(place), least=2 * size)
        except Exception as error:  # a zip that is encrypted, a file that is gone
            decoded = failed(error)
        if decoded.image is None:
            raise DataError(f"{root}: {file} cannot be read as an image: {decoded.text}")
        yield np.asarray(shape(decoded.image))


def _source(root: Path, files: Sequence[str]) -> Source:
    return Files(root, files) if root.is_dir() else Zipped(root, files)


def open_labeled(data: LabeledImages, title: str | None = None) -> ImageSet:
    """List images that were read, with what lies behind them: their files, or the pixels."""
    root = data.root
    return ImageSet(
        ids=data.ids,
        labels=data.labels,
        names=data.names,
        held_out=np.zeros(len(data), bool),
        title=title or (root.resolve().name if root is not None else "images"),
        source=Pixels(data.images) if root is None else _source(root, data.files),
        places=np.arange(len(data)),
    )
