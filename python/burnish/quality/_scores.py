# SPDX-License-Identifier: Apache-2.0
"""How much a label can be trusted, from a model's predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from textwrap import dedent
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish._array import as_array, deliver, to_numpy
from burnish.hardness._scores import _scores as native_scores
from burnish.quality._blocks import blocks_of, predictions_of
from burnish.quality._naming import named, naming
from burnish.quality._topk import TopK, check_labels, survey_top

_Function = TypeVar("_Function", bound=Callable[..., Any])

SCORES = (*_core.QUALITY_SCORES, "logit_margin")
_ADJUSTABLE = ("self_confidence", "normalized_margin")
_OF_TOP = ("self_confidence", "normalized_margin", "logit_margin", "confidence_mistakenness")

_PARAMETERS = """\
    logits : array of shape (N, C), float64, float32, float16 or bfloat16
        A model's outputs before softmax, any strides.
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1; -1 says that a sample has no label.
    probs : array of shape (N, C) or TopK, optional
        Probabilities instead of logits. Rows are divided by their sum.
    temperature : float, default 1.0
        Logits are divided by it first."""
_SURENESS = """\
sureness : {"entropy", "confidence"}, default "entropy"
    "entropy" is ``exp(-H(p))``, which FiftyOne uses for logits; "confidence" the largest probability, which it uses
    otherwise and which finds more label errors."""
_ADJUST = """
    adjust : bool or float array of shape (C,), default False
        Subtract each class's threshold (`class_thresholds` by default) from its probability first, so that classes of
        which the model is less sure are judged alike. CUDA tensors are then read through the host, block by block; the
        result comes back on the same device."""
_OUTPUT = """
    dtype : {"float32", "float64"}, optional
        Of the arithmetic and the result; default float64 for float64 input, else float32.
    out : array of shape (N,), optional
        Where to write the result."""
_FOOTER = """\
    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape, range or device; the message names what is accepted. On a CPU this
        includes labels outside 0 to C - 1 other than -1; on a GPU such rows score NaN.

    Notes
    -----
    NaN for samples without a label, and for rows without a distribution (a NaN or +inf, all logits -inf, probabilities
    that sum to 0 or one below 0). The same bits for every thread count, batch split and instruction set, and on a GPU.
    In float32 the error is below 2e-6; of confidence_weighted_entropy, which divides two small numbers where the model
    is sure and the label wrong, below 2e-5 where the label's probability is above 1e-3. Probabilities in float16 have
    been rounded before: what they yield is within 1e-3 of what the unrounded ones would.
"""


def _documented(*, adjust: bool = False, sureness: bool = False) -> Callable[[_Function], _Function]:
    def fill(function: _Function) -> _Function:
        text = cleandoc(function.__doc__ or "")
        parameters = dedent(_PARAMETERS + (_ADJUST if adjust else "") + _OUTPUT)
        if sureness:
            parameters = parameters.replace("temperature : float", f"{_SURENESS}\ntemperature : float")
        text = text.replace("{parameters}", "Parameters\n----------\n" + parameters)
        function.__doc__ = text.replace("{footer}", dedent(_FOOTER))
        return function

    return fill


@named("label_scores")
def label_scores(
    logits: Any = None,
    labels: Any = None,
    which: str | Sequence[str] = ("self_confidence", "normalized_margin", "logit_margin"),
    *,
    probs: Any = None,
    temperature: float = 1.0,
    adjust: bool | Any = False,
    dtype: Any = None,
    out: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Compute any of the label scores in a single pass over the predictions.

    Parameters
    ----------
    logits : array of shape (N, C), float64, float32, float16 or bfloat16
        A model's outputs before softmax, any strides; NumPy, torch (CPU or CUDA) or anything that speaks DLPack.
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1; -1 says that a sample has no label.
    which : str or sequence of str
        Of self_confidence, normalized_margin, confidence_weighted_entropy, logit_margin, mistakenness,
        confidence_mistakenness.
    probs : array of shape (N, C) or TopK, optional
        Probabilities instead of logits. Rows are divided by their sum.
    temperature : float, default 1.0
        Logits are divided by it first.
    adjust : bool or float array of shape (C,), default False
        Subtract class thresholds first; for self_confidence and normalized_margin. CUDA tensors are then read through
        the host, block by block; results come back on the same device.
    dtype : {"float32", "float64"}, optional
        Of the arithmetic and the results; default float64 for float64 input, else float32.
    out : mapping of str to array of shape (N,), optional
        Where to write results; names that it lacks are allocated.

    Returns
    -------
    dict of str to array of shape (N,)
        In the order of `which`; NaN for samples without a label and rows without a distribution.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape, range or device; nothing has been written then.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import quality
    >>> probs = np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> quality.label_scores(labels=[0, 1], probs=probs, which=("self_confidence", "normalized_margin"))
    {'self_confidence': array([0.9, 0.2]), 'normalized_margin': array([0.9, 0.2])}
    """
    names = (which,) if isinstance(which, str) else tuple(which)
    if labels is None:
        raise TypeError("label_scores: 'labels' are needed, got none")
    if isinstance(probs, TopK) and logits is None:
        return _top_scores(probs, labels, names, adjust, out)
    if adjust is not False:
        return _adjusted(logits, labels, names, probs, temperature, adjust, dtype, out)
    return native_scores(
        logits, labels, names, SCORES, probs=probs, temperature=temperature, activation="softmax", dtype=dtype, out=out,
        labels_may_be_missing=True,
    )  # fmt: skip


