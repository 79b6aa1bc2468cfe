# SPDX-License-Identifier: Apache-2.0
"""Whole pipelines and single operations in burnish and in the libraries that people use, on their best settings."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from augment_inputs import MEAN, SIGMAS, STD, Inputs
from burnish import augment
from contest import UnavailableError, Work
from timing import optional

LIBRARIES = ("numpy", "cv2", "albumentations", "torch", "torchvision", "kornia", "kornia_rs", "PIL", "nvidia.dali",
             "keras")  # fmt: skip

F = augment.functional
torch = optional("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported


if torch is not None:
    # torchvision's transforms are pure torch, but importing them asks for operators of its C++ part, which is there
    # only if it was built for this torch.
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for _name in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):
            _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


# ---- burnish ----


def burnish_pipeline(name: str, inputs: Inputs) -> augment.Compose:
    p = inputs.p
    jitter = augment.ColorJitter(0.2, 0.2, 0.2, 0.2, p=p)
    if name == "S":
        noise = augment.GaussNoise(std_range=(SIGMAS[0] / 255, SIGMAS[1] / 255), p=p)
        return augment.Compose(
            [
                augment.RandomCrop(inputs.side, inputs.side),
                augment.HorizontalFlip(p=p),
                augment.Rotate(30, p=p),
                jitter,
                noise,
                augment.GaussianBlur((3, 7), 0, p=inputs.p_blur),
                augment.Normalize(),
            ]
        )
    if name == "C":
        crop = augment.RandomCrop(inputs.side, inputs.side, padding=4)
        erasing = augment.RandomErasing(p=p)
        flip, rotate = augment.HorizontalFlip(p=p), augment.Rotate(15, p=p)
        return augment.Compose([crop, flip, rotate, jitter, erasing, augment.Normalize()])
    affine = augment.Affine(
        scale=(0.8, 1.2), translate_percent=(-0.2, 0.2), rotate=(-20, 20), shear=(-0.2, 0.2),
        border_mode="replicate", p=1,
    )  # fmt: skip
    return augment.Compose([affine, augment.HorizontalFlip(), augment.Normalize(0.0, 1.0)])


def burnish(name: str, reuse: bool = False) -> Callable[[Inputs], Work]:
    if name == "W":
        return _burnish_pillow_filters(reuse)

    def prepare(inputs: Inputs) -> Work:
        pipe = burnish_pipeline(name, inputs)
        layout = "NHWC" if name == "K" else "NCHW"
        out = np.zeros_like(pipe(inputs.images, out_layout=layout)) if reuse else None
        return Work(lambda: pipe(inputs.images, out=out, out_layout=layout))

    return prepare


def _burnish_pillow_filters(reuse: bool) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        kept = np.zeros((5, *inputs.images.shape), np.uint8) if reuse else None

        def call() -> Any:
            result = np.empty((5, *inputs.images.shape), np.uint8) if kept is None else kept
            for c in range(3):
                F.isolate_channel(inputs.images, c, out=result[c])
            F.pillow_gaussian_blur(inputs.images, 2, out=result[3])
            F.unsharp_mask(inputs.images, 2, 150, 3, out=result[4])
            return result

        return Work(call)

    return prepare


@functools.cache
def _crop_flip(side: int) -> Any:
    return augment.Compose([augment.RandomCrop(side, side), augment.HorizontalFlip(), augment.Normalize()])


def _crop_flip_normalize(inputs: Inputs) -> Callable[[Any], Any]:
    pipe = _crop_flip(inputs.side)
    corners, flips = inputs.other
    plan = pipe.plan(np.arange(len(inputs.images)), sizes=inputs.images.shape[1:3])
    plan["RandomCrop"]["top"], plan["RandomCrop"]["left"] = corners.T
    plan["HorizontalFlip"].applies[:] = flips
    return lambda out: pipe.apply(inputs.images, plan, out=out, out_layout="NCHW")


def _hue_saturation(inputs: Inputs) -> Callable[[Any], Any]:
    pipe = augment.Compose([augment.ColorJitter(p=1)])
    plan = pipe.plan(np.arange(len(inputs.images)), sizes=inputs.images.shape[1:3])
    entry = plan["ColorJitter"]
    entry["brightness"], entry["contrast"], entry["saturation"], entry["hue"] = 1, 1, 1.2, 0.1
    entry["order"] = np.array([1, 0, 2, 3])  # contrast first: it needs no pass of its own
    return lambda out: pipe.apply(inputs.images, plan, out=out)


BURNISH_OPERATIONS: dict[str, Callable[[Inputs], Callable[[Any], Any]]] = {
    "hflip": lambda inputs: lambda out: F.horizontal_flip(inputs.images, out=out),
    "crop-flip-normalize": _crop_flip_normalize,
    "rotate": lambda inputs: lambda out: F.rotate(inputs.images, inputs.other, out=out),
    "gauss-noise": lambda inputs: lambda out: F.gaussian_noise(inputs.images, inputs.other / 255, out=out),
    "blur-7x7": lambda inputs: lambda out: F.gaussian_blur(inputs.images, 7, 1.5, out=out),
    "hue-saturation": _hue_saturation,
    "brightness-contrast": lambda inputs: _brightness_contrast(inputs),
    "resize": lambda inputs: lambda out: F.resize(inputs.images, inputs.side, inputs.side, out=out),
    "mixup": lambda inputs: _mixup(inputs),
    "cutmix": lambda inputs: _cutmix(inputs),
    "cutout": lambda inputs: lambda out: F.erase(inputs.images, *inputs.other.T, out=out),
}


def _mixup(inputs: Inputs) -> Callable[[Any], Any]:
    partner, lam, _ = inputs.other
    return lambda out: F.mixup(inputs.images, partner, lam, layout="NCHW", out=out)


def _cutmix(inputs: Inputs) -> Callable[[Any], Any]:
    partner, _, boxes = inputs.other
    return lambda out: F.cutmix(inputs.images, partner, *boxes.T, layout="NCHW", out=out)


def _brightness_contrast(inputs: Inputs) -> Callable[[Any], Any]:
    line = augment.RandomBrightnessContrast((-10 / 255, -10 / 255), (0.1, 0.1), p=1)
    return lambda out: line(inputs.images, out=out)


def burnish_operation(name: str, reuse: bool = False) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        call = BURNISH_OPERATIONS[name](inputs)
        out = np.zeros_like(call(None)) if reuse else None
        return Work(lambda: call(out))

    return prepare


# ---- one image after the other ----


def stacked(transform: Callable[[Any], Any], images: Any, to: Callable[[Any], Any] = np.asarray) -> Callable[[], Any]:
    """Apply to each image, results put into one contiguous batch."""

    def call() -> Any:
        result: Any = None
        for i, image in enumerate(images):
            array = to(transform(image))
            if result is None:
                result = np.empty((len(images), *array.shape), array.dtype)
            result[i] = array
        return result

    return call


# ---- Albumentations ----


def albumentations_pipeline(name: str, inputs: Inputs) -> Any:
    A = optional("albumentations")
    p = inputs.p
    jitter = A.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2, p=p)
    if name == "S":
        noise = A.GaussNoise(std_range=(SIGMAS[0] / 255, SIGMAS[1] / 255), per_channel=True, p=p)
        return A.Compose(
            [
                A.RandomCrop(height=inputs.side, width=inputs.side),
                A.HorizontalFlip(p=p),
                A.Rotate(limit=30, p=p),
                jitter,
                noise,
                A.GaussianBlur(blur_limit=(3, 7), sigma_limit=(0.8, 1.4), p=inputs.p_blur),
                A.Normalize(mean=tuple(MEAN), std=tuple(STD)),
            ]
        )
    if name == "C":
        crop = [A.Pad(padding=4, p=1), A.RandomCrop(height=inputs.side, width=inputs.side)]
        rest = [A.HorizontalFlip(p=p), A.Rotate(limit=15, p=p), jitter, A.Erasing(p=p)]
        return A.Compose([*crop, *rest, A.Normalize(mean=tuple(MEAN), std=tuple(STD))])
    affine = A.Affine(scale=(0.8, 1.2), translate_percent=(-0.2, 0.2), rotate=(-20, 20), shear=(-0.2, 0.2),
                      border_mode=1, p=1)  # fmt: skip
    return A.Compose([affine, A.HorizontalFlip(p=0.5), A.Normalize(mean=(0, 0, 0), std=(1, 1, 1))])


def albumentations(name: str) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        if name == "W":
            return Work(_albumentations_filters(inputs))
        transform = albumentations_pipeline(name, inputs)
        channels_first = (lambda array: array) if name == "K" else (lambda array: array.transpose(2, 0, 1))
        return Work(stacked(lambda image: transform(image=image)["image"], inputs.images, channels_first))

    return prepare


def _albumentations_filters(inputs: Inputs) -> Callable[[], Any]:
    A = optional("albumentations")
    blur = A.Compose([A.GaussianBlur(blur_limit=0, sigma_limit=(2, 2), p=1)])
    sharpen = A.Compose([A.UnsharpMask(blur_limit=(13, 13), sigma_limit=2, alpha=(1, 1), threshold=3, p=1)])

    def call() -> Any:
        result = np.zeros((5, *inputs.images.shape), np.uint8)
        for i, image in enumerate(inputs.images):
            for c in range(3):
                result[c, i, :, :, c] = image[:, :, c]
            result[3, i] = blur(image=image)["image"]
            result[4, i] = sharpen(image=image)["image"]
        return result

    return call


def albumentations_operation(name: str) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        A = optional("albumentations")
        side = inputs.side
        norm = A.Normalize(mean=tuple(MEAN), std=tuple(STD))
        made: dict[str, Callable[[], list[Any]]] = {
            "hflip": lambda: [A.HorizontalFlip(p=1)],
            "crop-flip-normalize": lambda: [A.RandomCrop(side, side), A.HorizontalFlip(), norm],
            "rotate": lambda: [A.Rotate(limit=30, p=1)],
            "gauss-noise": lambda: [A.GaussNoise(std_range=(5 / 255, 5 / 255), p=1)],
            "blur-7x7": lambda: [A.GaussianBlur(blur_limit=(7, 7), sigma_limit=(1.5, 1.5), p=1)],
            "hue-saturation": lambda: [A.ColorJitter((1, 1), (1, 1), (1.2, 1.2), (0.1, 0.1), p=1)],
            "brightness-contrast": lambda: [
                A.RandomBrightnessContrast((-10 / 255, -10 / 255), (0.1, 0.1), brightness_by_max=True, p=1)
            ],
            "resize": lambda: [A.Resize(side, side)],
            "cutout": lambda: [A.CoarseDropout((1, 1), (64, 64), (64, 64), p=1)],
        }
        transform = A.Compose(made[name]())
        to = (lambda array: array.transpose(2, 0, 1)) if name == "crop-flip-normalize" else np.asarray
        return Work(stacked(lambda image: transform(image=image)["image"], inputs.images, to))

    return prepare


# ---- torch: torchvision and kornia on a batch ----


def _batch(inputs: Inputs, to_float: bool = False) -> Any:
    batch = torch.from_numpy(np.ascontiguousarray(inputs.images.transpose(0, 3, 1, 2)))
    return batch.float().div_(255) if to_float else batch


def torchvision_pipeline(name: str) -> Callable[[Inputs], Work]:
    """One image at a time, because a batch gets one set of parameters."""

    def prepare(inputs: Inputs) -> Work:
        T = optional("torchvision.transforms.v2")
        p, side = inputs.p, inputs.side
        bilinear = T.InterpolationMode.BILINEAR
        to_float = T.ToDtype(torch.float32, scale=True)

        def maybe(transform: Any, chance: float) -> Any:
            return T.RandomApply([transform], chance)

        norm = [to_float, T.Normalize(MEAN.tolist(), STD.tolist())]
        jitter = maybe(T.ColorJitter(0.2, 0.2, 0.2, 0.2), p)
        flip = T.RandomHorizontalFlip(p)
        if name == "S":
            rotate = maybe(T.RandomRotation(30, bilinear), p)
            blur = T.RandomChoice([T.GaussianBlur(k, (0.3 * (k // 2 - 1) + 0.8,) * 2) for k in (3, 5, 7)])
            noise = maybe(T.GaussianNoise(0.0, 5 / 255), p)
            steps = [T.RandomCrop(side), flip, rotate, jitter, noise, maybe(blur, inputs.p_blur), *norm]
        elif name == "C":
            rotate = maybe(T.RandomRotation(15, bilinear), p)
            steps = [T.RandomCrop(side, 4), flip, rotate, jitter, *norm, T.RandomErasing(p)]
        else:
            affine = T.RandomAffine(20, (0.2, 0.2), (0.8, 1.2), (-0.2, 0.2, -0.2, 0.2), bilinear)
            steps = [affine, T.RandomHorizontalFlip(), to_float]
        transform = T.Compose(steps)
        images = _batch(inputs)

        def call() -> Any:
            result = torch.stack([transform(image) for image in images])
            return result.permute(0, 2, 3, 1).contiguous() if name == "K" else result

        return Work(call)

    return prepare


def kornia_pipeline(name: str) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        K = optional("kornia.augmentation")
        p, side = inputs.p, inputs.side
        norm = K.Normalize(torch.tensor(MEAN).float(), torch.tensor(STD).float())
        jitter, flip = K.ColorJiggle(0.2, 0.2, 0.2, 0.2, p=p), K.RandomHorizontalFlip(p=p)
        if name == "S":
            noise = K.RandomGaussianNoise(0.0, 5 / 255, p=p)
            blur = K.RandomGaussianBlur((5, 5), (1.1, 1.1), p=inputs.p_blur)
            steps = [K.RandomCrop((side, side)), flip, K.RandomRotation(30.0, p=p), jitter, noise, blur, norm]
        elif name == "C":
            crop = K.RandomCrop((side, side), padding=4)
            steps = [crop, flip, K.RandomRotation(15.0, p=p), jitter, K.RandomErasing(p=p), norm]
        else:
            affine = K.RandomAffine(20.0, (0.2, 0.2), (0.8, 1.2), (-0.2, 0.2), padding_mode="border", p=1.0)
            steps = [affine, K.RandomHorizontalFlip(p=0.5)]
        transform = torch.nn.Sequential(*steps)
        images = _batch(inputs)

        def call() -> Any:
            with torch.no_grad():
                result = transform(images.float().div_(255))
            return (result.permute(0, 2, 3, 1) if name == "K" else result).contiguous()

        return Work(call)

    return prepare


def torchvision_mixing(name: str) -> Callable[[Inputs], Work]:
    """One ratio for all of a batch, labels mixed with it."""

    def prepare(inputs: Inputs) -> Work:
        T = optional("torchvision.transforms.v2")
        mix = (T.MixUp if name == "mixup" else T.CutMix)(num_classes=10)
        images = torch.from_numpy(inputs.images)
        labels = torch.zeros(len(images), dtype=torch.int64)
        return Work(lambda: mix(images, labels)[0])

    return prepare


def kornia_rs_operation(name: str) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        rs = optional("kornia_rs")
        side = inputs.images.shape[1]
        done: dict[str, Callable[[Any], Any]] = {
            "hflip": rs.imgproc.horizontal_flip,
            "blur-7x7": lambda image: rs.imgproc.gaussian_blur(image, (7, 7), (1.5, 1.5)),
            "resize": lambda image: rs.imgproc.resize(image, (inputs.side, inputs.side), "bilinear"),
        }
        if name == "rotate":
            angles = iter(np.tile(inputs.other, 10**4).tolist())
            done["rotate"] = lambda image: rs.imgproc.warp_affine(
                image, _rotation(next(angles), side), (side, side), "bilinear"
            )
        return Work(stacked(done[name], inputs.images))

    return prepare


def _rotation(angle: float, side: int) -> tuple[float, ...]:
    cv2 = optional("cv2")
    middle = (side - 1) / 2
    return tuple(cv2.getRotationMatrix2D((middle, middle), angle, 1).ravel().tolist())


# ---- Pillow ----


def pillow_filters(inputs: Inputs) -> Work:
    """As the article has it, and what burnish's results have to be."""
    Image, Filter = optional("PIL.Image"), optional("PIL.ImageFilter")

    def call() -> Any:
        result = np.empty((5, *inputs.images.shape), np.uint8)
        for i, array in enumerate(inputs.images):
            image = Image.fromarray(array)
            zero = Image.new("L", image.size)
            bands = image.split()
            for c in range(3):
                result[c, i] = np.asarray(Image.merge("RGB", [bands[c] if c == b else zero for b in range(3)]))
            result[3, i] = np.asarray(image.filter(Filter.GaussianBlur(2)))
            result[4, i] = np.asarray(image.filter(Filter.UnsharpMask()))
        return result

    return Work(call)


