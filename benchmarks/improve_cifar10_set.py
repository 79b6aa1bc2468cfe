# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10's photographs as a folder with known faults: uneven classes, people's wrong labels, planted repeats.

Everything follows from the arguments: the same files with the same bytes every time (and for one version of Pillow).
"""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from burnish.data import DataError, load_cifar10_human_labels
from PIL import Image, ImageEnhance

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PLANTED = ("same bytes", "compressed again", "shifted", "brighter or darker", "enlarged")
_A_CLASS, _TEST_CLASS = 5000, 1000

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Planted:
    """What is wrong with the folder, by the path of an image relative to it.

    Attributes
    ----------
    true : dict of str to int
        The class that each training image shows.
    given : dict of str to int
        The folder that it lies in.
    repeats : dict of str to (str, str)
        A planted image, the one it repeats, and how (one of `PLANTED`).
    leaks : dict of str to (str, str)
        The same for images of the test part that were planted among those to train on.
    """

    true: dict[str, int]
    given: dict[str, int]
    repeats: dict[str, tuple[str, str]]
    leaks: dict[str, tuple[str, str]]


def build(
    data: Path,
    folder: Path,
    *,
    ratio: float = 100.0,
    kind: Literal["aggregate", "worst"] = "aggregate",
    share: float = 0.01,
    limit: int | None = None,
    seed: int = 0,
) -> Planted:
    """Write ``folder/train/CLASS/*.jpg`` and ``folder/test/CLASS/*.jpg``.

    Parameters
    ----------
    data : pathlib.Path
        With ``cifar10-train.zip``, ``cifar10-test.zip`` and ``cifar10n-resnet18.npz``.
    folder : pathlib.Path
        What is in it already is removed.
    ratio : float
        Of the photographs of the most frequent class, as they truly are, to those of the rarest: CIFAR-10-LT's rule.
    kind : {"aggregate", "worst"}
        Of the human labels, which decide in which folder a photograph lies.
    share : float
        Of the training photographs to plant a repeat of; half as many photographs of the test part are planted, too.
    limit : int, optional
        Photographs of the most frequent class, and of each class to test, at most.
    seed : int

    Returns
    -------
    Planted
    """
    labels = load_cifar10_human_labels(kind)
    rng = np.random.default_rng(seed)
    most = min(_A_CLASS, limit or _A_CLASS)
    sizes = np.maximum(1, (most * ratio ** (-np.arange(10) / 9) + 1e-6).astype(np.int64))
    chosen = np.concatenate([np.arange(_A_CLASS)[:size] + _A_CLASS * k for k, size in enumerate(sizes)])
    if not np.array_equal(labels.true, np.repeat(np.arange(10), _A_CLASS)):
        raise DataError(f"{data}: the human labels are not those of CIFAR-10's {10 * _A_CLASS} training photographs")
    to_test = np.concatenate([np.arange(min(_TEST_CLASS, limit or _TEST_CLASS)) + _TEST_CLASS * k for k in range(10)])
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("train", "test"):
        for name in NAMES:
            (folder / part / name).mkdir(parents=True)
    with zipfile.ZipFile(data / "cifar10-train.zip") as train, zipfile.ZipFile(data / "cifar10-test.zip") as test:
        files, test_files = _files(train), _files(test)
        n_repeats = max(len(PLANTED), round(share * len(chosen)))
        n_leaks = max(len(PLANTED), n_repeats // 2)
        numbers = iter(rng.permutation(len(chosen) + n_repeats + n_leaks).tolist())
        planted = Planted({}, {}, {}, {})

        def add(content: bytes, true: int, given: int) -> str:
            path = f"train/{NAMES[given]}/{next(numbers):06d}.jpg"
            (folder / path).write_bytes(content)
            planted.true[path], planted.given[path] = true, given
            return path

        paths = {}
        for i in chosen.tolist():
            paths[i] = add(train.read(files[i]), int(labels.true[i]), int(labels.given[i]))
        test_paths = {}
        for i in to_test.tolist():
            path = f"test/{NAMES[i // _TEST_CLASS]}/{i:06d}.jpg"
            (folder / path).write_bytes(test.read(test_files[i]))
            test_paths[i] = path
        for k, i in enumerate(rng.choice(chosen, n_repeats, replace=False).tolist()):
            how = PLANTED[k % len(PLANTED)]
            content = _varied(train.read(files[i]), how, rng)
            path = add(content, int(labels.true[i]), int(labels.given[i]))
            planted.repeats[path] = paths[i], how
        for k, i in enumerate(rng.choice(to_test, n_leaks, replace=False).tolist()):
            how = PLANTED[k % len(PLANTED)]
            path = add(_varied(test.read(test_files[i]), how, rng), i // _TEST_CLASS, i // _TEST_CLASS)
            planted.leaks[path] = test_paths[i], how
    return planted


def _files(archive: zipfile.ZipFile) -> list[str]:
    """Return the files class by class, in their order."""
    files = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
    found = sorted({name.split("/")[-2] for name in files})
    if tuple(found) != NAMES:
        raise DataError(f"{archive.filename} has the classes {', '.join(found)}; accepted: {', '.join(NAMES)}")
    return files


def _varied(content: bytes, how: str, rng: Any) -> bytes:
    """Return the same photograph as people meet it again."""
    if how == "same bytes":
        return content
    image = Image.open(io.BytesIO(content)).convert("RGB")
    quality = 92
    if how == "compressed again":
        quality = int(rng.integers(60, 85))
    elif how == "shifted":  # and what comes in repeats the edge
        down, right = rng.choice([-2, -1, 1, 2], 2).tolist()
        pixels = np.pad(np.asarray(image), ((2, 2), (2, 2), (0, 0)), mode="edge")
        image = Image.fromarray(np.ascontiguousarray(pixels[2 + down : 34 + down, 2 + right : 34 + right]))
    elif how == "brighter or darker":
        image = ImageEnhance.Brightness(image).enhance(float(rng.choice([0.8, 0.88, 1.12, 1.2])))
    else:
        side = int(rng.choice([40, 48, 64]))
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
