"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""
