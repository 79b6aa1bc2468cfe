# SPDX-License-Identifier: Apache-2.0
"""The native losses as autograd functions, and as operators of torch for torch.compile.

Forward computes loss and gradient together; what is kept is the gradient. It is that of the reduced loss, so that
backward has nothing to do where the loss is the last step. Of float16 it is kept larger, by a power of two and before
the division of a mean, as GradScaler expects of a loss that small numbers survive.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.autograd import forward_ad

from burnish import _core
from burnish._array import current_stream

Tensor: TypeAlias = Any  # torch.Tensor, of which mypy knows nothing

_LARGE = 4 << 20  # bytes from which NumPy asks the system for large pages: fresh memory is several times cheaper then
_REDUCTIONS = {"none": _core.Reduction.none, "mean": _core.Reduction.mean, "sum": _core.Reduction.sum}
REDUCTIONS = tuple(_REDUCTIONS)


def compute_dtype(logits: Tensor) -> torch.dtype:
    """Arithmetic is done, and losses come, in float64 for float64 logits and in float32 for all others."""
    return torch.float64 if logits.dtype == torch.float64 else torch.float32


def gradient_format(logits: Tensor) -> torch.memory_format:
    """Gradients lie as the logits do, if that is channels-last; else C-contiguous."""
    if logits.ndim == 4 and not logits.is_contiguous() and logits.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return torch.contiguous_format


def gradient_scale(dtype: torch.dtype, gamma: float, is_weighted: bool) -> float:
    """By how much a gradient is kept larger than it is: a power of two that leaves float16 room."""
    if dtype != torch.float16 or is_weighted:
        return 1.0
    return 2.0 ** max(0, 13 - math.ceil(math.log2(1 + gamma)))


_spare: list[Any] = []  # at most one array: memory of the last large gradient


def _large_memory(size: int) -> Any:
    """Memory for a gradient on a CPU: that of the last one, where nobody looks at it any more.

    A training loop makes a gradient of one size in each step. Fresh memory would cost several times the loss itself.
    """
    try:
        holder = [_spare.pop()]  # from here on no other thread can take it
    except IndexError:
        holder = []
    counts_are_exact = getattr(sys, "_is_gil_enabled", lambda: True)()
    # How many references one that is alone has depends on the version of Python: another object tells.
    is_free = bool(holder) and counts_are_exact and _references(holder) <= _references([object()])
    spare = holder[0] if is_free and holder[0].nbytes == size else np.empty(size, np.uint8)
    _spare[:] = [spare]
    return spare


def _references(holder: list[Any]) -> int:
    """How often the one element of a list is referred to."""
    return sys.getrefcount(holder[0])


def free_memory() -> None:
    """Give back the memory that is kept for the next gradient.

    On a CPU, the memory of a gradient of 4 MiB and more is kept when the gradient is gone, one gradient in all, for the
    next one of the same size.
    """
    _spare.clear()


def _new_gradient(logits: Tensor) -> Tensor:
    layout = gradient_format(logits)
    if logits.device.type != "cpu" or logits.numel() * logits.element_size() < _LARGE:
        return torch.empty_like(logits, memory_format=layout)
    memory = torch.from_numpy(_large_memory(logits.numel() * logits.element_size())).view(logits.dtype)
    if layout == torch.channels_last:
        n, c, h, w = logits.shape
        return memory.view(n, h, w, c).permute(0, 3, 1, 2)
    return memory.view(logits.shape)


def _planes(x: Tensor) -> Tensor:
    """(b, c, d) of (c,), (b, c) or (b, c, d1, ...)."""
    if x.ndim <= 2:
        return x.reshape(-1, x.shape[-1], 1)
    return x.reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def _workspace(logits: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    partials = max(1, -(-rows // _core.ROWS_PER_PARTIAL))
    memory = torch.empty(2 + partials, dtype=torch.float64, device=logits.device)
    return memory[:2], memory[2:]


def _result(losses: Tensor | None, totals: Tensor, reduction: str, shape: tuple[int, ...], dtype: Any) -> Tensor:
    if losses is not None and reduction == "none":
        return losses.view(shape)
    return totals[0].to(dtype, copy=True)


def _check_from_zero(call: str, name: str, values: Tensor) -> None:
    """Refuse what is negative or not finite, where looking does not mean waiting."""
    if values.device.type != "cpu" or values.numel() == 0:
        return
    values = values.detach()
    quick = values if values.dtype == torch.bfloat16 else values.numpy()  # NumPy is several times faster at it
    if float(quick.min()) >= 0 and float(quick.max()) < math.inf:
        return
    place = torch.nonzero(~((values >= 0) & (values < math.inf)))[0].tolist()
    raise ValueError(f"{call}: '{name}' is {values[tuple(place)]:g} at place {place}; accepted: finite, 0 or more")


def softmax_forward(
    call: str,
    logits: Tensor,
    targets: Tensor,
    weight: Tensor | None,
    offset: Tensor | None,
    gamma: float,
    alpha: float,
    label_smoothing: float,
    ignore_index: int,
    reduction: str,
    needs_gradient: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the loss in the compute type, the gradient (empty if not needed), and what a mean divided by, (1,)."""
    logits, targets = logits.detach(), targets.detach()
    planes = _planes(logits)
    rows = planes.shape[0] * planes.shape[2]
    is_soft = targets.is_floating_point()
    if is_soft:
        _check_from_zero(call, "targets", targets)
    if weight is not None:
        _check_from_zero(call, "weight", weight)
    goal = _planes(targets) if is_soft else targets.reshape(planes.shape[0], planes.shape[2])
    totals, partials = _workspace(logits, rows)
    losses = torch.empty(rows, dtype=compute_dtype(logits), device=logits.device)
    gradient = _new_gradient(logits) if needs_gradient else logits.new_empty(0)
    _core.softmax_focal_loss(
        call, planes, goal, weight, offset, gamma, alpha, label_smoothing, ignore_index, _REDUCTIONS[reduction],
        gradient_scale(logits.dtype, gamma, weight is not None), logits.dtype == torch.float16, totals, partials,
        losses, _planes(gradient) if needs_gradient else None, current_stream(logits),
    )  # fmt: skip
    shape = loss_shape(logits)
    return _result(losses, totals, reduction, shape, losses.dtype), gradient, totals[1:].clone()


