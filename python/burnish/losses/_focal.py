# SPDX-License-Identifier: Apache-2.0
"""Focal loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import torch

from burnish._check import integer, real
from burnish.losses._native import REDUCTIONS, Tensor, compute_dtype, loss_of

_FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def focal_loss(
    logits: Tensor,
    targets: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float = 1.0,
    alpha_t: float | None = None,
    weight: Tensor | Sequence[float] | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
    activation: str | None = None,
) -> Tensor:
    r"""Cross-entropy in which what is already well classified counts less (Lin et al., 2017).

    With softmax, a row with target distribution ``t`` and probabilities ``p`` has the loss
    ``alpha * sum_c weight_c * t_c * (1 - p_c) ** gamma * -ln p_c``; with one right class ``y`` that is
    ``alpha * weight_y * (1 - p_y) ** gamma * -ln p_y``. With sigmoid, each logit has the loss of a row of two classes,
    of which the second is the positive one. At ``gamma=0`` they are torch's ``cross_entropy`` and
    ``binary_cross_entropy_with_logits``.

    The loss is linear in the targets: that of a MixUp target is the mixture of the losses. torchvision's
    ``sigmoid_focal_loss`` is not; for targets of 0 and 1 both agree.

    Parameters
    ----------
    logits : torch.Tensor
        float64, float32, float16 or bfloat16, on a CPU or a CUDA GPU, in any memory layout (what is neither rows of
        classes nor planes is copied). Softmax: ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``. Sigmoid: any shape.
    targets : torch.Tensor
        Softmax: class indices without the axis of classes, or probabilities of the logits' shape (soft labels).
        Sigmoid: of the logits' shape, from 0 to 1, of any dtype. No gradient flows to them.
    gamma : float, default 2
        How strongly; any finite number from 0 (not at all).
    alpha : float, default 1
        Multiplies every loss, whatever its class.
    alpha_t : float, optional
        Of sigmoid: the paper's alpha, ``alpha_t`` for positives and ``1 - alpha_t`` for negatives.
    weight : sequence of float or torch.Tensor, optional
        One for each class, as of `class_weights`; of sigmoid, one for negatives and one for positives.
    label_smoothing : float, default 0
        Share of the target that is spread evenly over the classes (the two of sigmoid), from 0 to 1.
    ignore_index : int, default -100
        Targets that count for nothing and have gradient 0, whatever their logits. Not for soft targets.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides as torch does. Softmax with class indices: by the sum of ``weight[target]`` over the rows
        that are not ignored (their number without `weight`); with soft targets: by the number of rows. Sigmoid: by the
        number of elements that are not ignored. `alpha` and `label_smoothing` do not enter.
    activation : {"softmax", "sigmoid"}, optional
        By default, targets without the axis of classes mean softmax, and 1-D or ``(N, 1)`` logits with targets of
        their own shape, or any shape with targets of integers, mean sigmoid. Floating targets of any other shape could
        be several labels or one distribution: say which.

    Returns
    -------
    torch.Tensor
        Of the logits' dtype; float32 under ``torch.autocast``, as ``cross_entropy`` there. The arithmetic is done in
        float32 (float64 for float64), and half precision is not copied for it. On NaN logits, and where all classes
        of a row are -inf, loss and gradient are NaN. A single class may be -inf (masked) or +inf: the gradient is
        finite; the loss is inf where such logits rule the target out.

    Raises
    ------
    TypeError, ValueError
        If shapes, dtypes or numbers are not as described; on a CPU also if a target is out of range (on a GPU, where
        finding out would mean waiting, its loss and gradient are NaN).
    RuntimeError
        In backward, with ``create_graph=True``: there is no second derivative. For logits with a forward-mode tangent,
        and within transforms of ``torch.func`` (``vmap``, ``grad``, ``jvp``).

    Notes
    -----
    Forward writes the gradient while the logits are in the cache; it is the only thing kept, one tensor like the
    logits, and backward scales it in place (not at all where the loss is the last step on a CPU). Its memory is kept
    for the next gradient of that size (`free_memory`). Results are the same bits whatever the number of threads, the
    instruction set and the device.

    Examples
    --------
    >>> import torch
    >>> from burnish.losses import focal_loss
    >>> logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.5, 0.0]], requires_grad=True)
    >>> loss = focal_loss(logits, torch.tensor([0, 1]))
    >>> loss.backward()
    >>> round(loss.item(), 4), bool(logits.grad.isfinite().all())
    (0.1214, True)
    """
    return _focal_loss(
        "focal_loss", logits, targets, None, gamma, alpha, alpha_t, weight, label_smoothing, ignore_index, reduction,
        activation,
    )  # fmt: skip


def _focal_loss(
    call: str,
    logits: Tensor,
    targets: Tensor,
    offset: Tensor | None,
    gamma: float,
    alpha: float,
    alpha_t: float | None,
    weight: Tensor | Sequence[float] | None,
    label_smoothing: float,
    ignore_index: int,
    reduction: str,
    activation: str | None,
) -> Tensor:
    check_tensors(call, logits, targets)
    if reduction not in REDUCTIONS:
        raise ValueError(f"{call}: 'reduction' is {reduction!r}; accepted: none, mean, sum")
    numbers = (
        real(call, "gamma", gamma, 0),
        real(call, "alpha", alpha, 0),
        real(call, "label_smoothing", label_smoothing, 0, 1),
        integer(call, "ignore_index", ignore_index, -(2**63), 2**63 - 1),
    )
    if is_softmax(call, logits, targets, activation):
        if alpha_t is not None:
            raise ValueError(f"{call}: 'alpha_t' weighs positives against negatives; with softmax pass 'weight'")
        each = class_vector(call, "weight", weight, logits)
        loss = loss_of(True, call, logits, targets, each, offset, *numbers, reduction)
    else:
        loss = loss_of(False, call, logits, targets, *_two_weights(call, alpha_t, weight), *numbers, reduction)
    return loss if _autocasts(logits) else loss.to(logits.dtype)


def _autocasts(logits: Tensor) -> bool:
    """Whether losses come in float32, as torch's own do under autocast."""
    if logits.dtype == torch.float64:
        return False
    if hasattr(torch.amp, "is_autocast_available"):  # torch 2.4 and later
        return bool(torch.is_autocast_enabled(logits.device.type))
    return bool(torch.is_autocast_enabled() if logits.is_cuda else torch.is_autocast_cpu_enabled())