def _top_scores(top: TopK, labels: Any, names: tuple[str, ...], adjust: Any, out: Any) -> dict[str, Any]:
    unknown = [name for name in names if name not in _OF_TOP]
    if unknown or adjust is not False:
        given = f"'which' has {unknown[0]!r}" if unknown else "'adjust' is given"
        raise ValueError(f"label_scores: {given}; accepted for TopK: {', '.join(_OF_TOP)}, not adjusted")
    classes = check_labels("label_scores", labels, len(top), top.num_classes, may_be_missing=True)
    found = survey_top(top, np.maximum(classes, 0))
    own, other = found["own"], found["other"]
    is_best = (own > other) | ((own == other) & (classes < found["rival"]))
    scores = {
        "self_confidence": own,
        "normalized_margin": (own - other + 1) / 2,
        "logit_margin": found["margin"],
        "confidence_mistakenness": (np.where(is_best, -own, other) + 1) / 2,
    }
    results = {}
    for name in names:
        result = np.where(found["valid"] & (classes >= 0), scores[name], np.nan).astype(top.values.dtype)
        results[name] = _into(result, None if out is None else out.get(name))
    return results


def _into(result: npt.NDArray[Any], out: Any) -> Any:
    if out is None:
        return result
    if tuple(out.shape) != result.shape:
        raise ValueError(f"label_scores: 'out' has shape {tuple(out.shape)}; accepted: {result.shape}")
    out[...] = deliver(out, result)
    return out


def _adjusted(
    logits: Any, labels: Any, names: tuple[str, ...], probs: Any, temperature: float, adjust: Any, dtype: Any, out: Any
) -> dict[str, Any]:
    call = names[0] if len(names) == 1 else "label_scores"
    unknown = [name for name in names if name not in _ADJUSTABLE]
    if unknown:
        raise ValueError(f"{call}: 'which' has {unknown[0]!r}; accepted with 'adjust': {', '.join(_ADJUSTABLE)}")
    if temperature != 1.0 or dtype is not None:
        raise ValueError(f"{call}: 'adjust' takes neither 'temperature' nor 'dtype'; scale the logits first")
    predictions, kind = predictions_of(call, logits, probs)
    rows, num_classes = (int(n) for n in predictions.shape)
    classes = check_labels(call, labels, rows, num_classes, may_be_missing=True)
    has_label = classes >= 0
    if adjust is True:
        from burnish.quality._joint import class_thresholds  # it leans on the blocks, as this does

        shifts = class_thresholds(labels=classes, logits=logits, probs=probs)
    else:
        shifts = np.ascontiguousarray(to_numpy(as_array(adjust)), dtype=np.float64)
        if shifts.shape != (num_classes,) or not np.isfinite(shifts).all():
            raise ValueError(
                f"{call}: 'adjust' has shape {shifts.shape}; accepted: finite numbers ({num_classes},), True or False"
            )
    base = float(shifts.max())
    offsets = shifts, base, 1.0 - float(shifts.sum()) + num_classes * base
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    for block in blocks_of(call, predictions, kind, np.maximum(classes, 0)):
        found = block.survey(("own", "other"), offsets=offsets)
        own, other = found["own"], np.maximum(found["other"], 0)
        if "self_confidence" in names:
            parts["self_confidence"].append(own)
        if "normalized_margin" in names:
            parts["normalized_margin"].append((own - other + 1) / 2)
    results = {}
    for name in names:
        result = np.concatenate(parts[name])
        result[~has_label] = np.nan
        target = None if out is None else out.get(name)
        results[name] = deliver(predictions, result) if target is None else _into(result, target)
    return results


