# SPDX-License-Identifier: Apache-2.0
"""Augmentation on a GPU: workload S and single operations beside torch, torchvision v2 and kornia, with cold caches.

python benchmarks/augment_gpu.py [--json FILE] [--batch N] [--budget S] [--self-test]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import augment_inputs as inputs
import numpy as np
import timing
from burnish import augment
from gpu_machine import Machine, cuda_machine, floors, require_gpu, self_test, torch
from report import Result, markdown, table, write_json
from timing import Call, optional

BATCH, SIDE, CROP = 512, 320, 256
GOAL = 1_000_000  # images of workload S a second
LUMA = (0.299, 0.587, 0.114)
v2 = optional("torchvision.transforms.v2")
kornia = optional("kornia.augmentation")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: results/gpu-augment-<chip>.json")
    parser.add_argument("--batch", type=int, default=BATCH, metavar="N")
    parser.add_argument("--budget", type=float, default=0.5, metavar="S", help="seconds a contender")
    parser.add_argument("--self-test", action="store_true", help="small, on CPU tensors: tries the logic")
    options = parser.parse_args(arguments)
    if options.self_test:
        return self_test(lambda machine, target: run(machine, 6, 40, 32, 0.02, target))
    require_gpu("augment_gpu")
    machine = cuda_machine(torch.device("cuda", torch.cuda.current_device()))
    target = options.json or Path(__file__).parent / "results" / f"gpu-augment-{machine.chip}.json"
    run(machine, options.batch, SIDE, CROP, options.budget, target)
    return None


# ---- workload S ----


def workload_s(crop: int, p: float) -> augment.Compose:
    noise = augment.GaussNoise(std_range=(inputs.SIGMAS[0] / 255, inputs.SIGMAS[1] / 255), p=p)
    return augment.Compose(
        [
            augment.RandomCrop(crop, crop),
            augment.HorizontalFlip(p=p),
            augment.Rotate(30, p=p),
            augment.ColorJitter(0.2, 0.2, 0.2, 0.2, p=p),
            noise,
            augment.GaussianBlur((3, 7), 0, p=0.4 * p),
            augment.Normalize(),
        ]
    )


def torch_s(images: Any, crop: int) -> Any:
    """What one writes with torch, all samples taking every step but hue and blur, which are left out."""
    n, side, device = len(images), images.shape[-1], images.device

    def draws(low: float, high: float) -> Any:
        return torch.empty(n, 1, 1, 1, device=device).uniform_(low, high)

    angle = draws(-0.52, 0.52).flatten()
    scale, slack = crop / side, 1 - crop / side
    cos, sin = angle.cos() * scale, angle.sin() * scale
    flip = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    shift = draws(-slack, slack).flatten(), draws(-slack, slack).flatten()
    theta = torch.stack([cos * flip, -sin, shift[0], sin * flip, cos, shift[1]], 1).view(n, 2, 3)
    grid = torch.nn.functional.affine_grid(theta, [n, 3, crop, crop], align_corners=False)
    x = torch.nn.functional.grid_sample(images.float() / 255, grid, align_corners=False)
    x = (x * draws(0.8, 1.2)).clamp_(0, 1)
    luma = torch.tensor(LUMA, device=device).view(1, 3, 1, 1)
    x = torch.lerp((x * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True), x, draws(0.8, 1.2)).clamp_(0, 1)
    x = torch.lerp((x * luma).sum(1, keepdim=True), x, draws(0.8, 1.2)).clamp_(0, 1)
    x = (x + torch.randn_like(x) * draws(3 / 255, 7 / 255)).clamp_(0, 1)
    return (x - _column(inputs.MEAN, device)) / _column(inputs.STD, device)


def torchvision_s(crop: int, p: float) -> Callable[[Any], Any]:
    """One fate for all of the batch: what v2 does with one, and far less work than a fate for each."""
    steps = [
        v2.RandomCrop(crop),
        v2.RandomHorizontalFlip(p),
        v2.RandomApply([v2.RandomRotation(30, v2.InterpolationMode.BILINEAR)], p),
        v2.RandomApply([v2.ColorJitter(0.2, 0.2, 0.2, 0.2)], p),
        v2.ToDtype(torch.float32, scale=True),
        v2.RandomApply([v2.GaussianNoise(0, 5 / 255)], p),
        v2.RandomApply([v2.GaussianBlur(5)], 0.4 * p),
        v2.Normalize(inputs.MEAN.tolist(), inputs.STD.tolist()),
    ]
    return v2.Compose(steps)


def kornia_s(crop: int, p: float) -> Callable[[Any], Any]:
    steps = torch.nn.Sequential(
        kornia.RandomCrop((crop, crop)),
        kornia.RandomHorizontalFlip(p=p),
        kornia.RandomRotation(30.0, p=p),
        kornia.ColorJiggle(0.2, 0.2, 0.2, 0.2, p=p),
        kornia.RandomGaussianNoise(std=5 / 255, p=p),
        kornia.RandomGaussianBlur((5, 5), (0.8, 1.4), p=0.4 * p),
        kornia.Normalize(torch.tensor(inputs.MEAN), torch.tensor(inputs.STD)),
    )
    return lambda images: steps(images.float() / 255)


def _column(values: Any, device: Any) -> Any:
    return torch.tensor(values, dtype=torch.float32, device=device).view(1, 3, 1, 1)


def replayed(pipe: augment.Compose, images: Any, out: Any) -> Call:
    """The work on the GPU alone: a CUDA graph keeps the programs, so that a replay plans and compiles nothing."""
    ids = np.arange(len(images))
    pipe(images, ids, out=out)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        pipe(images, ids, out=out)

    def call() -> Any:
        graph.replay()
        return out

    return call


def pipeline(machine: Machine, images: Any, crop: int, p: float, budget: float) -> list[Result]:
    """Check that bits are the CPU's and peers' statistics alike, then time all in turns."""
    n, name = len(images), f"{'S' if p < 1 else 'S1'}-{len(images)}x{crop}"
    pipe = workload_s(crop, p)
    ids = np.arange(n)
    expected = pipe(images.cpu(), ids)
    out = torch.empty_like(expected, device=machine.device)
    calls: dict[str, Call] = {
        "burnish": lambda: pipe(images, ids),
        "burnish, out=": lambda: pipe(images, ids, out=out),
        "torch": lambda: torch_s(images, crop),
    }
    if machine.device.type == "cuda":
        calls["burnish, CUDA graph"] = replayed(pipe, images, out)
    if v2 is not None:
        many = torchvision_s(crop, p)
        calls["torchvision v2, one fate"] = lambda: many(images)
    if kornia is not None:
        each = kornia_s(crop, p)
        calls["kornia"] = lambda: each(images)
    drafts = []
    for contender, call in calls.items():
        result = call()
        ours = contender.startswith("burnish")
        error = (result.cpu() - expected).abs().max().item() if ours else abs(result.mean() - expected.mean()).item()
        if not error <= (0 if ours else 0.5):
            raise AssertionError(f"{name}: {contender} is off by {error:.3g}")
        moved = n * crop * crop * 3 + int(expected.nbytes)  # each pixel read and written once
        drafts.append(Result(name, 1, contender, "burnish" if ours else "peer", (), moved, error))
    return timed(machine, drafts, calls, int(expected.nbytes), budget)


# ---- single operations ----


def operations(crop: int) -> dict[str, tuple[augment.Compose, Callable[[Any], Any]]]:
    """The operation, and what does about as much with torch alone."""

    def rotated(x: Any) -> Any:
        theta = torch.tensor([[0.87, -0.5, 0.0], [0.5, 0.87, 0.0]], device=x.device).expand(len(x), 2, 3)
        grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
        return torch.nn.functional.grid_sample(x.float(), grid, align_corners=False).round().to(torch.uint8)

    def blurred(x: Any) -> Any:
        rows, columns = torch.full((3, 1, 7, 1), 1 / 7), torch.full((3, 1, 1, 7), 1 / 7)
        x = torch.nn.functional.pad(x.float(), (3, 3, 3, 3), "reflect")
        x = torch.nn.functional.conv2d(x, rows.to(x.device), groups=3)
        return torch.nn.functional.conv2d(x, columns.to(x.device), groups=3).round().to(torch.uint8)

    def normalized(x: Any) -> Any:
        x = x[..., :crop, :crop].flip(-1).float() / 255
        return (x - _column(inputs.MEAN, x.device)) / _column(inputs.STD, x.device)

    def luma(device: Any) -> Any:
        return torch.tensor(LUMA, device=device).view(1, 3, 1, 1)

    flip = augment.HorizontalFlip(p=1)
    normalize = augment.Compose([augment.CenterCrop(crop, crop), flip, augment.Normalize()])
    return {
        "flip": (augment.Compose([flip]), lambda x: x.flip(-1)),
        "crop, flip, normalize": (normalize, normalized),
        "rotate": (augment.Compose([augment.Rotate((30, 30), p=1)]), rotated),
        "noise": (
            augment.Compose([augment.GaussNoise(std_range=(0.02, 0.02), p=1)]),
            lambda x: (x + torch.randn(x.shape, device=x.device) * 5).clamp_(0, 255).round_().to(torch.uint8),
        ),
        "blur 7": (augment.Compose([augment.GaussianBlur((7, 7), p=1)]), blurred),
        "saturation": (
            augment.Compose([augment.ColorJitter(0, 0, (0.5, 0.5), 0, p=1)]),
            lambda x: torch.lerp((x * luma(x.device)).sum(1, keepdim=True), x.float(), 0.5).round_().to(torch.uint8),
        ),
    }


def operation(machine: Machine, name: str, images: Any, crop: int, budget: float) -> list[Result]:
    pipe, other = operations(crop)[name]
    ids = np.arange(len(images))
    expected = pipe(images.cpu(), ids)
    out = torch.empty_like(expected, device=machine.device)
    calls: dict[str, Call] = {"burnish, out=": lambda: pipe(images, ids, out=out), "torch": lambda: other(images)}
    if machine.device.type == "cuda":
        calls["burnish, CUDA graph"] = replayed(pipe, images, out)
    workload = f"{name}, {len(images)}x{images.shape[-1]}"
    moved = len(images) * 3 * expected.shape[-2] * expected.shape[-1] + int(expected.nbytes)
    drafts = []
    for contender, call in calls.items():
        found, ours = call(), contender.startswith("burnish")
        if ours and not torch.equal(found.cpu(), expected):
            raise AssertionError(f"{workload}: {contender} differs from the CPU")
        drafts.append(Result(workload, 1, contender, "burnish" if ours else "peer", (), moved, 0.0))
    return timed(machine, drafts, calls, int(expected.nbytes), budget)


def timed(machine: Machine, drafts: list[Result], calls: dict[str, Call], size: int, budget: float) -> list[Result]:
    """Time the contenders and a copy of as much as the results."""
    floor_calls, _ = floors(machine, size, budget)
    seconds = timing.measure(
        calls | {"copy": floor_calls["copy"]}, budget=budget, least=5, most=51, clock=machine.clock
    )
    copied = 2 * max(1, size // 65_536) * 65_536
    drafts.append(Result(drafts[0].workload, 1, "copy", "floor", (), copied, 0.0))
    return [Result(**{**vars(draft), "seconds": tuple(seconds[draft.contender])}) for draft in drafts]


# ---- the whole run ----


def run(machine: Machine, batch: int, side: int, crop: int, budget: float, target: Path) -> None:
    print(f"{machine.where.get('chip', machine.chip)}; {timing.describe(machine.where)}")
    photos = inputs.photographs(min(batch, 32), side).transpose(0, 3, 1, 2)
    images = torch.from_numpy(np.ascontiguousarray(photos)).to(machine.device)
    images = images.repeat(-(-batch // len(images)), 1, 1, 1)[:batch].contiguous()
    tasks = [lambda p=p: pipeline(machine, images, crop, p, budget) for p in (0.5, 1.0)]
    tasks += [lambda name=name: operation(machine, name, images, crop, budget) for name in operations(crop)]
    groups: list[list[Result]] = []
    for task in tasks:
        results = task()
        print(f"\n## {results[0].workload}\n\n{table(results, results[0].contender)}", flush=True)
        groups.append(results)
        write_json(target, machine.where, [result for group in groups for result in group])
    rows = [[r.workload, r.contender, f"{batch / r.median:,.0f}", f"{r.bandwidth / 1e9:.0f}"]
            for group in groups for r in group if r.kind != "floor"]  # fmt: skip
    print(f"\n## Images a second (S: the goal is {GOAL:,})\n")
    print(f"{markdown(['workload', 'contender', 'images/s', 'GB/s'], rows)}\n\nwritten: {target}")


if __name__ == "__main__":
    sys.exit(main())
