"""Every function of the instrument library and its arguments, one letter an argument.

Source: the B1530A instrument library's header (2008-10-30): 88 functions, each returning an ``int`` code.
"""

import ctypes
from typing import Any

PREFIX = "WGFMU_"
_INT, _DOUBLE, _TEXT = ctypes.c_int, ctypes.c_double, ctypes.c_char_p
TYPES: dict[str, Any] = {
    "i": _INT,  # a number
    "d": _DOUBLE,
    "s": _TEXT,  # a string
    "a": ctypes.POINTER(_DOUBLE),  # an array that is read
    "S": ctypes.POINTER(_TEXT),  # an array of strings, read or filled
    "I": ctypes.POINTER(_INT),  # one number that is written
    "D": ctypes.POINTER(_DOUBLE),
    "n": ctypes.POINTER(_INT),  # capacity in, number written out
    "t": _TEXT,  # a buffer that is filled with text
    "J": ctypes.POINTER(_INT),  # an array that is filled
    "E": ctypes.POINTER(_DOUBLE),
}
"""The ctypes type of each letter."""

FUNCTIONS: dict[str, str] = {
    # session and errors
    "openSession": "s", "closeSession": "", "initialize": "", "setTimeout": "d",
    "doSelfCalibration": "Itn", "doSelfTest": "Itn", "getChannelIdSize": "I", "getChannelIds": "Jn",
    "getErrorSize": "I", "getError": "tn", "getErrorSummarySize": "I", "getErrorSummary": "tn",
    "treatWarningsAsErrors": "i", "setWarningLevel": "i", "getWarningLevel": "I",
    "getWarningSummarySize": "I", "getWarningSummary": "tn", "openLogFile": "s", "closeLogFile": "",
    # channel set-up
    "setOperationMode": "ii", "getOperationMode": "iI", "setForceVoltageRange": "ii", "getForceVoltageRange": "iI",
    "setMeasureMode": "ii", "getMeasureMode": "iI", "setMeasureVoltageRange": "ii", "getMeasureVoltageRange": "iI",
    "setMeasureCurrentRange": "ii", "getMeasureCurrentRange": "iI", "setForceDelay": "id", "getForceDelay": "iD",
    "setMeasureDelay": "id", "getMeasureDelay": "iD", "setMeasureEnabled": "ii", "isMeasureEnabled": "iI",
    "setTriggerOutMode": "iii", "getTriggerOutMode": "iII", "connect": "i", "disconnect": "i",
    # waveform data
    "clear": "", "createPattern": "sd", "addVector": "sdd", "addVectors": "saai", "setVector": "sdd",
    "setVectors": "saai", "createMergedPattern": "sssi", "createMultipliedPattern": "ssdd",
    "createOffsetPattern": "ssdd", "setMeasureEvent": "ssdiddi", "setRangeEvent": "ssdi",
    "setTriggerOutEvent": "ssdd", "addSequence": "isd", "addSequences": "iSai",
    # set-up check
    "getPatternForceValueSize": "sI", "getPatternForceValues": "sinEE", "getPatternForceValue": "siDD",
    "getPatternInterpolatedForceValue": "sdD", "getPatternMeasureTimeSize": "sI", "getPatternMeasureTimes": "sinE",
    "getPatternMeasureTime": "siD", "getForceValueSize": "iD", "getForceValues": "idnEE", "getForceValue": "idDD",
    "getInterpolatedForceValue": "idD", "getMeasureTimeSize": "iI", "getMeasureTimes": "iinE",
    "getMeasureTime": "iiD", "getMeasureEventSize": "iI", "getMeasureEvents": "iinSSJEJJJ",
    "getMeasureEvent": "iittIDIII", "getMeasureEventAttribute": "iiDIDDI", "exportAscii": "s",
    # run and read
    "update": "", "updateChannel": "i", "execute": "", "abort": "", "abortChannel": "i", "getStatus": "IDD",
    "getChannelStatus": "iIDD", "waitUntilCompleted": "", "getMeasureValueSize": "iII",
    "getMeasureValues": "iinEE", "getMeasureValue": "iiDD", "getCompletedMeasureEventSize": "iII",
    "isMeasureEventCompleted": "issidiIIII", "dcforceVoltage": "id", "dcmeasureValue": "iD",
    "dcmeasureAveragedValue": "iiiD",
}  # fmt: skip
"""Name without prefix -> letters of its arguments, in order."""

SIGNATURES: dict[str, list[Any]] = {
    PREFIX + name: [TYPES[letter] for letter in letters] for name, letters in FUNCTIONS.items()
}
"""Full name -> ctypes argument types."""
