"""Photographs become patches: grey, whole, none of a training photograph among those that test."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labctl.errors import ConfigError
from labctl.training import photographs
from labctl.training.data import load_digits
from labctl.training.photographs import SIDE, load_images


def save(path: Path, width: int, height: int, *, seed: int = 0, mode: str = "L") -> np.ndarray:
    """Save a photograph of noise; return its pixels."""
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return pixels


def test_natural_images_come_from_packages_and_test_on_other_photographs() -> None:
    images = load_images("natural")
    assert images.train.shape[1:] == images.test.shape[1:] == (SIDE, SIDE)
    assert len(images.train) > 5000
    assert len(images.test) > 1000
    seen = {patch.tobytes() for patch in images.train}
    assert not any(patch.tobytes() in seen for patch in images.test if patch.std() > 2.0)
    assert "camera and chelsea" in images.source


def test_a_folder_s_images_are_cut_into_patches_and_the_last_ones_test(tmp_path: Path) -> None:
    pixels = [save(tmp_path / part / f"{n}.png", 35, 28, seed=n) for n, part in enumerate("abcde")]
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "run.h5").write_bytes(b"not an image either")
    images = load_images(str(tmp_path))
    for found, photographs_of_it in ((images.train, pixels[:4]), (images.test, pixels[4:])):
        wanted = [p[:, at : at + 28] for p in photographs_of_it for at in (0, 7)]
        assert sorted(patch.tobytes() for patch in found) == sorted(patch.tobytes() for patch in wanted)
    assert f"8 training patches of 4 images of the folder {tmp_path}, tested on 2 of the 1 others" in images.source


def test_a_colour_photograph_is_made_grey_and_a_large_one_smaller(tmp_path: Path) -> None:
    save(tmp_path / "1.png", 448, 672, mode="RGB")
    save(tmp_path / "2.png", 28, 28)
    images = load_images(str(tmp_path))
    assert len(images.train) == ((224 - 28) // 7 + 1) * ((336 - 28) // 7 + 1)
    assert images.train.std() < 64  # the mean of four pixels of noise scatters by half of 74


def test_sixteen_bits_are_not_cut_off(tmp_path: Path) -> None:
    for name in "12":
        Image.fromarray(np.full((28, 28), 0x8080, dtype=np.uint16)).save(tmp_path / f"{name}.png")
    assert (load_images(str(tmp_path)).train == 0x80).all()


def test_a_folder_that_changed_is_read_again(tmp_path: Path) -> None:
    for n in range(2):
        save(tmp_path / f"{n}.png", 28, 28, seed=n)
    before = load_images(str(tmp_path)).train
    save(tmp_path / "0.png", 28, 28, seed=5)
    assert not np.array_equal(load_images(str(tmp_path)).train, before)


def test_of_many_photographs_each_gives_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "MOST_PATCHES", 40)
    for n in range(5):
        save(tmp_path / f"{n}.png", 112, 112, seed=n)
    assert 20 <= len(load_images(str(tmp_path)).train) <= 40


def test_what_is_neither_is_taken_for_digits() -> None:
    assert np.array_equal(load_images("package").train, load_digits().train)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "2.png").unlink(), "has 1 images; at least 2 are needed"),
        (lambda folder: (folder / "2.png").write_bytes(b"no image"), r"2\.png cannot be read as an image"),
        (lambda folder: save(folder / "2.png", 28, 27), r"2\.png is 28 x 27 pixels; at least 28 x 28"),
    ],
)
def test_images_that_cannot_be_used_are_named(tmp_path: Path, spoil, message: str) -> None:
    for name in "12":
        save(tmp_path / f"{name}.png", 28, 28)
    spoil(tmp_path)
    with pytest.raises(ConfigError, match=message):
        load_images(str(tmp_path))
