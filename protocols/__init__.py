"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "pattern-inference": "protocols.pattern_inference:PatternInference",
    "synapse-neuron": "protocols.synapse_neuron:SynapseNeuron",
    "unsupervised-2x2": "protocols.unsupervised_2x2:Unsupervised2x2",
    "unsupervised-8x3": "protocols.unsupervised_8x3:Unsupervised8x3",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
