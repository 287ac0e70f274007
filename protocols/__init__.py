"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "cycling": "protocols.cycling:Cycling",
    "drift": "protocols.drift:Drift",
    "endurance": "protocols.endurance:Endurance",
    "parameter-extraction": "protocols.parameter_extraction:ParameterExtraction",
    "train-ssl": "protocols.train_ssl:TrainSsl",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "ssl": "protocols.reproductions.ssl:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
