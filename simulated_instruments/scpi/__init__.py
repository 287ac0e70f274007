"""The part of SCPI and IEEE 488.2 that every SCPI twin shares: framing, headers, parameters, status, errors.

An instrument is a table of `Command` rows over its own state, run by a `ScpiFrontEnd`.
"""

from simulated_instruments.scpi.commands import Call, Command, Table
from simulated_instruments.scpi.engine import ScpiFrontEnd
from simulated_instruments.scpi.errors import ErrorQueue, ScpiError
from simulated_instruments.scpi.parameters import REST, Block, Boolean, Choice, Name, Number, Text
from simulated_instruments.scpi.status import Register, Status

__all__ = [
    "REST",
    "Block",
    "Boolean",
    "Call",
    "Choice",
    "Command",
    "ErrorQueue",
    "Name",
    "Number",
    "Register",
    "ScpiError",
    "ScpiFrontEnd",
    "Status",
    "Table",
    "Text",
]
