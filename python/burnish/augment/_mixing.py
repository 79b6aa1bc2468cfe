# SPDX-License-Identifier: Apache-2.0
"""What a plan says done to images and labels: each image by itself, then finished ones mixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from burnish import _core
from burnish._array import current_stream, dtype_name, empty, is_on_gpu, to_device
from burnish.augment._images import Images, hand_over, layout_of
from burnish.augment._labels import as_labels, check_count, check_labels, class_count, mix_labels
from burnish.augment._numbers import Floats, Integers
from burnish.augment._plan import Plan
from burnish.augment._run import check_plan, run
from burnish.augment._shapes import Shapes

if TYPE_CHECKING:
    from burnish.augment._mix import Mixing
    from burnish.augment._transform import Transform


@dataclass
class Mixture:
    """What each of N samples is mixed with; `lam` is its own part of the label, `weight` of its values."""

    partner: Integers
    lam: Floats
    weight: Floats
    box: Integers

    def first(self, n: int) -> Mixture:
        """Return that of the first samples."""
        return Mixture(self.partner[:n], self.lam[:n], self.weight[:n], self.box[:n])

    def mix(self, call: str, images: Any, layout: _core.Layout, out: Any, out_layout: _core.Layout) -> None:
        """Mix images, of which there may be more, to `out`, which may be the first of them."""
        like = images[0] if isinstance(images, list) else images
        partner, weight, box = (to_device(like, array) for array in (self.partner, self.weight, self.box))
        _core.mix(call, images, layout, out, out_layout, partner, weight, box, current_stream(like))


def mixers_of(call: str, transforms: list[Transform]) -> list[Mixing]:
    """Return the transforms that mix; they are the last ones."""
    mixing = [transform._mixes for transform in transforms]
    if mixing != sorted(mixing):
        name = type(transforms[mixing.index(True)]).__name__
        raise ValueError(f"{call}: {name} must stand last, since it mixes finished images")
    return cast("list[Mixing]", [transform for transform in transforms if transform._mixes])


def classes_of(call: str, mixers: list[Mixing]) -> int | None:
    """Return the number of classes, as far as a mixing transform knows it."""
    known = {mixer.num_classes for mixer in mixers if mixer.num_classes is not None}
    if len(known) > 1:
        raise ValueError(f"{call}: 'num_classes' is {' and '.join(map(str, sorted(known)))}; accepted: one number")
    return known.pop() if known else None


def sizes_after(transforms: list[Transform], plan: Plan, images: Images) -> Shapes:
    """Return the sizes of the results."""
    shapes = Shapes.of_images(images)
    for transform, entry in zip(transforms, plan.entries, strict=True):
        shapes.change(entry.applies, *transform._size_after(entry.params, shapes))
    return shapes


def _mixture(call: str, mixers: list[Mixing], plan: Plan, shapes: Shapes) -> Mixture:
    n = len(shapes)
    result = Mixture(np.arange(n), np.ones(n), np.ones(n), np.zeros((n, 4), np.int64))
    taken = np.zeros(n, bool)
    for transform, entry in zip(mixers, plan.entries[-len(mixers) :], strict=True):
        partner, where = entry.params["partner"], entry.applies
        if partner.shape != (n,) or partner.dtype.kind not in "iu" or (partner < 0).any() or (partner >= n).any():
            raise ValueError(f"{call}: 'partner' of {entry.transform} must have a place, 0 to {n - 1}, for each sample")
        if (taken & where).any():
            raise ValueError(f"{call}: sample {int((taken & where).argmax())} is to be mixed twice; accepted: once")
        lam, weight, box = transform._weights(entry.params, shapes)
        result.partner[where] = partner[where]
        result.lam[where] = np.broadcast_to(lam, (n,))[where]
        result.weight[where] = np.broadcast_to(weight, (n,))[where]
        result.box[where] = np.broadcast_to(box, (n, 4))[where]
        taken |= where
    differs = (shapes.height != shapes.height[result.partner]) | (shapes.width != shapes.width[result.partner])
    if differs.any():
        i = int(differs.argmax())
        j = int(result.partner[i])
        raise ValueError(
            f"{call}: results differ in size, ({shapes.height[i]}, {shapes.width[i]}) of sample {i} and "
            f"({shapes.height[j]}, {shapes.width[j]}) of its partner, sample {j}; crop or resize to one size before "
            "they are mixed"
        )
    return result


def labels_after(call: str, mixers: list[Mixing], labels: Any, n: int, mixture: Mixture) -> Any:
    """Return the mixed labels; there are labels of `n` samples."""
    array = as_labels(labels)
    classes = classes_of(call, mixers)
    check_labels(call, array, n, classes)
    return mix_labels(array, mixture.partner, mixture.lam, class_count(call, array) or classes)


def no_mixture() -> Mixture:
    """Return the mixture of no sample."""
    return Mixture(np.zeros(0, np.int64), np.ones(0), np.ones(0), np.zeros((0, 4), np.int64))


def perform(
    call: str,
    transforms: list[Transform],
    images: Images,
    plan: Plan,
    labels: Any,
    out: Any,
    out_layout: str | None,
    dtype: Any,
    fuse: bool,
    results: int | None = None,
) -> Any:
    """Do to images what a plan says; with labels the result is a pair.

    Of more images than `results`, the others serve as partners only: images and `out` are lists then.
    """
    mixers = mixers_of(call, transforms)
    if not mixers:
        check_count(call, labels, len(images))
        made = run(call, transforms, images, plan, out, out_layout, dtype, fuse)
        return made if labels is None else (made, labels)
    if images.kind not in ("batch", "list"):
        name = type(mixers[0]).__name__
        raise ValueError(f"{call}: {name} mixes images of a batch, and this is one image; accepted: a batch, a list")
    check_plan(call, transforms, plan, images.sizes())
    try:
        mixture = _mixture(call, mixers, plan, sizes_after(transforms, plan, images))
    except KeyError as error:
        raise ValueError(f"{call}: 'plan' lacks {error} of one of its transforms") from None
    mixture = mixture.first(len(images) if results is None else results)
    mixed = None if labels is None else labels_after(call, mixers, labels, len(images), mixture)
    layout = images.layout if out_layout is None else layout_of(call, "out_layout", out_layout, None)
    if is_on_gpu(images.like):
        name = dtype_name(out) if dtype is None and out is not None else dtype
        source = run(call, transforms, images, plan, None, out_layout, name, fuse)
        made = empty(source, tuple(source.shape), dtype_name(source)) if out is None else out
        mixture.mix(call, source, layout, made, layout)
    else:
        # Pillow's images are made of what is mixed.
        made = run(call, transforms, replace(images, is_pillow=False), plan, out, out_layout, dtype, fuse)
        arrays = list(made) if isinstance(made, tuple) else made
        if len(mixture.partner):
            mixture.mix(call, arrays, layout, arrays if results is None else arrays[:results], layout)
        if images.is_pillow and out is None:
            made = hand_over(images, Images(images.kind, made, layout))
    return made if labels is None else (made, mixed)
