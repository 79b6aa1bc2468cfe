# SPDX-License-Identifier: Apache-2.0
"""What the epochs of a training show of each sample."""

from __future__ import annotations

import os
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, is_on_gpu, is_torch, to_numpy
from burnish._files import replacing
from burnish.hardness import scores as compute_scores
from burnish.quality._naming import naming

_EPOCHS_A_WORD = 64
_MOST_EPOCHS = 4096


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Dynamics:
    """Scores of each sample over the epochs in which it was seen; NaN where it never was.

    Attributes
    ----------
    aum : float64 array of shape (N,)
        Area under the margin: mean of the given label's logit minus the largest other one. **Low** means a suspicious
        label (Pleiss et al. 2020).
    confidence : float64 array of shape (N,)
        Mean probability of the given label, 0 to 1 (Swayamdipta et al. 2020).
    variability : float64 array of shape (N,)
        Standard deviation of that probability over the epochs, 0 to 1/2; the ambiguous samples have a high one.
    correctness : float64 array of shape (N,)
        Share of the epochs in which the prediction was right.
    el2n : float64 array of shape (N,)
        Mean length of the error vector ``p - onehot(label)``, 0 to sqrt(2) (Paul et al. 2021).
    forgetting_events : int64 array of shape (N,)
        How often a right prediction was followed by a wrong one (Toneva et al. 2019). 0 for samples that were never
        right: these have forgotten nothing, and are told by `never_learned`.
    never_learned : bool array of shape (N,)
        Seen, but right in no epoch. Where one number is wanted, the article counts them as forgotten infinitely often.
    epochs : int64 array of shape (N,)
        In how many the sample was seen.
    """

    aum: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    variability: npt.NDArray[np.float64]
    correctness: npt.NDArray[np.float64]
    el2n: npt.NDArray[np.float64]
    forgetting_events: npt.NDArray[np.int64]
    never_learned: npt.NDArray[np.bool_]
    epochs: npt.NDArray[np.int64]


