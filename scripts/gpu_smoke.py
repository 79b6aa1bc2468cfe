# SPDX-License-Identifier: Apache-2.0
"""Run every kernel once on small data and compare with the CPU: the program that compute-sanitizer watches."""

from __future__ import annotations

import numpy as np
import torch
from burnish import _core, augment, hardness
from burnish.losses import focal_loss
from burnish.neighbors import kneighbors

LABEL_FREE = ("entropy", "margin", "least_confidence", "energy", "perplexity", "predictions")
WITH_LABELS = (*LABEL_FREE, "cross_entropy", "el2n", "logit_margin", "rank_of_label", "correct")


def compare(
    logits: torch.Tensor | None, labels: torch.Tensor | None, which: tuple[str, ...], **options: object
) -> None:
    """Score on both devices and demand the same bits."""
    on_cpu = hardness.scores(logits, labels, which, **options)
    moved = {name: value.cuda() if isinstance(value, torch.Tensor) else value for name, value in options.items()}
    on_gpu = hardness.scores(
        None if logits is None else logits.cuda(), None if labels is None else labels.cuda(), which, **moved
    )
    for name, expected in on_cpu.items():
        np.testing.assert_array_equal(on_gpu[name].cpu().numpy(), expected.numpy(), err_msg=name)


def compare_neighbors(generator: torch.Generator) -> None:
    """Search on both devices, with ties, zero rows and more points than one slice."""
    for rows, points, columns, k in ((70, None, 5, 6), (33, 70, 17, 3), (40, 17_000, 3, 20), (1100, None, 2, 1024)):
        X = (torch.randn(rows, columns, generator=generator) * 2).round()
        Y = None if points is None else (torch.randn(points, columns, generator=generator) * 2).round()
        for metric in ("euclidean", "cosine", "manhattan"):
            for dtype in (torch.float32, torch.float64):
                others = None if Y is None else Y.to(dtype)
                on_cpu = kneighbors(X.to(dtype), k, others, metric=metric)
                on_gpu = kneighbors(X.to(dtype).cuda(), k, None if others is None else others.cuda(), metric=metric)
                for found, expected in zip(on_gpu, on_cpu, strict=True):
                    np.testing.assert_array_equal(found.cpu().numpy(), expected.numpy(), err_msg=metric)


def compare_interpolation(generator: torch.Generator) -> None:
    """Interpolate on both devices in every dtype that torch has."""
    base, neighbor = torch.randint(50, (2, 300), generator=generator)
    step = torch.rand(300, generator=generator, dtype=torch.float64)
    for dtype in (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.int16, torch.uint8):
        X = (torch.randn(50, 7, generator=generator) * 40).abs().to(dtype)
        out = torch.empty(300, 7, dtype=dtype)
        out_gpu = out.cuda()
        _core.interpolate(X, None, base, neighbor, step, None, out, 0)
        stream = torch.cuda.current_stream().cuda_stream
        _core.interpolate(X.cuda(), None, base.cuda(), neighbor.cuda(), step.cuda(), None, out_gpu, stream)
        np.testing.assert_array_equal(out_gpu.cpu().numpy(), out.numpy(), err_msg=str(dtype))


def compare_losses(generator: torch.Generator) -> None:
    """Losses and gradients of rows, planes and binary logits, hard and soft, of every dtype."""
    for shape in ((300,), (300, 10), (70, 100), (5, 1025), (3, 7, 50), (2, 40, 30)):
        x = torch.randn(shape, generator=generator, dtype=torch.float64) * 4
        soft = torch.rand(shape, generator=generator)
        goals = [(soft, "sigmoid")]
        if len(shape) > 1:
            goals += [(soft, "softmax"), (torch.randint(shape[1], x[:, 0].shape, generator=generator), "softmax")]
        for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
            for targets, activation in goals:
                for reduction, gamma in (("mean", 2.0), ("none", 0.5)):
                    found = []
                    for device in ("cpu", "cuda"):
                        z = x.to(dtype).to(device).requires_grad_()
                        loss = focal_loss(
                            z, targets.to(device), gamma=gamma, activation=activation, reduction=reduction
                        )
                        (3 * loss).sum().backward()
                        found.append((loss.detach().cpu(), z.grad.cpu()))
                    if not all(torch.equal(a, b) for a, b in zip(*found, strict=True)):
                        raise AssertionError(f"losses differ: {shape}, {dtype}, {activation}, {reduction}")


