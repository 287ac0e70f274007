"""SSL-G to SSL-I: what the paper says of training with drift.

Source of the figures: Nat. Commun. 12, 319 (2021). Of the devices only medians and d are the paper's.
"""

from labctl.reproduction.cases import Case, Headline

FEW = (
    "known to be off with the package's 4,000 training images: both networks learn them by heart, drift adds nothing; "
    "see --data"
)

TRAINING = (
    Case(
        "SSL-G to SSL-I",
        "train-ssl",
        (
            Headline(
                "what drift adds to the test accuracy, in points",
                "gain_points",
                3.6,
                2.0,
                "a prototype's gain was 4.8 points, spread by 0.3; the number of epochs is not known",
                note=FEW,
            ),
            Headline("test accuracy without drift, in %", "conventional_test_accuracy", 89.6, 2.0,
                     "the paper does not say how many epochs; the curve falls by 1.5 points after its best", note=FEW),
            Headline("test accuracy with drift, in %", "drift_test_accuracy", 93.2, 1.0,
                     "three prototype runs spread by 0.7 points", note=FEW),
            Headline("best pinned weight", "drift_best_pin", 1.4, 0.101, "two steps of the scan", note=FEW),
            Headline("accuracy after the inference transfer, in %", "drift_inference_accuracy", 93.2, 2.0,
                     'the paper says "negligible" drift after the transfer', note=FEW),
            Headline("more -1 weights on the input side, in points", "low_input_change_points", 1.4, 1.0,
                     "the paper says about 1.4 %, and not of what", note=FEW),
            Headline("fewer -1 weights on the output side, in points", "low_output_change_points", -4.5, 3.0,
                     "the paper says about 4.5 %, and not of what", note=FEW),
        ),
        parameters={"epochs": 200, "checkpoint": 100},
        with_data={"epochs": 40, "checkpoint": 20},
    ),
)  # fmt: skip
