"""labctl: control a memristor lab's instruments and run its measurements.

    with labctl.open_station("pe-board", simulate=True) as lab:
        run = labctl.run(WriteVerify(), lab)
    frame = labctl.load(run.file)["write"]

Names are loaded when they are first used, so that importing labctl costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labctl.api import dry_run, prepare, resume, run
    from labctl.errors import (
        ConfigError,
        DataFileError,
        FrameError,
        InstrumentError,
        LabctlError,
        LimitError,
        LinkError,
        LinkTimeoutError,
        RunStoppedError,
        StateError,
    )
    from labctl.runfile.reader import RunData, load
    from labctl.stations.station import Station, open_station

__version__ = "0.1.0"

_HOMES = {
    "labctl.api": ("dry_run", "prepare", "resume", "run"),
    "labctl.errors": (
        "ConfigError",
        "DataFileError",
        "FrameError",
        "InstrumentError",
        "LabctlError",
        "LimitError",
        "LinkError",
        "LinkTimeoutError",
        "RunStoppedError",
        "StateError",
    ),
    "labctl.runfile.reader": ("RunData", "load"),
    "labctl.stations.station": ("Station", "open_station"),
}

__all__ = [
    "ConfigError",
    "DataFileError",
    "FrameError",
    "InstrumentError",
    "LabctlError",
    "LimitError",
    "LinkError",
    "LinkTimeoutError",
    "RunData",
    "RunStoppedError",
    "StateError",
    "Station",
    "dry_run",
    "load",
    "open_station",
    "prepare",
    "resume",
    "run",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'labctl' has no attribute {name!r}")
