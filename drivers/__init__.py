"""Drivers of real instruments, one file an instrument."""

DRIVERS: dict[str, str] = {}
"""Short name -> ``module:Class``, loaded when a station names it."""
