# SPDX-License-Identifier: Apache-2.0
"""Scores of each sample, from logits or probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import cleandoc
from numbers import Real
from textwrap import dedent
from typing import Any, TypeVar

from burnish import _core
from burnish._array import as_array, current_stream, deliver, dtype_name, empty

_Function = TypeVar("_Function", bound=Callable[..., Any])

_INPUT = """\
    logits : array of shape (N, C), float64, float32, float16 or bfloat16
        A model's outputs before softmax, any strides. -inf masks a class (probability 0)."""
_LABELS = """
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1."""
_OPTIONS = """
    probs : array of shape (N, C), optional
        Probabilities instead of logits. Rows are divided by their sum, as `scipy.stats.entropy` does."""
_TEMPERATURE = """
    temperature : float, default 1.0
        Logits are divided by it first, in the arithmetic's own precision (Guo et al., On calibration of modern neural
        networks, ICML 2017)."""
_ACTIVATION = """
    activation : {"softmax", "sigmoid"}, default "softmax"
        With "sigmoid" each of the C logits is a yes-or-no head of its own, and the score is the mean over them."""
_OUTPUT = """
    dtype : {"float32", "float64"}, optional
        Of the arithmetic and the result; default float64 for float64 input, else float32.
    out : array of shape (N,), optional
        Where to write the result. Saves allocating fresh memory, which can cost more than the scoring."""
_OUTPUT_INDEX = """
    out : array of shape (N,), optional
        Where to write the result."""
_FOOTER = """\
    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape, range or device; the message names what is accepted. On a CPU this
        includes labels outside 0 to C - 1; on a GPU, where reading them would mean waiting, such rows score as
        undefined.

    Notes
    -----
    Rows without a distribution (a NaN or +inf, all logits -inf, probabilities that sum to 0 or one below 0) give
    {undefined} and leave other rows alone; for sigmoid heads only a NaN does. In float32 the error of an entropy is
    below 1e-6 nats from logits (2e-6 above 7 nats) and twice that from probabilities. Results are the same bits for
    every thread count, batch split and instruction set, and on a GPU.
"""


def _documented(
    *, labels: bool = False, probs: bool = True, sigmoid: bool = False, index: bool = False, undefined: str = "NaN"
) -> Callable[[_Function], _Function]:
    """Fill in the sections that all scores share."""
    parameters = "".join(
        [
            _INPUT,
            _LABELS if labels else "",
            _OPTIONS if probs else "",
            _TEMPERATURE,
            _ACTIVATION if sigmoid else "",
            _OUTPUT_INDEX if index else _OUTPUT,
        ]
    )

    def fill(function: _Function) -> _Function:
        text = cleandoc(function.__doc__ or "")
        text = text.replace("{parameters}", "Parameters\n----------\n" + dedent(parameters))
        function.__doc__ = text.replace("{footer}", dedent(_FOOTER).format(undefined=undefined))
        return function

    return fill


def _input(logits: Any, probs: Any, activation: str, call: str) -> tuple[Any, _core.InputKind]:
    if (logits is None) == (probs is None):
        given = "neither" if logits is None else "both"
        raise TypeError(f"{call}: one of 'logits' and 'probs' is needed, got {given}")
    if activation not in ("softmax", "sigmoid"):
        raise ValueError(f"{call}: 'activation' is {activation!r}; accepted: 'softmax', 'sigmoid'")
    if probs is not None:
        if activation == "sigmoid":
            raise ValueError(f"{call}: activation='sigmoid' applies to logits, got 'probs'")
        return as_array(probs), _core.InputKind.probabilities
    sigmoid = activation == "sigmoid"
    return as_array(logits), _core.InputKind.sigmoid_logits if sigmoid else _core.InputKind.logits


def _output_dtype(score: str, floating: str) -> str:
    if score == "correct":
        return "bool"
    return "int64" if score in ("predictions", "rank_of_label") else floating


def _floating_dtype(x: Any, dtype: Any, call: str) -> str:
    if dtype is None:
        return "float64" if dtype_name(x) == "float64" else "float32"
    name = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", dtype_name(dtype))
    if name not in ("float32", "float64"):
        raise ValueError(f"{call}: 'dtype' is {dtype!r}; accepted: 'float32', 'float64'")
    return str(name)


