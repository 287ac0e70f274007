"""``labctl reproduce``: the papers' protocols on the simulated bench, each published figure beside the measured one."""
