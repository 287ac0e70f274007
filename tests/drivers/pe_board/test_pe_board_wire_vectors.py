import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.codes import error_fields, error_text
from drivers.pe_board_wire.frames import decode, encode_request, wire_bytes
from drivers.pe_board_wire.hello import Capabilities, parse_hello
from drivers.pe_board_wire.requests import Request, WirePulse, WireRead, WireWrite
from labctl.errors import FrameError

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs" / "pe-board-vectors.json").read_text())
BY_NAME = {vector["name"]: vector for vector in VECTORS["good"]}
MISSING = -(2**31)


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["name"]) for v in VECTORS["good"] if v["kind"] == kind]


def wire_of(vector: dict[str, Any]) -> bytes:
    if "wire" in vector:
        return bytes.fromhex(vector["wire"])
    return b"".join(bytes.fromhex(part["hex"]) * part["times"] for part in vector["wire_parts"])


def pulse_of(fields: dict[str, Any], prefix: str = "") -> WirePulse:
    return WirePulse(*(fields[prefix + name] for name in ("word_mv", "bit_mv", "source_mv", "width_ns")))


def build(operation: str, f: dict[str, Any]) -> Request:
    match operation:
        case "PING":
            return requests.ping(bytes.fromhex(f.get("echo", "")))
        case "HELLO":
            return requests.hello(f["nonce"], f["first_seq"], f["protocol"])
        case "STATUS":
            return requests.STATUS
        case "COUNTERS":
            return requests.COUNTERS
        case "STUCK_MAP":
            return requests.stuck_map(f["array"], f["first_row"], f["row_count"], 16)
        case "SET_BAUD":
            return requests.set_baud(f["baud"])
        case "ARM":
            return requests.arm(f["watchdog_ms"], f["idle_policy"])
        case "MAKE_SAFE":
            return requests.MAKE_SAFE
        case "READ_CELLS":
            return requests.read_cells(np.array(f["cells"]), WireRead(f["read_mv"], f["averages"]))
        case "READ_ARRAY":
            read = WireRead(f["read_mv"], f["averages"])
            return requests.read_array(f["array"], f["first_row"], f["row_count"], 16, read)
        case "PULSE_CELLS":
            verify = WireRead(f["read_mv"], f["averages"]) if f["flags"] else None
            return requests.pulse_cells(f["kind"], np.array(f["cells"]), pulse_of(f), verify, f["pulses"])
        case "MULTIPLY":
            codes = np.array(f["codes"]).reshape(-1, 16)
            return requests.multiply(f["array"], f["bits"], f["read_mv"], np.array(f["rows"]), codes)
    read = WireRead(f["read_mv"], f["averages"])
    write = WireWrite(pulse_of(f, "set_"), pulse_of(f, "reset_"), read, f["tolerance_pa"], f["pulse_limit"])
    cells, targets = ([entry[key] for entry in f["cells"]] for key in ("cell", "target_pa"))
    if operation == "WRITE_TRACED":
        return requests.write_traced(cells[0], targets[0], write)
    return requests.write_cells(np.array(cells), np.array(targets), write)


NOT_BUILT = {"unknown_opcode_request", "short_arm_request", "frame_version_2_request"}
"""Requests that this driver cannot even say."""


@pytest.mark.parametrize("vector", [p for p in of_kind("request") if p.id not in NOT_BUILT])
def test_a_request_has_the_bytes_of_its_vector(vector: dict[str, Any]) -> None:
    request = build(vector["operation"], vector["fields"])
    assert request.opcode == vector["header"]["opcode"]
    assert encode_request(vector["header"]["seq"], request.opcode, request.payload) == wire_of(vector)


def amperes(values: list[int]) -> list[float]:
    special = {2**31 - 1: np.inf, 2**63 - 1: np.inf, MISSING: np.nan}
    return [special.get(value, value * 1e-12) for value in values]


def parse(vector: dict[str, Any], payload: bytes) -> Any:
    fields = vector["fields"]
    match vector["operation"]:
        case "HELLO":
            return parse_hello(payload)._asdict()
        case "STATUS":
            return answers.status(payload)._asdict()
        case "COUNTERS":
            return answers.counters(payload)
        case "MAKE_SAFE":
            return answers.lines(payload)._asdict()
        case "STUCK_MAP":
            return {"states": answers.states(payload, 1, 16)[0].tolist()}
        case "PING":
            return {"echo": payload.hex(" ").upper()}
        case "SET_BAUD" | "ARM":
            layout, names = ("<I", ["baud"]) if len(payload) == 4 else ("<IB", ["watchdog_ms", "idle_policy"])
            return dict(zip(names, struct.unpack(layout, payload), strict=True))
    raise AssertionError(f"{vector['name']} has a test of its own, not {fields}")


PLAIN = {"HELLO", "STATUS", "COUNTERS", "MAKE_SAFE", "STUCK_MAP", "PING", "SET_BAUD", "ARM"}
REPLIES = [p for p in of_kind("reply") if p.values[0]["status_name"] == "OK"]


