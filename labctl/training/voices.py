"""Synthetic voices of ten speakers, in place of recordings: pulses of the voice through three resonances.

A speaker has a pitch, three resonances (formants) and their strengths; an utterance varies all of them. It is sampled
from the beginning of a pulse on. All of it is *assumed*; nothing was recorded.
"""

import numpy as np
from numpy.typing import NDArray

from labctl.training.data import Digits

Floats = NDArray[np.float64]
SPEAKERS, SAMPLES, RATE = 10, 128, 8000.0
TRAIN, TEST = 200, 50
"""Utterances of each speaker."""
SOURCE = "synthetic voices of ten speakers, not recordings"
VARIATION = {"pitch": 0.06, "formants": 0.09, "strengths": 0.25, "noise": 0.1}
"""Relative standard deviations over a speaker's utterances; the noise relative to the loudest sample."""
_SPEAKERS_SEED = 16_913


def load_voices(seed: int) -> tuple[Floats, NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Return inputs (n, 1, 128) in 0..1 and labels (n,) that train, and those that test.

    The ten speakers are always the same; ``seed`` draws the utterances.
    """
    speakers = np.random.default_rng(_SPEAKERS_SEED)
    pitch = speakers.permutation(np.linspace(90.0, 240.0, SPEAKERS))
    formants = speakers.uniform((300.0, 900.0, 2000.0), (850.0, 1900.0, 3200.0), (SPEAKERS, 3))
    strengths = speakers.uniform((0.6, 0.3, 0.1), (1.0, 0.9, 0.5), (SPEAKERS, 3))
    rng = np.random.default_rng([seed, 12])
    sounds, speakers_of = [], []
    for count in (TRAIN, TEST):
        labels = np.repeat(np.arange(SPEAKERS), count)
        spread = {name: 1.0 + size * rng.standard_normal((len(labels), 3)) for name, size in VARIATION.items()}
        waves = _waves(
            pitch[labels] * spread["pitch"][:, 0], formants[labels] * spread["formants"],
            strengths[labels] * spread["strengths"],
        )  # fmt: skip
        waves /= np.abs(waves).max(axis=1, keepdims=True)
        waves += VARIATION["noise"] * rng.standard_normal(waves.shape)
        sounds.append(np.clip(0.5 + 0.5 * waves, 0.0, 1.0)[:, None])
        speakers_of.append(labels)
    return sounds[0], speakers_of[0], sounds[1], speakers_of[1]


def as_inputs(digits: Digits) -> tuple[Floats, NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Return digits in the same form, (n, 28, 28): each row of pixels is a train."""
    return (
        digits.train / 255.0, digits.train_labels.astype(np.int64),
        digits.test / 255.0, digits.test_labels.astype(np.int64),
    )  # fmt: skip


def _waves(pitch: Floats, formants: Floats, strengths: Floats) -> Floats:
    """Return (n, samples) sums of damped sines that each pulse of the voice sets off."""
    times = np.arange(SAMPLES) / RATE
    waves = np.zeros((len(pitch), SAMPLES))
    for pulse in range(5):
        since = times - (pulse / pitch)[:, None]
        for formant in range(3):
            frequency = formants[:, formant, None]
            ringing = np.exp(-np.pi * 0.1 * frequency * np.maximum(since, 0.0)) * np.sin(2 * np.pi * frequency * since)
            waves += np.where(since >= 0.0, strengths[:, formant, None] * ringing, 0.0)
    return waves
