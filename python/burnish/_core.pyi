# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from typing import Any

version: str
SCORES: tuple[str, ...]
LABEL_SCORES: tuple[str, ...]
MOST_NEIGHBORS: int

class InputKind(Enum):
    logits = 0
    probabilities = 1
    sigmoid_logits = 2

class Metric(Enum):
    euclidean = 0
    sqeuclidean = 1
    cosine = 2
    manhattan = 3

class Op(Enum):
    crop = 0
    orient = 1
    warp = 2
    linear = 3
    contrast = 4
    saturation = 5
    hue = 6
    normalize = 7
    gauss_noise = 8
    gauss_blur = 9
    erase = 10
    gray = 11
    permute = 12
    solarize = 13
    posterize = 14
    gamma = 15
    to_float = 16
    to_bytes = 17
    hsv_shift = 18
    hsv_value = 19
    autocontrast = 20
    equalize = 21
    multiplicative_noise = 22
    salt_and_pepper = 23
    box_blur = 24
    sharpen = 25
    motion_blur = 26
    pillow_blur = 27
    unsharp_mask = 28
    resize = 29
    sharpness = 30
    linear_by_mean = 31
    erase_noise = 32
    shade = 33
    levels = 34
    to_hsv = 35
    from_hsv = 36

class Layout(Enum):
    nhwc = 0
    nchw = 1

class Border(IntEnum):
    constant = 0
    replicate = 1
    reflect = 2
    reflect101 = 3
    wrap = 4

class Interpolation(IntEnum):
    nearest = 0
    bilinear = 1
    bicubic = 2

class Filter(IntEnum):
    nearest = 0
    bilinear = 1
    bicubic = 2
    area = 3

class Gray(IntEnum):
    luma = 0
    average = 1
    max = 2
    desaturation = 3

class Method(IntEnum):
    pillow = 0
    opencv = 1

def build_info() -> dict[str, Any]: ...
def require_cuda() -> None: ...
def get_num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def set_isa_level(level: str) -> None: ...
def scores(
    input: Any, kind: InputKind, labels: Any, temperature: float, outputs: Sequence[Any], stream: int
) -> None: ...
def hardest(scores: Any, out: Any) -> None: ...
def accumulate(
    call: str, scores: Any, labels: Any, correct: Any, histogram_max: float, counts: Any, sums: Any, histogram: Any
) -> None: ...
def nearest(
    call: str,
    queries: Any,
    points: Any,
    metric: Metric,
    distances: Any,
    indices: Any,
    workspace: Callable[[int], Any],
    stream: int,
) -> None: ...
def within(call: str, queries: Any, points: Any, metric: Metric, radius: float) -> tuple[Any, Any, Any]: ...
def interpolate(
    rows: Any, other: Any, base: Any, neighbor: Any, step: Any, scale: Any, out: Any, stream: int
) -> None: ...
def run_pipeline(
    call: str,
    steps: Sequence[tuple[Op, int, Sequence[float], Any]],
    order: Any,
    ids: Any,
    seed: int,
    epoch: int,
    fuse: bool,
    images: Any,
    layout: Layout,
    out: Any,
    out_layout: Layout,
    stream: int = 0,
    allocate: Callable[[int], Any] | None = None,
) -> None: ...
def mix(
    call: str,
    images: Any,
    layout: Layout,
    out: Any,
    out_layout: Layout,
    partner: Any,
    weight: Any,
    box: Any,
    stream: int,
) -> None: ...
def explain_pipeline(
    call: str,
    steps: Sequence[tuple[Op, int, Sequence[float], Any]],
    order: Any,
    fuse: bool,
    sizes: Sequence[tuple[int, int]],
    sizes_after: Sequence[tuple[int, int]],
    channels: int,
    dtype: str,
    layout: Layout,
    out_dtype: str,
    out_layout: Layout,
) -> list[list[tuple[str, str, list[Op], list[Op], str, Layout, str, Layout, int, int, int, int]]]: ...
def draw(call: str, seed: int, epoch: int, place: int, ids: Any, out: Any) -> None: ...
def _exp_(x: Any) -> None: ...
def _log_(x: Any) -> None: ...
def _emulated_fma(a: float, b: float, c: float) -> float: ...
def _philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
