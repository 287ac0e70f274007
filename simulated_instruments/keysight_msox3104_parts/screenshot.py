"""The screen as an image file, drawn from a record with nothing but zlib and arrays."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.keysight_msox3104_parts.sampling import Record
from simulated_instruments.keysight_msox3104_parts.settings import DIVISIONS, SCREENS, Settings

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 800, 480
PALETTE = ((0, 0, 0), (70, 70, 70), (255, 255, 0), (0, 255, 0), (60, 130, 255), (255, 80, 130))
"""Background, grid, channels 1 to 4."""


def draw(settings: Settings, record: Record | None) -> Pixels:
    """Return the screen as (HEIGHT, WIDTH) palette indices."""
    screen = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    screen[np.linspace(0, HEIGHT - 1, DIVISIONS + 1).astype(int), ::4] = 1
    screen[::4, np.linspace(0, WIDTH - 1, SCREENS + 1).astype(int)] = 1
    if record is None:
        return screen
    for name, trace in record.traces.items():
        number = int(name[4:])
        vertical = settings.verticals[number - 1]
        columns = np.array_split(trace.volts(), WIDTH) if len(trace.codes) >= WIDTH else None
        if columns is None:
            picked = trace.volts()[np.arange(WIDTH) * len(trace.codes) // WIDTH]
            columns = list(picked.reshape(-1, 1))
        for x, volts in enumerate(columns):
            extremes = np.array([volts.max(), volts.min()])
            rows = (0.5 - (extremes - vertical.offset) / vertical.range) * HEIGHT
            top, bottom = np.clip(rows, 0, HEIGHT - 1).astype(int)
            screen[top : bottom + 1, x] = number + 1
    return screen


def _colours(*, grey: bool, invert: bool) -> NDArray[np.uint8]:
    colours = np.array(PALETTE, dtype=np.uint8)
    if grey:
        colours = np.repeat(colours.max(axis=1, keepdims=True), 3, axis=1)
    if invert:
        colours[0] = 255
    return colours


def encode(screen: Pixels, kind: str, *, grey: bool, invert: bool) -> bytes:
    """Return the screen as a file: ``PNG``, ``BMP8`` (palette) or ``BMP`` (24 bit)."""
    colours = _colours(grey=grey, invert=invert)
    if kind == "PNG":
        return _png(screen, colours)
    flipped = screen[::-1]
    if kind == "BMP8":
        table = np.zeros((256, 4), dtype=np.uint8)
        table[: len(colours), :3] = colours[:, ::-1]
        return _bmp(flipped.tobytes(), table.tobytes(), 8)
    return _bmp(np.ascontiguousarray(colours[flipped][:, :, ::-1]).tobytes(), b"", 24)


def _png(screen: Pixels, colours: NDArray[np.uint8]) -> bytes:
    lines = np.zeros((HEIGHT, WIDTH + 1), dtype=np.uint8)
    lines[:, 1:] = screen
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", header), (b"PLTE", colours.tobytes()), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _bmp(pixels: bytes, table: bytes, bits: int) -> bytes:
    offset = 14 + 40 + len(table)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, 0, len(pixels), 2835, 2835, len(table) // 4, 0)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + table + pixels
