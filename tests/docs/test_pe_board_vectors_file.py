"""The PE board's golden vectors, judged by the packages cobs and zlib alone."""

import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from cobs import cobs

DOCS = Path(__file__).parents[2] / "docs"
VECTORS: dict[str, Any] = json.loads((DOCS / "pe-board-vectors.json").read_text())
DOCUMENT = (DOCS / "pe-board-wire.md").read_text()
GOOD: list[dict[str, Any]] = VECTORS["good"]
BAD: list[dict[str, Any]] = VECTORS["bad"]

LONGEST_PIECE = 16461
LONGEST_PAYLOAD = 16384


def wire_of(vector: dict[str, Any]) -> bytes:
    if "wire" in vector:
        return bytes.fromhex(vector["wire"])
    return b"".join(bytes.fromhex(part["hex"]) * part["times"] for part in vector["wire_parts"])


def fault_of(wire: bytes) -> str | None:
    """The first step of section 3 that a piece fails at the board, or None."""
    piece = wire.strip(b"\0")
    if len(piece) > LONGEST_PIECE:
        return "OVERSIZE"
    try:
        frame = cobs.decode(piece)
    except cobs.DecodeError:
        return "COBS"
    length = int.from_bytes(frame[6:8], "little")
    if len(frame) < 12 or length != len(frame) - 12 or length > LONGEST_PAYLOAD:
        return "LENGTH"
    if zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "little"):
        return "CRC"
    if frame[1] != 1 or frame[5] != 0:
        return "HEADER"
    return None


def named(vectors: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector["name"])


@named(GOOD)
def test_a_good_wire_decodes_to_its_header_payload_and_checksum(vector: dict[str, Any]) -> None:
    wire, header = wire_of(vector), vector["header"]
    assert wire[0] == wire[-1] == 0
    assert 0 not in wire[1:-1]
    frame = cobs.decode(wire[1:-1])
    assert frame == bytes.fromhex(vector["frame"])
    assert cobs.encode(frame) == wire[1:-1]
    assert frame[8:-4] == bytes.fromhex(vector["payload"])
    assert len(frame) - 12 == header["length"]
    assert zlib.crc32(frame[:-4]) == int.from_bytes(frame[-4:], "little") == int(vector["crc32"], 16)
    names = ("version", "type", "seq", "opcode", "status", "length")
    values = (frame[0], frame[1], frame[2] | frame[3] << 8, frame[4], frame[5], frame[6] | frame[7] << 8)
    assert dict(zip(names, values, strict=True)) == header


@named([vector for vector in GOOD if vector["kind"] == "request"])
def test_a_request_passes_every_step_of_the_receiver(vector: dict[str, Any]) -> None:
    assert fault_of(wire_of(vector)) is None


@named([vector for vector in GOOD if vector["answers"]])
def test_an_answer_echoes_number_and_operation_of_its_request(vector: dict[str, Any]) -> None:
    request = next(other for other in GOOD if other["name"] == vector["answers"])
    assert vector["header"]["seq"] == request["header"]["seq"]
    assert vector["header"]["opcode"] == request["header"]["opcode"]
    assert vector["header"]["type"] == {"reply": 2, "error": 3}[vector["kind"]]


@named(BAD)
def test_a_bad_frame_is_bad_for_the_stated_reason(vector: dict[str, Any]) -> None:
    assert fault_of(wire_of(vector)) == vector["reason"]
    nak = next(other for other in GOOD if other["name"] == vector["answered_by"])
    assert nak["header"] == {"version": 1, "type": 3, "seq": 0xFFFF, "opcode": 0, "status": 35, "length": 1}
    assert bytes.fromhex(nak["payload"]) == bytes([vector["reason_code"]])


def test_every_operation_has_a_request_and_a_reply() -> None:
    listed = set(re.findall(r"^### 0x[0-9A-F]{2} (\w+)$", DOCUMENT, re.MULTILINE))
    assert len(listed) == 14
    for kind in ("request", "reply"):
        assert listed <= {vector["operation"] for vector in GOOD if vector["kind"] == kind}


def test_every_status_and_every_reason_has_a_vector() -> None:
    table = DOCUMENT.split("## 7. Status codes")[1].split("## 8.")[0]
    statuses = {(int(code), name) for code, name in re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", table, re.MULTILINE)}
    assert len(statuses) == 15
    assert statuses == {(vector["header"]["status"], vector["status_name"]) for vector in GOOD}
    assert {vector["reason_code"] for vector in BAD} == {1, 2, 3, 4, 5}


def test_vector_names_are_unique() -> None:
    names = [vector["name"] for vector in GOOD + BAD]
    assert len(set(names)) == len(names)


def test_the_hex_blocks_of_the_document_are_those_of_the_file() -> None:
    blocks = re.findall(r"^`(\w+)`[^`]*```hex\n(.*?)```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == DOCUMENT.count("```hex") > 50
    wires = {vector["name"]: wire_of(vector) for vector in GOOD + BAD}
    assert {name: bytes.fromhex(text) for name, text in blocks}.items() <= wires.items()
