"""EAPU-E and EAPU-F: what the paper says of training in situ, and the other schemes as controls.

Source of the figures: EAPU, Nat. Commun. 16, 11494 (2025). The cells' writing error is put in (EAPU-A); what training
makes of it is not. SSIM everywhere: 11 x 11 uniform window, data range 1.
"""

from labctl.reproduction.cases import Case, Headline

_DRAW = "initial weights decide by about 0.01 (three float runs: 0.881 to 0.892)"
_PULSES = "published with one digit, for EaPU with memorial programming"
_MORE = "12 pulses an update (RESET and SET are two) where the paper's figures give 7"
_SHORT = {"rule": "every", "mini_batches": 110, "validate_every": 110}
_SPOILT = (
    "published as: other schemes lose more than 80 % of the SSIM; with this SSIM even the noisy input has 0.73, so a "
    "loss of 80 % is out of reach. A fifth of the mini-batches, as every step writes every cell"
)


def _controls() -> tuple[Case, ...]:
    return tuple(
        Case(
            f"EAPU-E ({name}, every change)",
            "train-autoencoder",
            (
                Headline(f"SSIM with {name}, every change made", "in_situ_ssim", 0.18, 0.0,
                         "a fifth of 0.896", bound="at most", note=_SPOILT),
                Headline(f"pulses per device and step, {name}", "pulses_per_device", pulses, tolerance,
                         "as of the update alone, see EAPU-D", bound="about", note=note),
            ),
            {**_SHORT, "scheme": scheme},
            seeds=(1,),
        )
        for name, scheme, pulses, tolerance, note in (
            ("memorial programming", "memorial", 7.0, 1.5, _MORE),
            ("two-pulse", "two-pulse", 1.0, 0.1, "a change downwards takes a RESET before its SET"),
            ("sign-based", "sign", 1.0, 0.1, "a weight behind a ReLU that is off has no gradient, and gets no pulse"),
            ("write-verify", "verify", 66.0, 13.0, "begins at a RESET, and the zero of the weights is at 80 uS"),
        )
    )  # fmt: skip


TRAINING: tuple[Case, ...] = (
    Case(
        "EAPU-E (EaPU+MP)",
        "train-autoencoder",
        (
            Headline("autoencoder: SSIM in float", "float_ssim", 0.869, 0.03, _DRAW),
            Headline("autoencoder: PSNR in float (dB)", "float_psnr_dB", 19.84, 0.4, "three float runs: 19.6 to 20.0"),
            Headline("autoencoder: SSIM in situ", "in_situ_ssim", 0.896, 0.03, _DRAW,
                     note="the paper's is above its own noise-free software, which ours is not to be"),
            Headline("autoencoder: PSNR in situ (dB)", "in_situ_psnr_dB", 19.99, 0.6, "as in float, with the writes"),
            Headline("autoencoder: share of the weights updated per step", "updated_share", 0.06, 0.03,
                     "published as about 6 %, of no stated network"),
            Headline("autoencoder: pulses per device and step, EaPU+MP", "pulses_per_device", 0.7, 0.3, _PULSES),
            Headline("autoencoder: pulses of an updated cell", "pulses_per_updated_cell", 7.0, 1.5,
                     "derived from two rounded figures", note=_MORE),
        ),
        seeds=(1,),
    ),
    Case(
        "EAPU-F (EaPU+MP)",
        "train-srnet",
        (
            Headline("SRNet: SSIM in float", "float_ssim", 0.958, 0.015, "three float runs: 0.963 to 0.970"),
            Headline("SRNet: SSIM in situ", "in_situ_ssim", 0.933, 0.02, "initial weights and writes decide"),
            Headline("SRNet: share of the weights updated per step", "updated_share", 0.06, 0.03,
                     "published as about 6 %, of no stated network"),
            Headline("SRNet: pulses per device and step, EaPU+MP", "pulses_per_device", 0.7, 0.3, _PULSES),
        ),
        seeds=(1,),
    ),
    *_controls(),
    Case(
        "EAPU-E (EaPU+FP, sign)",
        "train-autoencoder",
        (
            Headline("autoencoder: pulses per device and step, EaPU+sign", "pulses_per_device", 0.1, 0.06,
                     "published with one digit"),
            Headline("autoencoder: SSIM, EaPU+sign", "in_situ_ssim", 0.869, 0.1,
                     "the paper has no figure for it; to be near the float network"),
        ),
        {"scheme": "sign", "mini_batches": 400, "validate_every": 400},
        seeds=(1,),
    ),
)  # fmt: skip
"""What the paper published of the two networks trained on the array."""
