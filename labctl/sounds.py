"""Waveforms for feature maps: WAV files, and synthetic calls in the manner of four whales.

The calls are SYNTHETIC: drawn by formulas after the general descriptions of these animals' songs (long low tones,
trains of short down-sweeps, rising pulse trains, phrases of gliding units). They are no recordings and no evidence for
any animal.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from labctl.errors import ConfigError

Floats = NDArray[np.float64]
Call = Literal["blue", "dwarf", "fin", "humpback"]
CALLS: tuple[Call, ...] = get_args(Call)
"""The four species of the paper."""
RATE = 8000
"""Samples per second of the synthetic calls; *assumed*."""


def synthetic_call(call: Call, samples: int = 48_000) -> Floats:
    """Return (samples,) of a SYNTHETIC call in -1..1; always the same. Its numbers are *assumed*."""
    times = np.arange(samples) / RATE
    match call:
        case "blue":  # two long low tones, the second gliding down, slowly amplitude-modulated
            tone = _unit(times, 0.2, 2.6, 12.0, 12.0) * (1.0 + 0.5 * np.sin(2 * np.pi * 1.5 * times)) / 1.5
            wave = tone + _unit(times, 3.1, 2.7, 10.0, 6.0)
        case "fin":  # one-second down-sweeps at regular intervals
            wave = sum((_unit(times, 0.1 + 1.2 * turn, 0.9, 28.0, 15.0) for turn in range(5)), np.zeros(samples))
        case "dwarf":  # pulses that come ever faster and rise in pitch
            starts = 0.1 + 5.6 * (1.0 - (1.0 - np.arange(16) / 16.0) ** 1.6)
            wave = sum((_unit(times, at, 0.16, 20.0 + 2.0 * n, 40.0) for n, at in enumerate(starts)), np.zeros(samples))
        case "humpback":  # a phrase of different gliding units, repeated
            units = ((0.0, 0.7, 8.0, 30.0), (0.8, 0.5, 40.0, 18.0), (1.4, 1.2, 5.0, 5.5))
            phrase = [(at + 2.9 * turn, *rest) for turn in range(2) for at, *rest in units]
            wave = sum((_unit(times, 0.1 + at, *rest) for at, *rest in phrase), np.zeros(samples))
    return wave / np.abs(wave).max()


def _unit(times: Floats, start: float, length: float, first: float, last: float) -> Floats:
    """Return one unit that glides from ``first`` to ``last`` Hz under a smooth envelope."""
    into = np.clip((times - start) / length, 0.0, 1.0)
    phase = 2.0 * np.pi * length * (first * into + 0.5 * (last - first) * into**2)
    return np.sin(phase) * np.sin(np.pi * into) ** 2


def read_wav(path: str | Path, samples: int) -> Floats:
    """Return the first ``samples`` of a WAV file's first channel, in -1..1.

    Raises:
        ConfigError: Not there, no WAV file of a known kind, too short, or silent; says which.
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"there is no sound file {str(file)!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that are not sound
            _, values = wavfile.read(file)
    except (ValueError, EOFError, OSError) as error:
        raise ConfigError(f"{file} cannot be read as a WAV file: {error}") from error
    except Exception as error:  # scipy's reader stumbles over damaged headers in many ways
        raise ConfigError(f"{file} cannot be read as a WAV file: it is damaged ({error!r})") from error
    wave = np.asarray(values if values.ndim == 1 else values[:, 0])
    if len(wave) < samples:
        raise ConfigError(f"{file} has {len(wave):,} samples, but {samples:,} are needed")
    scaled = _scaled(wave[:samples])
    if not np.isfinite(scaled).all():
        raise ConfigError(f"{file} has samples that are no numbers")
    if np.ptp(scaled) == 0.0:
        raise ConfigError(f"{file} is silent: its first {samples:,} samples are all the same")
    return scaled


def fingerprint(waves: list[Floats]) -> bytes:
    """Return 16 bytes that tell waveforms apart."""
    return hashlib.sha256(b"".join(wave.tobytes() for wave in waves)).digest()[:16]


def pooled(wave: Floats, utterances: int, pooling: int) -> Floats:
    """Return the (utterances, samples) inputs x of a waveform: averages over ``pooling`` samples, scaled to 0..1.

    Source: Nat. Commun. 16, 913 (2025): 48,000 samples, 8 utterances of 6,000, average pooling 1 x 60. That lowest and
    highest average of the whole waveform become 0 and 1 is *assumed*.

    Raises:
        ConfigError: All averages are the same.
    """
    means = wave.reshape(utterances, -1, pooling).mean(axis=2)
    span = np.ptp(means)
    if span <= 1e-12:
        raise ConfigError("nothing is left of the sound after average pooling: all its averages are the same")
    return np.asarray((means - means.min()) / span)


def _scaled(wave: NDArray[np.generic]) -> Floats:
    if wave.dtype.kind == "f":
        return np.asarray(wave, dtype=np.float64)
    if wave.dtype == np.uint8:
        return (np.asarray(wave, dtype=np.float64) - 128.0) / 128.0
    return np.asarray(wave, dtype=np.float64) / float(-np.iinfo(wave.dtype.name).min)