def pillow_resize(inputs: Inputs) -> Work:
    Image = optional("PIL.Image")
    size = (inputs.side, inputs.side)
    return Work(stacked(lambda a: Image.fromarray(a).resize(size, Image.Resampling.BILINEAR), inputs.images))


# ---- DALI and Keras ----


def dali_pipeline(name: str) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        dali, fn = optional("nvidia.dali"), optional("nvidia.dali.fn")
        types, math = optional("nvidia.dali.types"), optional("nvidia.dali.math")
        import burnish as ours

        n, side, p = len(inputs.images), inputs.side, inputs.p

        def coin(chance: float) -> Any:
            return fn.random.coin_flip(probability=chance)

        def uniform(low: float, high: float) -> Any:
            return fn.random.uniform(range=(low, high))

        pad = 4 if name == "C" else 0
        pipe = dali.Pipeline(n, ours.get_num_threads(), None, prefetch_queue_depth=1, exec_async=False,
                             exec_pipelined=False)  # fmt: skip
        with pipe:
            images = fn.external_source(lambda: inputs.images, batch=True, no_copy=True, layout="HWC")
            if pad:
                big = inputs.images.shape[1] + 2 * pad
                images = fn.crop(images, crop=(big, big), out_of_bounds_policy="pad", fill_values=0)
            images = fn.crop(images, crop=(side, side), crop_pos_x=uniform(0, 1), crop_pos_y=uniform(0, 1))
            limit = 30 if name == "S" else 15
            images = fn.rotate(images, angle=uniform(-limit, limit) * coin(p), keep_size=True, fill_value=0)
            use = coin(p)
            images = fn.color_twist(
                images,
                brightness=1 + uniform(-0.2, 0.2) * use,
                contrast=1 + uniform(-0.2, 0.2) * use,
                saturation=1 + uniform(-0.2, 0.2) * use,
                hue=uniform(-72, 72) * use,
            )
            if name == "S":
                images = fn.noise.gaussian(images, stddev=uniform(*SIGMAS) * coin(p))
                images = fn.gaussian_blur(images, sigma=math.max(coin(inputs.p_blur) * 1.1, 0.01), window_size=5)
            else:
                images = fn.erase(images, anchor=fn.random.uniform(range=(0, 0.7), shape=2), normalized_anchor=True,
                                  normalized_shape=True, shape=fn.random.uniform(range=(0.1, 0.5), shape=2) * coin(p),
                                  axis_names="HW")  # fmt: skip
            pipe.set_outputs(
                fn.crop_mirror_normalize(
                    images,
                    mirror=coin(p),
                    mean=(255 * MEAN).tolist(),
                    std=(255 * STD).tolist(),
                    dtype=types.FLOAT,
                    output_layout="CHW",
                )
            )
        pipe.build()
        return Work(lambda: np.array(pipe.run()[0].as_array()))

    return prepare


def keras_generator(inputs: Inputs) -> Work:
    """The article's generator; deprecated, but there."""
    legacy = optional("keras.src.legacy.preprocessing.image") or optional("keras.legacy.preprocessing.image")
    if legacy is None:
        raise UnavailableError("keras has no ImageDataGenerator any more")
    generator = legacy.ImageDataGenerator(
        rotation_range=20, width_shift_range=0.2, height_shift_range=0.2, shear_range=0.2, zoom_range=0.2,
        horizontal_flip=True, fill_mode="nearest", rescale=1 / 255,
    )  # fmt: skip
    flow = generator.flow(inputs.images, batch_size=len(inputs.images))
    return Work(lambda: np.ascontiguousarray(next(flow)))
