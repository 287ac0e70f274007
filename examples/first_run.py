"""Write a few cells of the simulated PE board to four levels, and look at what came out.

On real hardware only one line changes: ``labctl.open_station("my-station.toml")``.
"""

import labctl
from protocols.write_verify import WriteVerify

with labctl.open_station("pe-board", simulate=True, seed=1) as lab:
    protocol = WriteVerify(cells=32, levels=4, wait="10 s")
    print(labctl.dry_run(protocol, lab).describe())
    run = labctl.run(protocol, lab, seed=1, output="runs")

print(run.file)
for name, value in run.summary.items():
    print(f"{name:>22}  {value:.4g}")
