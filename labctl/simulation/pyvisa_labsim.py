"""PyVISA's backend ``labsim``: ``pyvisa.ResourceManager("station.toml@labsim")``; installed as ``pyvisa_labsim``."""

from labctl.simulation.backend import StationVisaLibrary

WRAPPER_CLASS = StationVisaLibrary
