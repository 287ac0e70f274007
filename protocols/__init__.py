"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "gate-response": "protocols.gate_response:GateResponse",
    "memorial-programming": "protocols.memorial_programming:MemorialProgrammingProtocol",
    "network-retention": "protocols.network_retention:NetworkRetention",
    "sign-update": "protocols.sign_update:SignUpdateProtocol",
    "train-ssl": "protocols.train_ssl:TrainSsl",
    "two-pulse": "protocols.two_pulse:TwoPulseProtocol",
    "verify-update": "protocols.verify_update:VerifyUpdateProtocol",
    "write-error": "protocols.write_error:WriteError",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "eapu": "protocols.reproductions.eapu:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
