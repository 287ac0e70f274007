"""PyVISA's backend ``labsim``: ``pyvisa.ResourceManager("station.toml@labsim")``; installed as ``pyvisa_labsim``."""

from labctl.simulation.backend import StationVisaLibrary as WRAPPER_CLASS

__all__ = ["WRAPPER_CLASS"]
