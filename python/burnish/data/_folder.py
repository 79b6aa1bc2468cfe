# SPDX-License-Identifier: Apache-2.0
"""A folder with a folder per class, or a zip of that; perhaps below train/ and test/."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from burnish._words import counted, some
from burnish.data._files import Files, Zipped, find
from burnish.data._image_set import DataError, ImageSet, Source
from burnish.data._labels import in_order, is_held_out


def open_folder(root: Path, names: Sequence[str] | None = None) -> ImageSet:
    """List ``ROOT/CLASS/*.jpg``, or ``ROOT/train/CLASS`` and ``ROOT/test/CLASS``.

    Folders around those of the classes are passed through while there is only one; folders within the folder of a class
    belong to that class.
    """
    found = find(root)
    notes = list(found.notes)
    base = _only_folder(found.images)
    inside = [name for name in found.images if name.startswith(base)]
    parts = _parts({name[len(base) :].partition("/")[0] for name in inside if "/" in name[len(base) :]})
    classes: list[str] = []
    held_out: list[bool] = []
    images: list[str] = []
    left_out: list[str] = []
    for name in inside:
        rest, part = name[len(base) :], False
        if parts:
            first, _, rest = rest.partition("/")
            if first not in parts or not rest:
                left_out.append(name)
                continue
            part = parts[first]
        folder, slash, _ = rest.partition("/")
        images.append(name)
        classes.append(folder if slash else "")
        held_out.append(part)
    if left_out:
        notes.append(f"{counted(len(left_out), 'image')} outside {' and '.join(parts)}: left out ({some(left_out)})")
    loose = [name for name, folder in zip(images, classes, strict=True) if not folder]
    if loose:
        notes.append(f"{counted(len(loose), 'image')} in no folder of a class: without a label ({some(loose)})")
    chosen = in_order(set(classes) - {""})
    if names is not None:
        if not set(chosen) <= set(names):
            raise DataError(f"{root}: the class {min(set(chosen) - set(names))} is not one of the classes named")
        chosen = list(names)
    depth = base.count("/") + bool(parts)
    empty = [name for name in found.folders if name.count("/") == depth and name.startswith(base)]
    empty = [name for name in empty if _is_class(name[len(base) :], parts) and name.rpartition("/")[2] not in chosen]
    notes += [f"folder {name} has no images: not a class" for name in empty]
    number = {name: i for i, name in enumerate(chosen)} | {"": -1}
    labels = np.array([number[name] for name in classes], np.int64)
    held = np.array(held_out, bool)
    # Training images come first, so that the first of some equal images is one of them where there is one.
    order = np.lexsort((np.where(labels < 0, len(chosen), labels), held))
    source: Source = Files(root, images) if root.is_dir() else Zipped(root, images)
    return ImageSet(
        ids=tuple(images[i] for i in order),
        labels=labels[order],
        names=tuple(chosen),
        held_out=held[order],
        title=root.resolve().name,
        source=source,
        places=order,
        notes=tuple(notes),
    )


def _only_folder(images: Sequence[str]) -> str:
    """Return the folder, with a slash, that all images are in, as long as most of them are in folders of it."""
    first, last = images[0].split("/"), images[-1].split("/")  # sorted: what these share, all share
    base = ""
    for mine, theirs in zip(first, last, strict=False):
        longer = f"{base}{mine}/"
        loose = sum(name.count("/") == longer.count("/") for name in images)
        if mine != theirs or 2 * loose >= len(images):
            break
        base = longer
    return base


def _parts(folders: set[str]) -> dict[str, bool]:
    """Return which folders are parts, and whether they are held out; none unless there are both kinds."""
    parts = {name: held for name in sorted(folders) if (held := is_held_out(name)) is not None}
    return parts if set(parts.values()) == {True, False} else {}


def _is_class(below_base: str, parts: dict[str, bool]) -> bool:
    return not parts or below_base.partition("/")[0] in parts