def scores(
    logits: Any = None,
    labels: Any = None,
    which: str | Sequence[str] = ("entropy",),
    *,
    probs: Any = None,
    temperature: float = 1.0,
    activation: str = "softmax",
    dtype: Any = None,
    out: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Compute any of the scores in a single pass over the logits.

    Parameters
    ----------
    logits : array of shape (N, C), float64, float32, float16 or bfloat16
        A model's outputs before softmax, any strides. -inf masks a class (probability 0).
    labels : integer array of shape (N,), optional
        The given classes, 0 to C - 1; needed for cross_entropy, el2n, logit_margin, correct and rank_of_label.
    which : str or sequence of str
        Names of scores, each a function of this module: entropy, normalized_entropy, margin, least_confidence,
        max_probability, energy, perplexity, cross_entropy, el2n, logit_margin, correct, rank_of_label, predictions.
    probs : array of shape (N, C), optional
        Probabilities instead of logits. Rows are divided by their sum, as `scipy.stats.entropy` does.
    temperature : float, default 1.0
        Logits are divided by it first.
    activation : {"softmax", "sigmoid"}, default "softmax"
        "sigmoid" for multi-label heads: entropy and normalized_entropy are then means over the C yes-or-no heads.
    dtype : {"float32", "float64"}, optional
        Of the arithmetic and of floating results; default float64 for float64 input, else float32.
    out : mapping of str to array of shape (N,), optional
        Where to write results; names that it lacks are allocated.

    Returns
    -------
    dict of str to array of shape (N,)
        In the order of `which`. float32 or float64, int64 for predictions and rank_of_label, bool for correct.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape, range or device; nothing has been written then.

    Notes
    -----
    All label-free scores and the prediction together take little more time than the entropy alone.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import hardness
    >>> logits = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> found = hardness.scores(logits, which=("entropy", "predictions"))
    >>> found["entropy"].round(3), found["predictions"]
    (array([0.832, 1.099]), array([0, 0]))
    """
    return _scores(
        logits, labels, which, _core.SCORES, probs=probs, temperature=temperature, activation=activation, dtype=dtype,
        out=out,
    )  # fmt: skip


def _scores(
    logits: Any, labels: Any, which: Any, accepted: Sequence[str], *, probs: Any, temperature: Any, activation: str,
    dtype: Any, out: Any, labels_may_be_missing: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Compute scores of those accepted; `burnish.quality` accepts others than `burnish.hardness`."""
    if not isinstance(which, Iterable):
        raise TypeError(f"scores: 'which' is {which!r}; accepted: {', '.join(accepted)}")
    names = (which,) if isinstance(which, str) else tuple(which)
    call = names[0] if len(names) == 1 else "scores"
    unknown = [name for name in names if name not in accepted]
    if unknown or not names:
        given = f"has {unknown[0]!r}" if unknown else "is empty"
        raise ValueError(f"scores: 'which' {given}; accepted: {', '.join(accepted)}")
    x, kind = _input(logits, probs, activation, call)
    floating = _floating_dtype(x, dtype, call)
    if out is not None and not isinstance(out, Mapping):
        raise TypeError(f"scores: 'out' is a {type(out).__name__}; accepted: a mapping from scores' names to arrays")
    if not isinstance(temperature, Real):
        raise TypeError(f"{call}: 'temperature' is {temperature!r}; accepted: a finite number above 0")
    given_out = dict(out or {})
    superfluous = [name for name in given_out if name not in names]
    if superfluous:
        raise ValueError(f"{call}: 'out' has {superfluous[0]!r}, which is not among the scores asked for")

    every = _core.SCORES + _core.QUALITY_SCORES
    targets: list[Any] = [None] * len(every)
    rows = int(x.shape[0]) if len(x.shape) else 0
    for name in names:
        target = given_out.get(name)
        targets[every.index(name)] = empty(x, rows, _output_dtype(name, floating)) if target is None else target
    if labels is not None:
        labels = as_array(labels)
    _core.scores(x, kind, labels, labels_may_be_missing, float(temperature), targets, current_stream(x))
    written = {name: targets[every.index(name)] for name in names}
    return {name: array if name in given_out else deliver(x, array) for name, array in written.items()}


def _single(name: str, logits: Any, labels: Any, out: Any, **options: Any) -> Any:
    target = None if out is None else {name: out}
    return scores(logits, labels, (name,), out=target, **options)[name]


@_documented(sigmoid=True)
def entropy(
    logits: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    activation: str = "softmax",
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Entropy of the predicted distribution: the hardness of FiftyOne Brain.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``-sum_c p_c ln p_c`` in nats, 0 to ln C; higher is harder.

    {footer}

    Entropy finds ambiguous samples, not wrong labels: a confident model that contradicts a label has low entropy. To
    look for label errors use `logit_margin`.

    References
    ----------
    C. E. Shannon, A mathematical theory of communication, Bell System Technical Journal 27, 1948.

    Examples
    --------
    >>> from burnish import hardness
    >>> hardness.entropy([[0.0, 0.0], [9.0, 0.0]]).round(4)
    array([0.6931, 0.0012])
    """
    return _single(
        "entropy", logits, None, out, probs=probs, temperature=temperature, activation=activation, dtype=dtype
    )


@_documented(sigmoid=True)
def normalized_entropy(
    logits: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    activation: str = "softmax",
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Entropy divided by its largest value, so that different class counts compare.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``entropy / ln C``, 0 to 1 (0 for C = 1); higher is harder. With "sigmoid" heads, divided by ln 2.

    {footer}
    """
    return _single(
        "normalized_entropy",
        logits,
        None,
        out,
        probs=probs,
        temperature=temperature,
        activation=activation,
        dtype=dtype,
    )


@_documented()
def margin(
    logits: Any = None, *, probs: Any = None, temperature: float = 1.0, dtype: Any = None, out: Any = None
) -> Any:
    """Difference of the two largest probabilities.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``p(1) - p(2)``, 0 to 1 (p(2) is 0 for C = 1); **lower** is harder.

    {footer}

    References
    ----------
    T. Scheffer, C. Decomain, S. Wrobel, Active hidden Markov models for information extraction, IDA 2001.
    """
    return _single("margin", logits, None, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented()
def least_confidence(
    logits: Any = None, *, probs: Any = None, temperature: float = 1.0, dtype: Any = None, out: Any = None
) -> Any:
    """One minus the largest probability.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``1 - p(1)``, 0 to 1 - 1/C; higher is harder.

    {footer}

    References
    ----------
    D. D. Lewis, W. A. Gale, A sequential algorithm for training text classifiers, SIGIR 1994.
    """
    return _single("least_confidence", logits, None, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented()
def max_probability(
    logits: Any = None, *, probs: Any = None, temperature: float = 1.0, dtype: Any = None, out: Any = None
) -> Any:
    """Largest probability.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``p(1)``, 1/C to 1; **lower** is harder.

    {footer}

    References
    ----------
    D. Hendrycks, K. Gimpel, A baseline for detecting misclassified and out-of-distribution examples, ICLR 2017.
    """
    return _single("max_probability", logits, None, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented(probs=False)
def energy(logits: Any = None, *, temperature: float = 1.0, dtype: Any = None, out: Any = None) -> Any:
    """Logarithm of the sum of exponentials of the logits.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``ln sum_c exp(z_c)`` in nats, any real number; **lower** is less familiar to the model.

    {footer}

    It needs logits: probabilities have lost it. With a temperature T it is that of ``logits / T``; the paper's free
    energy is ``-T`` times this.

    References
    ----------
    W. Liu, X. Wang, J. Owens, Y. Li, Energy-based out-of-distribution detection, NeurIPS 2020.
    """
    return _single("energy", logits, None, out, temperature=temperature, dtype=dtype)


@_documented()
def perplexity(
    logits: Any = None, *, probs: Any = None, temperature: float = 1.0, dtype: Any = None, out: Any = None
) -> Any:
    """Exponential of the entropy: how many classes the model hesitates between.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``exp(entropy)``, 1 to C; higher is harder.

    {footer}
    """
    return _single("perplexity", logits, None, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented(labels=True)
def cross_entropy(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Loss of the given label.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``-ln p_label`` in nats, 0 to infinity; higher is harder or more suspicious.

    {footer}
    """
    return _single("cross_entropy", logits, labels, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented(labels=True)
def el2n(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Length of the error vector.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``||p - onehot(label)||_2``, 0 to sqrt(2); higher is harder.

    {footer}

    The paper averages it over several models, a few epochs into training.

    References
    ----------
    M. Paul, S. Ganguli, G. K. Dziugaite, Deep learning on a data diet, NeurIPS 2021.
    """
    return _single("el2n", logits, labels, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented(labels=True)
def logit_margin(
    logits: Any = None,
    labels: Any = None,
    *,
    probs: Any = None,
    temperature: float = 1.0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """The given label's logit minus the largest other logit.

    {parameters}

    Returns
    -------
    array of shape (N,)
        ``z_label - max_{c != label} z_c``; **below 0** the model prefers another class. +inf for C = 1.

    {footer}

    Of the scores here this one finds wrong labels best, on out-of-sample predictions. Averaged over the epochs of a
    training it is the area under the margin (AUM). From probabilities it is ``ln p_label - ln max_{c != label} p_c``.

    References
    ----------
    G. Pleiss, T. Zhang, E. Elenberg, K. Q. Weinberger, Identifying mislabeled data using the area under the margin
    ranking, NeurIPS 2020.
    """
    return _single("logit_margin", logits, labels, out, probs=probs, temperature=temperature, dtype=dtype)


@_documented(labels=True, index=True, undefined="False")
def correct(
    logits: Any = None, labels: Any = None, *, probs: Any = None, temperature: float = 1.0, out: Any = None
) -> Any:
    """Whether the prediction is the given label.

    {parameters}

    Returns
    -------
    array of shape (N,)
        bool; False where undefined.

    {footer}
    """
    return _single("correct", logits, labels, out, probs=probs, temperature=temperature)


@_documented(labels=True, index=True, undefined="-1")
def rank_of_label(
    logits: Any = None, labels: Any = None, *, probs: Any = None, temperature: float = 1.0, out: Any = None
) -> Any:
    """How many classes the model prefers to the given label.

    {parameters}

    Returns
    -------
    array of shape (N,)
        int64, 0 (the label is the prediction) to C - 1; among equals the lower class comes first.

    {footer}
    """
    return _single("rank_of_label", logits, labels, out, probs=probs, temperature=temperature)


@_documented(index=True, undefined="-1")
def predictions(logits: Any = None, *, probs: Any = None, temperature: float = 1.0, out: Any = None) -> Any:
    """Class with the largest logit or probability.

    {parameters}

    Returns
    -------
    array of shape (N,)
        int64, 0 to C - 1; the lowest class among equals.

    {footer}
    """
    return _single("predictions", logits, None, out, probs=probs, temperature=temperature)
