"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "train-ssl": "protocols.train_ssl:TrainSsl",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