def check_tensors(call: str, logits: Any, targets: Any) -> None:
    """Refuse what is no tensor of a dtype that is accepted."""
    for name, value in (("logits", logits), ("targets", targets)):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{call}: '{name}' is a {type(value).__name__}; accepted: torch.Tensor")
        if value.layout != torch.strided:
            raise TypeError(f"{call}: '{name}' is {value.layout}; accepted: dense tensors")
    if logits.dtype not in _FLOATS:
        raise TypeError(
            f"{call}: 'logits' has dtype {str(logits.dtype)[6:]}; accepted: float64, float32, float16, bfloat16"
        )
    if targets.dtype.is_complex:
        raise TypeError(f"{call}: 'targets' has dtype {str(targets.dtype)[6:]}; accepted: integers and floats")
    if targets.requires_grad:
        raise ValueError(f"{call}: 'targets' requires a gradient, but none flows to it; pass targets.detach()")
    if targets.device != logits.device:
        raise ValueError(f"{call}: 'targets' is on {targets.device}; accepted: {logits.device}, where the logits are")


def is_softmax(call: str, logits: Tensor, targets: Tensor, activation: str | None) -> bool:
    """Whether the classes of a row compete; shapes are checked."""
    if activation not in (None, "softmax", "sigmoid"):
        raise ValueError(f"{call}: 'activation' is {activation!r}; accepted: softmax, sigmoid")
    shape, given = tuple(logits.shape), tuple(targets.shape)
    is_like = given == shape
    without_classes = shape[:-1] if logits.ndim == 1 else (*shape[:1], *shape[2:])
    is_index = logits.ndim >= 1 and given == without_classes and not targets.is_floating_point()
    if targets.dtype == torch.bool and activation != "sigmoid" and not is_like:
        raise TypeError(f"{call}: 'targets' has dtype bool; class indices are integers")
    if activation is None and is_like and targets.is_floating_point() and not _is_column(logits):
        raise ValueError(
            f"{call}: 'targets' has the shape of 'logits', {shape}: several labels that stand for themselves, or one "
            "distribution over the classes? pass activation='sigmoid' or activation='softmax'"
        )
    if activation is None and is_index and not is_like and logits.ndim >= 2 and shape[1] == 1:
        raise ValueError(
            f"{call}: 'logits' has shape {shape}, a single class, and 'targets' {given}; for binary targets give both "
            "the same shape, as with logits.squeeze(1)"
        )
    softmax = activation == "softmax" or (activation is None and not is_like)
    if softmax and not is_index and not (is_like and targets.is_floating_point() and logits.ndim >= 1):
        raise ValueError(
            f"{call}: 'targets' has shape {given} and dtype {str(targets.dtype)[6:]} for logits of shape {shape}; "
            f"accepted: integers {without_classes}, or floats {shape}"
        )
    if softmax and logits.numel() == 0 and shape[min(1, logits.ndim - 1)] == 0:
        raise ValueError(f"{call}: 'logits' has shape {shape}; accepted: at least one class")
    if not softmax and not is_like:
        raise ValueError(f"{call}: 'targets' has shape {given}; accepted with sigmoid: {shape}, that of the logits")
    return softmax


def _is_column(logits: Tensor) -> bool:
    return bool(logits.ndim <= 1 or logits.shape[1] == 1)


def class_vector(call: str, name: str, values: Any, logits: Tensor, dtype: torch.dtype | None = None) -> Tensor | None:
    """One number a class, in `dtype` (that of the arithmetic), as the core takes it."""
    if values is None:
        return None
    dtype = compute_dtype(logits) if dtype is None else dtype
    vector = _numbers(call, name, values)
    classes = logits.shape[min(1, logits.ndim - 1)]
    if tuple(vector.shape) != (classes,):
        raise ValueError(f"{call}: '{name}' has shape {tuple(vector.shape)}; accepted: ({classes},), one a class")
    return vector.to(device=logits.device, dtype=dtype).contiguous()


