"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "delay-relaxation": "protocols.delay_relaxation:DelayRelaxation",
    "firing": "protocols.firing:Firing",
    "integrate-fire": "protocols.integrate_fire:IntegrateFire",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "neuron": "protocols.reproductions.neuron:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
