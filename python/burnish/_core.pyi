# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from typing import Any

version: str
SCORES: tuple[str, ...]
LABEL_SCORES: tuple[str, ...]
MOST_CLASSES: int
QUALITY_SCORES: tuple[str, ...]
MOST_NEIGHBORS: int
ROWS_PER_PARTIAL: int
MOMENTS: int

class InputKind(Enum):
    logits = 0
    probabilities = 1
    sigmoid_logits = 2

class Metric(Enum):
    euclidean = 0
    sqeuclidean = 1
    cosine = 2
    manhattan = 3

class Reduction(Enum):
    none = 0
    mean = 1
    sum = 2

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

class Curve(Enum):
    counts = 0
    roc = 1
    precision_recall = 2

class Objective(Enum):
    f_beta = 0
    accuracy = 1
    youden = 2
    cost = 3
    precision_at_recall = 4
    recall_at_precision = 5

class Ranking:
    def __init__(self, call: str, labels: Any, positive: int, scores: Any, weights: Any) -> None: ...
    @property
    def positives(self) -> float: ...
    @property
    def negatives(self) -> float: ...
    def roc_auc(self) -> float: ...
    def average_precision(self) -> float: ...
    def curve_size(self, curve: Curve, drop_intermediate: bool) -> int: ...
    def write_curve(self, curve: Curve, drop_intermediate: bool, x: Any, y: Any, thresholds: Any) -> None: ...
    def choose(
        self, objective: Objective, parameter: float, costs: Sequence[float]
    ) -> tuple[float, float, float, float] | None: ...

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
    input: Any,
    kind: InputKind,
    labels: Any,
    labels_may_be_missing: bool,
    temperature: float,
    outputs: Sequence[Any],
    stream: int,
) -> None: ...
def hardest(scores: Any, out: Any) -> None: ...
def accumulate(
    call: str, scores: Any, labels: Any, correct: Any, histogram_max: float, counts: Any, sums: Any, histogram: Any
) -> None: ...
def label_range(call: str, argument: str, labels: Any) -> tuple[int, int] | None: ...
def count_binary(call: str, y_true: Any, y_pred: Any) -> list[int] | None: ...
def count_at_threshold(call: str, y_true: Any, scores: Any, threshold: float) -> list[int] | None: ...
def count_pairs(
    call: str, y_true: Any, y_pred: Any, weights: Any, low: int, stop_outside: bool, counts: Any
) -> int: ...
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
def within(
    call: str, queries: Any, points: Any, metric: Metric, radius: float, most: int | None = None
) -> tuple[Any, Any, Any] | None: ...
def farthest_first(
    call: str, points: Any, metric: Metric, selected: Any, first: int, chosen: Any, distances: Any
) -> None: ...
def majority(call: str, labels: Any, probs: Any, out: Any) -> None: ...
def consensus(
    call: str,
    labels: Any,
    probs: Any,
    consensus: Any,
    quality: Any,
    agreement: Any,
    counts: Any,
    annotator_stats: Any,
) -> float: ...
def record(
    call: str,
    ids: Any,
    margin: Any,
    cross_entropy: Any,
    el2n: Any,
    correct: Any,
    bit: int,
    moments: Any,
    bits: Any,
) -> int: ...
def record_logits(call: str, ids: Any, logits: Any, labels: Any, bit: int, moments: Any, bits: Any) -> int: ...
def softmax_focal_loss(
    call: str,
    logits: Any,
    targets: Any,
    weight: Any,
    offset: Any,
    gamma: float,
    alpha: float,
    label_smoothing: float,
    ignore_index: int,
    reduction: Reduction,
    gradient_scale: float,
    defers_mean: bool,
    totals: Any,
    partials: Any,
    losses: Any,
    gradient: Any,
    stream: int,
) -> None: ...
def sigmoid_focal_loss(
    call: str,
    logits: Any,
    targets: Any,
    negative_weight: float,
    positive_weight: float,
    gamma: float,
    alpha: float,
    label_smoothing: float,
    ignore_index: int,
    reduction: Reduction,
    gradient_scale: float,
    defers_mean: bool,
    totals: Any,
    partials: Any,
    losses: Any,
    gradient: Any,
    stream: int,
) -> None: ...
def scale_gradient(gradient: Any, factor: Any, multiplier: float, divisor: Any, out: Any, stream: int) -> None: ...
def count_classes(labels: Any, counts: Any, ignore_index: int) -> int: ...
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
def survey(
    call: str,
    input: Any,
    kind: InputKind,
    labels: Any,
    cuts: Any,
    offsets: Any,
    offset_base: float,
    offset_sum: float,
    outputs: dict[str, Any],
    bins_per_nat: float,
) -> None: ...
def check_labels(call: str, labels: Any, rows: int, classes: int) -> None: ...
def count_beaten(call: str, input: Any, kind: InputKind, labels: Any, beaten: Any) -> None: ...

class Selection:
    def __init__(self, wanted: Any, at_least: Any) -> None: ...
    def update(self, call: str, input: Any, kind: InputKind, labels: Any, numbers: Any) -> None: ...
    def found(self) -> tuple[Any, Any, Any]: ...
