"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""