@pytest.mark.parametrize("vector", REPLIES)
def test_a_reply_is_read_as_its_vector_says(vector: dict[str, Any]) -> None:
    frame = decode(wire_of(vector)[1:-1])
    header, f = vector["header"], vector["fields"]
    assert (frame.type, frame.seq, frame.opcode, frame.status) == (2, header["seq"], header["opcode"], 0)
    if vector["operation"] in PLAIN:
        found = parse(vector, frame.payload)
        assert {key: list(v) if isinstance(v, tuple) else v for key, v in found.items()} == f
    elif vector["operation"] in {"READ_CELLS", "READ_ARRAY"} or f.get("currents_pa"):
        np.testing.assert_allclose(answers.currents(frame.payload, f["done"]), amperes(f["currents_pa"]), rtol=1e-14)
    elif vector["operation"] == "PULSE_CELLS":
        answers.pulsed(frame.payload, f["done"])
        with pytest.raises(FrameError, match="of 3"):
            answers.pulsed(frame.payload, 3)
    elif vector["operation"] == "WRITE_CELLS":
        result = answers.written(frame.payload, f["done"])
        rows = zip(*(column.tolist() for column in result), strict=True)
        for row, wanted in zip(rows, f["results"], strict=True):
            assert row[:2] == (wanted["set_pulses"], wanted["reset_pulses"])
            assert row[2] == pytest.approx(wanted["current_pa"] * 1e-12, rel=1e-14)
            assert row[3] == (wanted["outcome"] == 0)
    elif vector["operation"] == "WRITE_TRACED":
        result, trace = answers.traced(frame.payload)
        assert [column.tolist() for column in result] == [[1], [1], [pytest.approx(1.972e-6)], [True]]
        assert trace.kinds.tolist() == [entry["kind"] for entry in f["trace"]]
        np.testing.assert_allclose(trace.currents, amperes([entry["current_pa"] for entry in f["trace"]]), rtol=1e-14)
    else:
        sums = answers.sums(frame.payload, 2, 2)
        np.testing.assert_allclose(sums.reshape(-1), amperes(f["sums_pa"]), rtol=1e-14)


@pytest.mark.parametrize("vector", of_kind("error"))
def test_an_error_is_read_as_its_vector_says(vector: dict[str, Any]) -> None:
    frame = decode(wire_of(vector)[1:-1])
    assert (frame.type, frame.status) == (3, vector["header"]["status"])
    fields = error_fields(frame.status, frame.payload)
    assert fields == vector["fields"]
    assert error_text(frame.status, fields).startswith(vector["status_name"])


def test_an_error_text_names_value_and_bounds() -> None:
    frame = decode(wire_of(BY_NAME["cell_out_of_range_error"])[1:-1])
    text = error_text(frame.status, error_fields(frame.status, frame.payload))
    assert "field 4, entry 1, is 16384, but goes from 0 to 16383" in text


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS["bad"]])
def test_a_bad_frame_is_refused_for_its_reason(vector: dict[str, Any]) -> None:
    piece = wire_of(vector).strip(b"\0")
    if vector["reason"] == "HEADER":  # sound for a receiver of answers, but no answer
        frame = decode(piece)
        assert frame.type == 1 or frame.seq == BY_NAME["ping_request"]["header"]["seq"]
        return
    with pytest.raises(FrameError, match=vector["reason"]):
        decode(piece)


def test_a_board_of_the_document_is_the_default() -> None:
    golden = parse_hello(bytes.fromhex(BY_NAME["hello_reply"]["payload"]))
    assert golden._replace(board_id="", firmware="") == Capabilities()


@pytest.mark.parametrize("cut", [0, 20, 60, 80, 91])
def test_a_hello_answer_that_is_cut_is_refused(cut: int) -> None:
    payload = bytes.fromhex(BY_NAME["hello_reply"]["payload"])
    with pytest.raises(FrameError, match="HELLO"):
        parse_hello(payload[:cut])
    with pytest.raises(FrameError, match="HELLO"):
        parse_hello(payload + b"x")


payloads = st.binary(max_size=600) | st.builds(
    lambda b, n: b * n, st.binary(min_size=1, max_size=3), st.integers(80, 900)
)


@given(seq=st.integers(0, 65535), opcode=st.integers(0, 255), payload=payloads)
def test_any_frame_survives_the_wire(seq: int, opcode: int, payload: bytes) -> None:
    wire = encode_request(seq, opcode, payload)
    assert wire[0] == wire[-1] == 0
    assert 0 not in wire[1:-1]
    assert len(wire) <= wire_bytes(len(payload))
    assert decode(wire[1:-1]) == (1, 1, seq, opcode, 0, payload)


@given(payload=st.binary(max_size=300), position=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_never_passes(payload: bytes, position: int, bit: int) -> None:
    piece = bytearray(encode_request(7, 1, payload)[1:-1])
    piece[position % len(piece)] ^= 1 << bit
    for part in bytes(piece).split(b"\0"):
        if part:
            with pytest.raises(FrameError):
                decode(part)


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    with pytest.raises(FrameError):
        decode(noise)


def test_a_payload_that_is_too_long_is_not_sent() -> None:
    assert len(encode_request(0, 1, b"\1" * 16384)) == 16463
    with pytest.raises(FrameError, match="16385"):
        encode_request(0, 1, b"\1" * 16385)


def test_the_longest_wait_follows_the_document() -> None:
    read = requests.read_cells(np.arange(4), WireRead(200, 8))
    line = (14 + 12 + 3) + (31 + 12 + 3)  # the longest error is longer than the 18 bytes of the good answer
    assert read.timeout(115200) == pytest.approx(line * 10 / 115200 + 500e-6 + 4 * 8 * 10e-6 + 0.25)
    write = WireWrite(WirePulse(1800, 2000, 0, 50), WirePulse(4700, 0, 1800, 100), WireRead(200, 1), 50000, 500)
    worst = requests.write_cells(np.arange(2), np.array([1, 2]), write).execution
    assert worst == pytest.approx(500e-6 + 2 * (501 * 10e-6 + 500 * 5.1e-6))
    codes = np.ones((3, 16), dtype=np.int64)
    product = requests.multiply(0, 8, 200, np.arange(5), codes)
    assert product.execution == pytest.approx(500e-6 + 6 * 8 * (8e-6 + 5 * 2e-6))
