"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "convolution-read": "protocols.convolution_read:ConvolutionRead",
    "dc-sweep": "protocols.dc_sweep:DcSweep",
    "feature-map": "protocols.feature_map:FeatureMap",
    "forming": "protocols.forming:Forming",
    "kinetics": "protocols.kinetics:Kinetics",
    "pulse-count": "protocols.pulse_count:PulseCount",
    "pulse-response": "protocols.pulse_response:PulseResponse",
    "read-disturb": "protocols.read_disturb:ReadDisturb",
    "retention": "protocols.retention:Retention",
    "train-cnn": "protocols.train_cnn:TrainCnn",
    "train-ssl": "protocols.train_ssl:TrainSsl",
    "weight-transfer": "protocols.weight_transfer:WeightTransfer",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "ddk": "protocols.reproductions.ddk:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
