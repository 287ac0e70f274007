"""A station's simulated lab as a PyVISA backend: any PyVISA program opens it by the station's name or file.

``pyvisa.ResourceManager("pcm-cell@labsim")`` has the resources that the station file names, under the names that the
real instruments have. Time is virtual: it moves only while an instrument works.
"""

import os

from pyvisa.util import LibraryPath
from typing_extensions import override

from labctl.errors import ConfigError
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.visa import InProcessVisaLibrary
from labctl.stations.model import read_station, shipped_stations

DEFAULT_STATION = "full-lab"
"""What ``@labsim`` alone opens."""


class StationVisaLibrary(InProcessVisaLibrary):
    """The in-process library over the twins of a station; PyVISA makes one for each station file."""

    lab: SimulatedLab

    @staticmethod
    @override
    def get_library_paths() -> tuple[LibraryPath, ...]:
        return (LibraryPath(DEFAULT_STATION, "shipped with labctl"),)

    @staticmethod
    @override
    def get_debug_info() -> dict[str, str]:
        from labctl import __version__

        return {"Version": __version__, "Stations": ", ".join(shipped_stations())}

    @override
    def _init(self) -> None:
        super()._init()
        name = os.fspath(self.library_path)
        try:
            file, _ = read_station(name)
            self.lab = SimulatedLab(file, transport="in-process")
        except ConfigError as error:
            raise OSError(str(error)) from error
        self.instruments = self.lab.library.instruments