class DynamicsRecorder:
    """Record a training batch by batch, for all scores of training dynamics at once.

    Parameters
    ----------
    num_samples : int
        Of the training set; ids are 0 to `num_samples` - 1.
    num_classes : int, optional
        Number of classes; default that of the first batch.

    Attributes
    ----------
    num_samples : int
    num_classes : int or None
    undefined : int
        Rows that were left out because their logits are no distribution (NaN or +inf).

    Notes
    -----
    A sample counts once an epoch: what comes with the same id and epoch again, as a sampler with replacement or one
    that fills up the last batch brings it, is left out. Epochs may come in any order, and a sample may miss some. A
    sample takes 40 bytes, and 16 more for every 64 epochs.

    Record with the logits of the training itself, on the images as augmented; that is what the articles do.

    References
    ----------
    G. Pleiss, T. Zhang, E. Elenberg, K. Q. Weinberger, Identifying mislabeled data using the area under the margin
    ranking, NeurIPS 2020.

    S. Swayamdipta et al., Dataset cartography: mapping and diagnosing datasets with training dynamics, EMNLP 2020.

    M. Toneva et al., An empirical study of example forgetting during deep neural network learning, ICLR 2019.

    M. Paul, S. Ganguli, G. K. Dziugaite, Deep learning on a data diet, NeurIPS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.quality import DynamicsRecorder
    >>> recorder = DynamicsRecorder(num_samples=2)
    >>> for epoch, sharpness in enumerate([1.0, 2.0]):
    ...     logits = sharpness * np.array([[2.0, 0.0], [1.0, 0.0]])
    ...     recorder = recorder.update([0, 1], logits, [0, 1], epoch)
    >>> recorder.scores().aum, recorder.scores().never_learned
    (array([ 3. , -1.5]), array([False,  True]))
    """

    def __init__(self, num_samples: int, num_classes: int | None = None) -> None:
        self.num_samples = check.integer("DynamicsRecorder", "num_samples", num_samples, 0)
        if num_classes is not None:
            num_classes = check.integer("DynamicsRecorder", "num_classes", num_classes, 1)
        self.num_classes = num_classes
        self.undefined = 0
        self._moments = np.zeros((self.num_samples, _core.MOMENTS))
        self._words: list[npt.NDArray[np.uint64]] = []  # (N, 2): seen and right, a bit for each of 64 epochs

    def update(self, ids: Any, logits: Any, labels: Any, epoch: int) -> DynamicsRecorder:
        """Record one batch.

        Parameters
        ----------
        ids : integer array of shape (B,)
            Which samples these are.
        logits : array of shape (B, C), float64, float32, float16 or bfloat16
            Of NumPy or torch, on a CPU or a GPU (from there, four numbers a sample are moved, which waits for them). A
            torch tensor may require a gradient: it is detached.
        labels : integer array of shape (B,)
            The given classes, 0 to C - 1.
        epoch : int
            0 to 4095.

        Returns
        -------
        DynamicsRecorder
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a shape, dtype, id, label or the number of classes is wrong; nothing has been recorded then.
        """
        call = "DynamicsRecorder.update"
        with naming(call):
            return self._update(call, ids, logits, labels, epoch)

    def _update(self, call: str, ids: Any, logits: Any, labels: Any, epoch: int) -> DynamicsRecorder:
        epoch = check.integer(call, "epoch", epoch, 0, _MOST_EPOCHS - 1)
        x = _plain(logits)
        classes = int(x.shape[1]) if len(x.shape) == 2 else None
        if self.num_classes is not None and classes is not None and classes != self.num_classes:
            raise ValueError(f"{call}: 'logits' has {classes} classes; accepted: {self.num_classes}")
        word, bit = divmod(epoch, _EPOCHS_A_WORD)
        bits = self._word(word)
        names, given = _on_cpu(ids), _plain(labels)
        if is_on_gpu(x):
            self.undefined += _record_from_gpu(call, names, x, given, bit, self._moments, bits)
        else:
            self.undefined += _core.record_logits(call, names, x, _on_cpu(given), bit, self._moments, bits)
        self.num_classes = classes
        return self

    def _word(self, place: int) -> npt.NDArray[np.uint64]:
        while len(self._words) <= place:
            self._words.append(np.zeros((self.num_samples, 2), np.uint64))
        return self._words[place]

    def scores(self) -> Dynamics:
        """Return all scores of what was recorded so far.

        Returns
        -------
        Dynamics
        """
        count, margin, mean, squares, el2n = self._moments.T
        with np.errstate(invalid="ignore", divide="ignore"):
            epochs, right, forgotten = self._history()
            return Dynamics(
                aum=margin / count,
                confidence=np.where(count > 0, mean, np.nan),
                variability=np.sqrt(squares / count),
                correctness=right / epochs,
                el2n=el2n / count,
                forgetting_events=forgotten,
                never_learned=(epochs > 0) & (right == 0),
                epochs=epochs,
            )

    def label_quality(self, score: Literal["aum", "confidence"] = "aum") -> npt.NDArray[np.float64]:
        """Return how well each sample's label is borne out: **low** means that it may be wrong.

        Parameters
        ----------
        score : {"aum", "confidence"}, default "aum"
            See `Dynamics`.

        Returns
        -------
        float64 array of shape (N,)
            NaN where a sample was never seen.

        Raises
        ------
        ValueError
            If `score` is none of these.
        """
        if score not in ("aum", "confidence"):
            raise ValueError(f"DynamicsRecorder.label_quality: 'score' is {score!r}; accepted: 'aum', 'confidence'")
        found: npt.NDArray[np.float64] = getattr(self.scores(), score)
        return found

    def _history(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Count the epochs in which a sample was seen, was right, and was wrong after having been right."""
        epochs, rights, forgotten = (np.zeros(self.num_samples, np.int64) for _ in range(3))
        was_right = np.zeros(self.num_samples, bool)
        for seen_word, right_word in (word.T for word in self._words):
            used = int(np.bitwise_or.reduce(seen_word, initial=np.uint64(0)))
            for bit in range(used.bit_length()):
                mask = np.uint64(1 << bit)
                seen, right = (seen_word & mask) != 0, (right_word & mask) != 0
                epochs += seen
                rights += right
                forgotten += was_right & seen & ~right
                was_right = np.where(seen, right, was_right)
        return epochs, rights, forgotten

    def merge(self, other: DynamicsRecorder) -> DynamicsRecorder:
        """Return a recorder that has seen what both have, such as those of two ranks; neither is changed.

        Where both saw a sample in the same epoch (a distributed sampler fills up with repeats), its means count both,
        and it was right in that epoch if both were.

        Parameters
        ----------
        other : DynamicsRecorder
            Of as many samples and classes.

        Returns
        -------
        DynamicsRecorder

        Raises
        ------
        TypeError, ValueError
            If it is something else, or of another number of samples or classes.
        """
        call = "DynamicsRecorder.merge"
        if not isinstance(other, DynamicsRecorder):
            raise TypeError(f"{call}: 'other' is a {type(other).__name__}; accepted: a DynamicsRecorder")
        if other.num_samples != self.num_samples:
            raise ValueError(f"{call}: 'other' has {other.num_samples} samples; accepted: {self.num_samples}")
        if None not in (self.num_classes, other.num_classes) and other.num_classes != self.num_classes:
            raise ValueError(f"{call}: 'other' has {other.num_classes} classes; accepted: {self.num_classes}")
        both = DynamicsRecorder(self.num_samples, self.num_classes or other.num_classes)
        both.undefined = self.undefined + other.undefined
        both._moments = _merged_moments(self._moments, other._moments)
        for place in range(max(len(self._words), len(other._words))):
            seen, right = both._word(place).T
            a_seen, a_right = self._word_or_zeros(place).T
            b_seen, b_right = other._word_or_zeros(place).T
            seen |= a_seen | b_seen
            right |= (a_right & b_right) | (a_right & ~b_seen) | (b_right & ~a_seen)
        return both

    def _word_or_zeros(self, place: int) -> npt.NDArray[np.uint64]:
        return self._words[place] if place < len(self._words) else np.zeros((self.num_samples, 2), np.uint64)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a NumPy ``.npz`` file, beside it first and then renamed, so that no half file stays.

        Parameters
        ----------
        path : str or path
        """
        bits = np.stack(self._words) if self._words else np.empty((0, self.num_samples, 2), np.uint64)
        numbers = np.array([-1 if self.num_classes is None else self.num_classes, self.undefined])
        with replacing(Path(path)) as partial, partial.open("wb") as file:
            np.savez(file, moments=self._moments, bits=bits, numbers=numbers)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DynamicsRecorder:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        DynamicsRecorder

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                state = dict(file)
            moments, bits = state["moments"], state["bits"]
            classes, undefined = (int(number) for number in state["numbers"])
            loaded = cls(len(moments), None if classes < 0 else classes)
            _check_state(loaded, moments, bits)
        except (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"DynamicsRecorder.load: {os.fspath(path)!r} is not what DynamicsRecorder.save wrote: {error}"
            ) from error
        loaded._moments, loaded.undefined = np.ascontiguousarray(moments), undefined
        loaded._words = [np.ascontiguousarray(word) for word in bits]
        return loaded


def _plain(x: Any) -> Any:
    """Return an array that the core can read; of torch's on a CPU as NumPy's, which takes a tenth of DLPack's time."""
    if isinstance(x, np.ndarray):
        return x
    if not is_torch(x):
        return as_array(x)
    if x.requires_grad:
        x = x.detach()
    return x.numpy() if x.is_cpu and x.dtype is not sys.modules["torch"].bfloat16 else x


def _on_cpu(x: Any) -> Any:
    array = _plain(x)
    return to_numpy(array) if is_on_gpu(array) else array


def _record_from_gpu(call: str, ids: Any, logits: Any, labels: Any, bit: int, moments: Any, bits: Any) -> int:
    """Score where the logits are, and record what comes of it."""
    given = labels
    classes = int(logits.shape[1]) if len(logits.shape) == 2 else 0
    if not is_on_gpu(given):
        # On a GPU labels are not checked, since reading them would mean waiting; here they are at hand.
        values = to_numpy(given)
        check.integers(call, "labels", values)
        if len(values) and not (values.min() >= 0 and values.max() < classes):
            raise ValueError(f"{call}: 'labels' are {values.min()} to {values.max()}; accepted: 0 to {classes - 1}")
        torch = sys.modules.get("torch")
        given = torch.from_numpy(values).to(logits.device) if torch and is_torch(logits) else given
    names = ("logit_margin", "cross_entropy", "el2n", "correct")
    margin, loss, el2n, correct = map(to_numpy, compute_scores(logits, given, names).values())
    return _core.record(call, ids, margin, loss, el2n, correct, bit, moments, bits)


def _merged_moments(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Add counts and sums; means and squares about them as Chan, Golub and LeVeque (1979) do."""
    merged = a + b
    count = np.maximum(merged[:, 0], 1)
    step = b[:, 2] - a[:, 2]
    merged[:, 2] = np.where(a[:, 0] > 0, a[:, 2] + step * (b[:, 0] / count), b[:, 2])
    merged[:, 3] = a[:, 3] + b[:, 3] + step * step * (a[:, 0] * b[:, 0] / count)
    return merged


def _check_state(recorder: DynamicsRecorder, moments: Any, bits: Any) -> None:
    n = recorder.num_samples
    for name, array, shape, dtype in (
        ("moments", moments, (n, _core.MOMENTS), np.float64),
        ("bits", bits, (len(bits), n, 2), np.uint64),
    ):
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"'{name}' has shape {array.shape} and dtype {array.dtype}; accepted: {shape}")
