"""Measurements, one file a protocol."""

PROTOCOLS: dict[str, str] = {
    "convolution-read": "protocols.convolution_read:ConvolutionRead",
    "cycling": "protocols.cycling:Cycling",
    "dc-sweep": "protocols.dc_sweep:DcSweep",
    "delay-relaxation": "protocols.delay_relaxation:DelayRelaxation",
    "drift": "protocols.drift:Drift",
    "endurance": "protocols.endurance:Endurance",
    "feature-map": "protocols.feature_map:FeatureMap",
    "firing": "protocols.firing:Firing",
    "forming": "protocols.forming:Forming",
    "gate-response": "protocols.gate_response:GateResponse",
    "integrate-fire": "protocols.integrate_fire:IntegrateFire",
    "kinetics": "protocols.kinetics:Kinetics",
    "memorial-programming": "protocols.memorial_programming:MemorialProgrammingProtocol",
    "network-retention": "protocols.network_retention:NetworkRetention",
    "parameter-extraction": "protocols.parameter_extraction:ParameterExtraction",
    "pattern-inference": "protocols.pattern_inference:PatternInference",
    "pulse-count": "protocols.pulse_count:PulseCount",
    "pulse-response": "protocols.pulse_response:PulseResponse",
    "read-disturb": "protocols.read_disturb:ReadDisturb",
    "retention": "protocols.retention:Retention",
    "sign-update": "protocols.sign_update:SignUpdateProtocol",
    "synapse-neuron": "protocols.synapse_neuron:SynapseNeuron",
    "train-autoencoder": "protocols.train_autoencoder:TrainAutoencoder",
    "train-cnn": "protocols.train_cnn:TrainCnn",
    "train-ddk": "protocols.train_ddk:TrainDdk",
    "train-srnet": "protocols.train_srnet:TrainSrnet",
    "train-ssl": "protocols.train_ssl:TrainSsl",
    "two-pulse": "protocols.two_pulse:TwoPulseProtocol",
    "unsupervised-2x2": "protocols.unsupervised_2x2:Unsupervised2x2",
    "unsupervised-8x3": "protocols.unsupervised_8x3:Unsupervised8x3",
    "verify-update": "protocols.verify_update:VerifyUpdateProtocol",
    "weight-transfer": "protocols.weight_transfer:WeightTransfer",
    "write-error": "protocols.write_error:WriteError",
    "write-verify": "protocols.write_verify:WriteVerify",
}
"""Short name -> ``module:Class``, loaded when somebody asks for it."""

REPRODUCTIONS: dict[str, str] = {
    "cnn": "protocols.reproductions.cnn:CASES",
    "ddk": "protocols.reproductions.ddk:CASES",
    "eapu": "protocols.reproductions.eapu:CASES",
    "neuron": "protocols.reproductions.neuron_array:CASES",
    "ssl": "protocols.reproductions.ssl:CASES",
}
"""Short name of a paper -> ``module:CASES``, what ``labctl reproduce`` runs for it."""