def _single(name: str, logits: Any, labels: Any, out: Any, call: str | None = None, **options: Any) -> Any:
    target = None if out is None else {name: out}
    with naming(call or name):
        return label_scores(logits, labels, (name,), out=target, **options)[name]


@_documented(adjust=True)
def self_confidence(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    adjust: bool | Any = False,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Probability of the given label.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``p_label``, 0 to 1; **lower** is more suspicious.

    {footer}

    References
    ----------
    C. G. Northcutt, L. Jiang, I. L. Chuang, Confident learning: estimating uncertainty in dataset labels, Journal of
    Artificial Intelligence Research 70, 2021.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.self_confidence(probs=[[0.7, 0.3], [0.7, 0.3]], labels=[0, 1])
    array([0.7, 0.3])
    """
    return _single(
        "self_confidence", logits, labels, out, probs=probs, temperature=temperature, adjust=adjust, dtype=dtype
    )


@_documented(adjust=True)
def normalized_margin(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    adjust: bool | Any = False,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Probability of the given label less that of the best other class, on a scale from 0 to 1.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``(p_label - max_{k != label} p_k + 1) / 2``, 0 to 1 (1 for C = 1); **lower** is more suspicious, and below 0.5
        the model prefers another class.

    {footer}
    """
    return _single(
        "normalized_margin", logits, labels, out, probs=probs, temperature=temperature, adjust=adjust, dtype=dtype
    )


@_documented()
def confidence_weighted_entropy(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Entropy of the prediction over the probability of the given label, on a scale from 0 to 1.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``ln(1 + x) / x`` for ``x = entropy / (ln C p_label)``, 0 to 1; **lower** is more suspicious. 1 where the model
        is certain of the label, 0 where it rules the label out.

    {footer}

    cleanlab's score of the same name, but for the ends: there a row that is certain and right scores 0, the worst, and
    ``p_label`` counts as 1e-6 where it is smaller.
    """
    return _single(
        "confidence_weighted_entropy", logits, labels, out, probs=probs, temperature=temperature, dtype=dtype
    )


@_documented(sureness=True)
def mistakenness(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    sureness: Literal["entropy", "confidence"] = "entropy",
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """How sure the model is that the label is wrong: the mistakenness of FiftyOne Brain, by both its definitions.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``(1 - s) / 2`` where the prediction is the label and ``(1 + s) / 2`` where it is not, for the sureness s;
        **higher** is more suspicious. NaN for a sample without a label (-1), about which nothing can be mistaken.

    {footer}

    `logit_margin` ranks real label errors better than either.
    """
    if sureness not in ("entropy", "confidence"):
        raise ValueError(f"mistakenness: 'sureness' is {sureness!r}; accepted: 'entropy', 'confidence'")
    name = "mistakenness" if sureness == "entropy" else "confidence_mistakenness"
    return _single(name, logits, labels, out, "mistakenness", probs=probs, temperature=temperature, dtype=dtype)


@_documented()
def logit_margin(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Logit of the given label less the largest other: of all scores here the best at ranking real label errors.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``ln p_label - max_{k != label} ln p_k``, any real number; **lower** is more suspicious, and below 0 the model
        prefers another class.

    {footer}

    That of `burnish.hardness.logit_margin`, but for samples without a label.
    """
    return _single("logit_margin", logits, labels, out, probs=probs, temperature=temperature, dtype=dtype)
