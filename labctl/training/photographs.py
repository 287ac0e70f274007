"""Images for the networks that mend images: digits, patches of photographs that packages ship, or of a folder's images.

Photographs are made grey, reduced until their shorter side is at most 224 pixels (smaller ones stay), and cut into
28 x 28 patches, one each 7 pixels. No patch that tests comes from a photograph that trains.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.errors import ConfigError
from labctl.training.data import load_digits

if TYPE_CHECKING:
    from PIL.Image import Image

NATURAL = "natural"
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Of files that are images; others in a folder are left alone."""
SIDE = 28
SHORTER_SIDE = 224
STRIDE = 7
"""Pixels; *assumed*: patches of a reduced photograph show edges, those of a whole one are mostly plain."""
MOST_PATCHES = 60_000
"""Of all photographs together; of each, evenly chosen ones are kept."""
TEST_SHARE = 0.2
"""Of a folder's images, the last of which test; *assumed*."""

_TRAINING = ("astronaut", "coffee", "rocket", "stereo_motorcycle")
_TESTING = ("camera", "chelsea")

Bytes = NDArray[np.uint8]


class Patches(NamedTuple):
    """Images, (n, 28, 28) to train and (m, 28, 28) to test, 0..255, and where they come from, in words."""

    source: str
    train: Bytes
    test: Bytes


def load_images(data: str) -> Patches:
    """Return images to be mended.

    Args:
        data: ``"natural"``: patches of the photographs of scikit-image and scikit-learn. A folder: patches of all
            images in it and in the folders below; the last fifth, by name, tests. Otherwise digits, as
            `labctl.training.data.load_digits` takes them.

    Raises:
        ConfigError: There are none, one cannot be read or is too small, or a package is missing.
    """
    if data == NATURAL:
        return _natural()
    if Path(data).is_dir():
        files = _image_files(Path(data))
        return _of_folder(Path(data), tuple((file, file.stat().st_mtime_ns) for file in files))
    digits = load_digits(data)
    return Patches(digits.source, digits.train, digits.test)


def patches_of(photographs: "Sequence[Image]") -> Bytes:
    """Return the (n, 28, 28) patches of photographs that are grey and reduced, in an order that is always the same."""
    most = max(1, MOST_PATCHES // len(photographs))
    patches = np.concatenate([_cut(photograph, most) for photograph in photographs])
    return np.random.default_rng(0).permutation(patches)  # or the first to be looked at would all be of one sky


@functools.lru_cache(maxsize=1)
def _natural() -> Patches:
    try:
        from PIL import Image
        from skimage import data
        from sklearn.datasets import load_sample_images
    except ImportError:
        raise ConfigError("natural images need: pip install labctl[training]; or name a folder") from None

    def shown(name: str) -> "Image.Image":
        loaded = getattr(data, name)()
        return _grey(Image.fromarray(loaded[0] if isinstance(loaded, tuple) else loaded))

    training = [*map(shown, _TRAINING), *(_grey(Image.fromarray(each)) for each in load_sample_images().images)]
    train, test = patches_of(training), patches_of([shown(name) for name in _TESTING])
    words = f"{len(train):,} training patches of {len(training)} photographs of scikit-image and scikit-learn"
    return Patches(f"{words}, tested on {len(test):,} of {' and '.join(_TESTING)}", train, test)


def _image_files(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if len(files) < 2:
        raise ConfigError(f"{folder} has {len(files)} images; at least 2 are needed, one to train and one to test")
    return files


@functools.lru_cache(maxsize=1)
def _of_folder(folder: Path, stamped: tuple[tuple[Path, int], ...]) -> Patches:
    images = [_read(file) for file, _ in stamped]
    tests = max(1, round(TEST_SHARE * len(images)))
    train, test = patches_of(images[:-tests]), patches_of(images[-tests:])
    words = f"{len(train):,} training patches of {len(images) - tests:,} images of the folder {folder.resolve()}"
    return Patches(f"{words}, tested on {len(test):,} of the {tests:,} others", train, test)


def _read(file: Path) -> "Image":
    from PIL import Image

    try:
        with Image.open(file) as image:
            image.load()
            grey = _grey(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ConfigError(f"{file} cannot be read as an image: {error}") from error
    if image.mode == "F":
        raise ConfigError(f"{file} has floating-point pixels; save it with 8 or 16 bits")
    if min(grey.size) < SIDE:
        raise ConfigError(f"{file} is {grey.width} x {grey.height} pixels; at least {SIDE} x {SIDE} are needed")
    return grey


def _grey(image: "Image") -> "Image":
    """Return it in 256 grey levels, reduced if it is large."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off
        image = Image.fromarray((np.asarray(image) / 257.0).round().astype(np.uint8))
    grey = image.convert("L")
    scale = SHORTER_SIDE / min(grey.size)
    if scale >= 1.0:
        return grey
    return grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.LANCZOS)


def _cut(grey: "Image", most: int) -> Bytes:
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(grey), (SIDE, SIDE))[::STRIDE, ::STRIDE]
    patches = windows.reshape(-1, SIDE, SIDE)
    return patches[:: -(-len(patches) // most)].copy()