def _numbers(call: str, name: str, values: Any) -> Tensor:
    """A tensor of numbers that need no gradient; those of a list in float64."""
    accepted = "accepted: a sequence of numbers, or a tensor"
    _refuse_no_sequence(call, name, values)
    if isinstance(values, torch.Tensor):
        vector = values
    else:
        try:
            vector = torch.as_tensor(values, dtype=None if hasattr(values, "dtype") else torch.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(f"{call}: '{name}' is a {type(values).__name__} of no numbers; {accepted}") from error
    if vector.dtype.is_complex:
        raise TypeError(f"{call}: '{name}' has dtype {str(vector.dtype)[6:]}; accepted: integers and floats")
    if vector.requires_grad:
        raise ValueError(f"{call}: '{name}' requires a gradient, but none flows to it; pass {name}.detach()")
    return vector


def _refuse_no_sequence(call: str, name: str, values: Any) -> None:
    if isinstance(values, (str, bytes, Mapping, Set)) or not hasattr(values, "__len__"):
        raise TypeError(f"{call}: '{name}' is a {type(values).__name__}; accepted: a sequence of numbers, or a tensor")


def _two_weights(call: str, alpha_t: float | None, weight: Any) -> tuple[float, float]:
    if alpha_t is not None:
        if weight is not None:
            raise ValueError(f"{call}: both 'alpha_t' and 'weight' are given; accepted: one of them")
        positive = real(call, "alpha_t", alpha_t, 0, 1)
        return 1 - positive, positive
    if weight is None:
        return 1.0, 1.0
    if isinstance(weight, torch.Tensor):
        weight = _numbers(call, "weight", weight)
    _refuse_no_sequence(call, "weight", weight)
    values = weight.tolist() if hasattr(weight, "tolist") else list(weight)
    if not isinstance(values, list) or len(values) != 2:
        raise ValueError(f"{call}: 'weight' is {weight!r}; accepted with sigmoid: two, of negatives and of positives")
    return real(call, "weight", values[0], 0), real(call, "weight", values[1], 0)


class FocalLoss(torch.nn.Module):  # type: ignore[misc]
    """`focal_loss` as a module.

    ``FocalLoss(alpha=1, gamma=2, reduction="mean")`` on binary logits and targets of the same shape is the loss that
    multiplies both classes by alpha; see `focal_loss` for all else.

    Parameters
    ----------
    alpha, gamma, reduction
        As of `focal_loss`, in this order.
    alpha_t, weight, label_smoothing, ignore_index, activation
        As of `focal_loss`, by keyword. A `weight` moves with the module.

    Examples
    --------
    >>> import torch
    >>> from burnish.losses import FocalLoss
    >>> criterion = FocalLoss(alpha=1, gamma=2, reduction="mean")
    >>> round(criterion(torch.tensor([2.0, -1.0]), torch.tensor([1.0, 1.0])).item(), 4)
    0.3518
    """

    weight: Tensor | None

    def __init__(
        self,
        alpha: float = 1.0,
        gamma: float = 2.0,
        reduction: str = "mean",
        *,
        alpha_t: float | None = None,
        weight: Tensor | Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        activation: str | None = None,
    ) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f"FocalLoss: 'reduction' is {reduction!r}; accepted: none, mean, sum")
        self.alpha = real("FocalLoss", "alpha", alpha, 0)
        self.gamma = real("FocalLoss", "gamma", gamma, 0)
        self.reduction = reduction
        self.alpha_t = None if alpha_t is None else real("FocalLoss", "alpha_t", alpha_t, 0, 1)
        self.label_smoothing = real("FocalLoss", "label_smoothing", label_smoothing, 0, 1)
        self.ignore_index = integer("FocalLoss", "ignore_index", ignore_index, -(2**63), 2**63 - 1)
        if activation not in (None, "softmax", "sigmoid"):
            raise ValueError(f"FocalLoss: 'activation' is {activation!r}; accepted: softmax, sigmoid")
        self.activation = activation
        self.register_buffer("weight", None if weight is None else _numbers("FocalLoss", "weight", weight))

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss."""
        return _focal_loss(
            "FocalLoss", logits, targets, None, self.gamma, self.alpha, self.alpha_t, self.weight,
            self.label_smoothing, self.ignore_index, self.reduction, self.activation,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Say what differs from the defaults, and alpha, gamma and reduction."""
        parts = [f"alpha={self.alpha:g}", f"gamma={self.gamma:g}", f"reduction={self.reduction!r}"]
        if self.alpha_t is not None:
            parts.append(f"alpha_t={self.alpha_t:g}")
        if self.weight is not None:
            parts.append(f"weight of {len(self.weight)} classes")
        if self.label_smoothing:
            parts.append(f"label_smoothing={self.label_smoothing:g}")
        if self.ignore_index != -100:
            parts.append(f"ignore_index={self.ignore_index}")
        if self.activation is not None:
            parts.append(f"activation={self.activation!r}")
        return ", ".join(parts)