def pipelines() -> list[augment.Compose]:
    """Return pipelines that run every kernel of augmentation: passes, boxes, resampling, tables."""
    flip = augment.HorizontalFlip()
    geometry = [augment.RandomCrop(33, 41, padding=4, border_mode="reflect"), flip, augment.Rotate(30, p=1)]
    colors = [augment.ColorJitter(0.4, 0.4, 0.4, 0.2, p=1), augment.RandomGamma(p=1), augment.HueSaturationValue(p=1)]
    noise = [augment.GaussNoise(p=1), augment.SaltAndPepper(p=1), augment.MultiplicativeNoise(p=1)]
    filters = [augment.GaussianBlur((3, 9), p=1), augment.UnsharpMask((1, 3), p=1), augment.MotionBlur(p=1)]
    counted = [augment.AutoContrast(p=1), augment.Equalize(p=1), augment.CoarseDropout(p=1), augment.RandomErasing(p=1)]
    sized = [augment.Resize(29, 30), augment.Sharpen(p=1), augment.Perspective(p=1)]
    groups = [geometry, colors, noise, filters, counted, sized, [*geometry, *colors, *noise, *filters]]
    return [augment.Compose(group, seed=7) for group in groups]


def compare_augment(generator: torch.Generator) -> None:
    """Augment on both devices: batches and lists, 1, 3 and 5 channels, bytes and floats, fused and not."""
    ids = np.arange(4)
    for channels in (1, 3, 5):
        batch = torch.randint(256, (4, channels, 61, 47), generator=generator, dtype=torch.uint8)
        for images in (batch, batch.float() / 255):
            for pipe in pipelines():
                if channels != 3 and any("olor" in part or "Hue" in part for part in map(repr, pipe.transforms)):
                    continue
                for fuse in (True, False):
                    expected = pipe(images, ids, fuse=fuse)
                    found = pipe(images.cuda(), ids, fuse=fuse).cpu()
                    np.testing.assert_array_equal(found.numpy(), expected.numpy(), err_msg=repr(pipe))
    ragged = [batch[0, :3, : 40 + i, : 47 - i].contiguous() for i in range(4)]
    pipe = augment.Compose([augment.Rotate(20, p=1), augment.Normalize()], seed=1)
    for dtype in ("float32", "float16", "bfloat16"):
        results = pipe([image.cuda() for image in ragged], ids, dtype=dtype)
        for found, expected in zip(results, pipe(ragged, ids, dtype=dtype), strict=True):
            if not torch.equal(found.cpu(), expected):
                raise AssertionError(f"lists of images differ in {dtype}")


def main() -> None:
    """Cover all kernels, dtypes, kinds of input and levels of statistics."""
    generator = torch.Generator().manual_seed(0)
    for classes in (2, 10, 32, 33, 100, 1000, 1025, 4097, 9000):
        rows = 300 if classes <= 1025 else 3
        logits = torch.randn(rows, classes, generator=generator) * 4
        logits[0, 0] = float("nan")
        labels = torch.randint(classes, (rows,), generator=generator)
        for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
            compare(logits.to(dtype), labels, WITH_LABELS)
            compare(logits.to(dtype), None, ("entropy",), temperature=1.5)
        compare(logits.T.contiguous().T, labels, WITH_LABELS)
        compare(logits, None, ("entropy",), activation="sigmoid")
        compare(None, labels, tuple(name for name in WITH_LABELS if name != "energy"), probs=logits.softmax(1))
    compare_neighbors(generator)
    compare_interpolation(generator)
    compare_losses(generator)
    compare_augment(generator)
    torch.cuda.synchronize()
    print("same bits on both devices")


if __name__ == "__main__":
    main()
