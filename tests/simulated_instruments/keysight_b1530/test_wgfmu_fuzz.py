import ctypes
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

SIZE = 64
SEED = 20261123
MODES = [
    2000,
    2001,
    2001,
    2002,
    3000,
    3001,
    4000,
    4001,
    5001,
    6001,
    6005,
    7001,
    8004,
    8100,
    9000,
    9001,
    12000,
    12001,
    -1,
]
TIMES = [0.0, 1e-8, 5e-8, 1e-7, 1e-6, 3e-6, -1e-7, 1e4, float("nan")]
# c channel, p pattern, e event, t time, v voltage or factor, n code, k small number, l loop count; outputs: D double,
# I int, S size in and out, A doubles, B ints, T text, Z texts; N array of names in, F array of doubles in.
CALLS = {
    "clear": "", "createPattern": "pv", "addVector": "ptv", "addVectors": "pFFk", "setVector": "ptv",
    "setVectors": "pFFk",
    "createMergedPattern": "pppn", "createMultipliedPattern": "ppvv", "createOffsetPattern": "pptv",
    "setMeasureEvent": "petkttn", "setRangeEvent": "petn", "setTriggerOutEvent": "pett", "addSequence": "cpl",
    "addSequences": "cNFk", "getPatternForceValueSize": "pI", "getPatternForceValues": "pkSAA",
    "getPatternForceValue": "pkDD", "getPatternInterpolatedForceValue": "ptD", "getPatternMeasureTimeSize": "pI",
    "getPatternMeasureTimes": "pkSA", "getPatternMeasureTime": "pkD", "getForceValueSize": "cD",
    "getForceValues": "ckSAA", "getForceValue": "ckDD", "getInterpolatedForceValue": "ctD", "getMeasureTimeSize": "cI",
    "getMeasureTimes": "ckSA", "getMeasureTime": "ckD", "getMeasureEventSize": "cI", "getMeasureEvents": "ckSZZBABBB",
    "getMeasureEvent": "ckTTIDIII", "getMeasureEventAttribute": "ckDIDDI", "update": "", "updateChannel": "c",
    "execute": "", "abort": "", "abortChannel": "c", "getStatus": "IDD", "getChannelStatus": "cIDD",
    "waitUntilCompleted": "", "getMeasureValueSize": "cII", "getMeasureValues": "ckSAA", "getMeasureValue": "ckDD",
    "getCompletedMeasureEventSize": "cII", "isMeasureEventCompleted": "cpekkkIIII", "dcforceVoltage": "cv",
    "dcmeasureValue": "cD", "dcmeasureAveragedValue": "ckkD", "setOperationMode": "cn", "setMeasureMode": "cn",
    "setMeasureCurrentRange": "cn", "setForceVoltageRange": "cn", "setForceDelay": "ct", "setMeasureDelay": "ct",
    "setTriggerOutMode": "cnn", "setMeasureEnabled": "cn", "connect": "c", "disconnect": "c", "initialize": "",
    "closeSession": "", "openSession": "p", "getError": "TS", "getErrorSummary": "TS", "getWarningSummary": "TS",
    "treatWarningsAsErrors": "n", "getChannelIds": "BS", "doSelfTest": "ITS",
}  # fmt: skip
RARE = {"clear", "closeSession", "initialize"}


def _argument(letter: str, rng: random.Random, kept: list[Any]) -> Any:
    if letter in "pe":
        return rng.choice([b"a", b"b", b"c", b"d", b""])
    if letter == "Z":
        kept.append([ctypes.create_string_buffer(300) for _ in range(SIZE)])
        return (ctypes.c_char_p * SIZE)(*[ctypes.cast(buffer, ctypes.c_char_p) for buffer in kept[-1]])
    if letter == "N":
        return (ctypes.c_char_p * SIZE)(*[rng.choice([b"a", b"b"]) for _ in range(SIZE)])
    if letter == "F":
        return (ctypes.c_double * SIZE)(*[rng.choice([1e-7, 1e-6, 1.0, 2.0, 0.0]) for _ in range(SIZE)])
    made: dict[str, Callable[[], Any]] = {
        "c": lambda: rng.choice([201, 201, 201, 202, 999]),
        "t": lambda: rng.choice(TIMES),
        "v": lambda: rng.choice([0.0, 0.5, 1.0, -1.0, 4.0, 11.0]),
        "n": lambda: rng.choice(MODES),
        "k": lambda: rng.choice([0, 1, 1, 2, 5, -1, SIZE]),
        "l": lambda: rng.choice([1.0, 2.0, 100.0, 1e12, 0.0]),
        "D": lambda: ctypes.byref(ctypes.c_double()),
        "I": lambda: ctypes.pointer(ctypes.c_int()),
        "S": lambda: ctypes.byref(ctypes.c_int(rng.choice([1, 5, SIZE, 0]))),
        "A": ctypes.c_double * SIZE,
        "B": ctypes.c_int * SIZE,
        "T": lambda: ctypes.create_string_buffer(300),
    }
    return made[letter]()


def _fuzz(wgfmu: Any, count: int, seed: int) -> tuple[Counter[int], float]:
    """Return how often each code came back, and the longest time (s) that a call took."""
    rng, codes, longest = random.Random(seed), Counter[int](), 0.0
    for n in range(count):
        name = rng.choice(sorted(CALLS))
        if name in RARE and rng.random() < 0.9:
            continue
        if n % 100 == 0:
            for code in (2001, 4001):
                wgfmu.code("setOperationMode" if code == 2001 else "setMeasureMode", 201, code)
        kept: list[Any] = []
        arguments = [_argument(letter, rng, kept) for letter in CALLS[name]]
        started = time.perf_counter()
        codes[wgfmu.code(name, *arguments)] += 1
        longest = max(longest, time.perf_counter() - started)
    return codes, longest


def test_random_calls_return_codes_and_nothing_else(wgfmu: Any) -> None:
    codes, longest = _fuzz(wgfmu, 2000, SEED)
    assert set(codes) <= set(range(-15, 1))
    assert codes[0] > 300
    assert len(codes) >= 8
    assert longest < 10.0
