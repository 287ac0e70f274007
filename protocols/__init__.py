"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "feature-map": "protocols.feature_map:FeatureMap",
    "kinetics": "protocols.kinetics:Kinetics",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "ddk": "protocols.reproductions.ddk:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