def loss_shape(logits: Tensor) -> tuple[int, ...]:
    """Shape of the losses of softmax rows."""
    return () if logits.ndim == 1 else (logits.shape[0], *logits.shape[2:])


def sigmoid_forward(
    call: str,
    logits: Tensor,
    targets: Tensor,
    negative_weight: float,
    positive_weight: float,
    gamma: float,
    alpha: float,
    label_smoothing: float,
    ignore_index: int,
    reduction: str,
    needs_gradient: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `softmax_forward` does, for logits that stand for themselves."""
    logits = logits.detach()
    layout = gradient_format(logits)
    flat, goal = (
        (x.permute(0, 2, 3, 1) if layout == torch.channels_last else x).reshape(-1) for x in (logits, targets.detach())
    )
    totals, partials = _workspace(logits, flat.shape[0])
    losses = (
        torch.empty(flat.shape[0], dtype=compute_dtype(logits), device=logits.device) if reduction == "none" else None
    )
    gradient = _new_gradient(logits) if needs_gradient else logits.new_empty(0)
    _core.sigmoid_focal_loss(
        call, flat, goal, negative_weight, positive_weight, gamma, alpha, label_smoothing, ignore_index,
        _REDUCTIONS[reduction], gradient_scale(logits.dtype, gamma, False), logits.dtype == torch.float16, totals,
        partials, losses, _flat(gradient, layout) if needs_gradient else None, current_stream(logits),
    )  # fmt: skip
    if losses is not None and layout == torch.channels_last:
        n, c, h, w = logits.shape
        loss = losses.view(n, h, w, c).permute(0, 3, 1, 2).contiguous()
    else:
        loss = _result(losses, totals, reduction, tuple(logits.shape), compute_dtype(logits))
    return loss, gradient, totals[1:].clone()


def _flat(x: Tensor, layout: torch.memory_format) -> Tensor:
    return x.permute(0, 2, 3, 1).view(-1) if layout == torch.channels_last else x.view(-1)


# ---- autograd ----


def _refuse_second_derivative(call: str) -> None:
    if torch.is_grad_enabled():
        raise RuntimeError(
            f"{call}: its gradient was asked for with create_graph=True, but it cannot be differentiated again: it "
            "was computed together with the loss; write the loss in torch's own operations for that"
        )


def _keeps_graph() -> bool:
    """Whether the gradient may be asked for again (``retain_graph=True``)."""
    asked = getattr(torch._C._autograd, "_get_current_graph_task_keep_graph", None)
    return True if asked is None else bool(asked())


def _has_hooks() -> bool:
    """Whether a hook gets to see, and may keep, what is saved for backward."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top is not None and top(False) is not None


def _scaled(
    gradient: Tensor, factor: Tensor, divisor: Tensor | None, multiplier: float, softmax: bool, is_shared: bool
) -> Tensor:
    """The gradient times what comes from above, in its own memory where nobody needs that again."""
    is_shared = is_shared or _keeps_graph()
    is_one = factor.device.type == "cpu" and factor.numel() == 1 and multiplier == 1 and divisor is None
    if is_one and float(factor) == 1:
        return gradient.clone() if is_shared else gradient
    out = torch.empty_like(gradient) if is_shared else gradient
    is_last = gradient.is_contiguous(memory_format=torch.channels_last) if gradient.ndim == 4 else False
    as_last = is_last and not gradient.is_contiguous()

    def lines(x: Tensor) -> Tensor:
        if as_last:
            x = x.permute(0, 2, 3, 1)
        if not softmax or factor.numel() == 1:
            return x.view(1, 1, -1)
        return x.view(-1, x.shape[-1], 1) if as_last else _planes(x)

    if as_last and not softmax and factor.numel() > 1:
        factor = factor.permute(0, 2, 3, 1)
    _core.scale_gradient(
        lines(gradient), factor.detach().reshape(-1).contiguous(), multiplier, divisor, lines(out),
        current_stream(gradient),
    )  # fmt: skip
    return out


def _scaled_by_torch(gradient: Tensor, factor: Tensor, divisor: Tensor | None, multiplier: float, rows: bool) -> Tensor:
    """The same in operations of torch, which compilers join with others and vmap batches. `rows`: a factor for each."""
    if rows:
        factor = factor.unsqueeze(1)
    if gradient.dtype in (torch.float16, torch.bfloat16):
        factor = factor * multiplier if divisor is None else factor * (multiplier / divisor).float()
        return (gradient.float() * factor).to(gradient.dtype)
    return gradient * factor


_functorch = getattr(torch._C, "_functorch", None)


def _says(question: str, x: Tensor) -> bool:
    """What torch's own part for function transforms knows of a tensor; some versions do not know the question."""
    ask = getattr(_functorch, question, None)
    return ask is not None and bool(ask(x))


def _refuse_transforms(call: str, logits: Tensor, tensors: Sequence[Any]) -> None:
    """Refuse what would lose a derivative, or end in messages about something else."""
    if any(isinstance(x, torch.Tensor) and _says("is_functorch_wrapped_tensor", x) for x in (logits, *tensors)):
        raise RuntimeError(
            f"{call}: transforms of torch.func (vmap, grad, jvp, ...) cannot look into a native loss; accepted: plain "
            "tensors, whose gradient backward() or torch.autograd.grad finds, and a batch instead of vmap"
        )
    if forward_ad.unpack_dual(logits).tangent is not None:
        raise RuntimeError(
            f"{call}: 'logits' has a forward-mode tangent, but the loss has none; take the gradient by backward(), and "
            "its product with the tangent"
        )


class _Loss(torch.autograd.Function):  # type: ignore[misc]
    """What both kinds do: `forward` is given the function that computes them and its arguments."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, softmax: bool, call: str, *args: Any) -> Tensor:
        needs_gradient = ctx.needs_input_grad[0]
        compute: Any = softmax_forward if softmax else sigmoid_forward
        loss, gradient, divisor = compute(call, logits, *args, needs_gradient)
        if needs_gradient:
            *_, gamma, _, _, _, reduction = args
            ctx.call, ctx.softmax, ctx.is_shared = call, softmax, _has_hooks()
            ctx.multiplier = 1 / gradient_scale(logits.dtype, gamma, softmax and args[1] is not None)
            deferred = logits.dtype == torch.float16 and reduction == "mean"
            ctx.save_for_backward(gradient, divisor if deferred else None)
        return loss

    @staticmethod
    def backward(ctx: Any, *factors: Tensor) -> tuple[Tensor | None, ...]:
        _refuse_second_derivative(ctx.call)
        gradient, divisor = ctx.saved_tensors
        factor = factors[0]
        if _says("is_legacy_batchedtensor", factor) or _says("is_functorch_wrapped_tensor", factor):
            rows = ctx.softmax and factor.ndim > 0  # of autograd's is_grads_batched
            found = _scaled_by_torch(gradient, factor, divisor, ctx.multiplier, rows)
        else:
            found = _scaled(gradient, factor, divisor, ctx.multiplier, ctx.softmax, ctx.is_shared)
        return (found, *[None] * (len(ctx.needs_input_grad) - 1))


# ---- operators ----


def _fake_forward(logits: Tensor, shape: tuple[int, ...], reduction: str, needs_gradient: bool) -> Any:
    loss = logits.new_empty(shape if reduction == "none" else (), dtype=compute_dtype(logits))
    layout = gradient_format(logits)
    gradient = torch.empty_like(logits, memory_format=layout) if needs_gradient else logits.new_empty(0)
    return loss, gradient, logits.new_empty(1, dtype=torch.float64)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor], softmax: bool) -> None:
    call, logits, _, weight, _, gamma, _, _, _, reduction, _ = inputs
    _, gradient, divisor = output
    ctx.mark_non_differentiable(gradient, divisor)
    ctx.set_materialize_grads(False)
    ctx.call, ctx.softmax = call, softmax
    ctx.multiplier = 1 / gradient_scale(logits.dtype, gamma, softmax and weight is not None)
    deferred = logits.dtype == torch.float16 and reduction == "mean"
    ctx.save_for_backward(gradient, divisor if deferred else None)


def _backward(ctx: Any, factor: Tensor | None, *_: Any) -> tuple[Tensor | None, ...]:
    others = (None,) * 9
    if factor is None:
        return (None, None, *others)
    _refuse_second_derivative(ctx.call)
    gradient, divisor = ctx.saved_tensors
    return (None, _scaled_by_torch(gradient, factor, divisor, ctx.multiplier, ctx.softmax and factor.ndim > 0), *others)


_SHARED = "float gamma, float alpha, float label_smoothing, int ignore_index, str reduction, bool needs_gradient"
_SCHEMAS = {
    "softmax": f"(str call, Tensor logits, Tensor targets, Tensor? weight, Tensor? offset, {_SHARED})",
    "sigmoid": f"(str call, Tensor logits, Tensor targets, float negative_weight, float positive_weight, {_SHARED})",
}


def _register(kind: str) -> None:
    softmax = kind == "softmax"
    compute: Any = softmax_forward if softmax else sigmoid_forward
    operator = torch.library.custom_op(
        f"burnish::{kind}_focal_loss", compute, mutates_args=(), schema=f"{_SCHEMAS[kind]} -> (Tensor, Tensor, Tensor)"
    )

    @operator.register_fake  # type: ignore[untyped-decorator]
    def fake(call: str, logits: Tensor, *args: Any) -> Any:
        shape = loss_shape(logits) if softmax else tuple(logits.shape)
        return _fake_forward(logits, shape, args[-2], args[-1])

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _setup(ctx, inputs, output, softmax)

    operator.register_autograd(_backward, setup_context=setup_context)


if hasattr(torch.library, "custom_op"):  # torch 2.4 and later
    for _kind in _SCHEMAS:
        _register(_kind)


def _is_traced() -> bool:
    """Whether operators are being written down, or watched, while they run."""
    if hasattr(torch, "compiler") and torch.compiler.is_compiling():
        return True
    modes = getattr(torch._C, "_len_torch_dispatch_stack", None)  # of make_fx, among others
    return bool(torch.jit.is_tracing() or (modes is not None and modes()))


def loss_of(softmax: bool, call: str, logits: Tensor, *args: Any) -> Tensor:
    """The loss in the compute type; `args` are those of `softmax_forward` or `sigmoid_forward` up to reduction."""
    if _is_traced() or type(logits) not in (torch.Tensor, torch.nn.Parameter) or logits.is_meta:
        operators = torch.ops.burnish
        operator = operators.softmax_focal_loss if softmax else operators.sigmoid_focal_loss
        needs_gradient = logits.requires_grad and torch.is_grad_enabled()
        found: Tensor = operator(call, logits, *args, needs_gradient)[0]
        return found
    _refuse_transforms(call, logits, args)
    if logits.requires_grad and torch.is_grad_enabled():
        result: Tensor = _Loss.apply(logits, softmax, call, *args)
        return result
    compute: Any = softmax_forward if softmax else sigmoid_forward
    plain: Tensor = compute(call, logits, *args, False)[0]
    return plain
