"""``labctl simulate``: serve a simulated lab to other programs."""

import json as json_module
import sys
import threading

from labctl.clock import RealClock
from labctl.simulation.lab import SimulatedLab
from labctl.stations.model import read_station


def serve(name: str, speed: float, seed: int | None, *, json: bool) -> None:
    """Serve every instrument of a station until the program is ended; one line says when it is ready, and where."""
    file, _ = read_station(name)
    lab = SimulatedLab(file, seed, "serial", RealClock(speed))
    lab.start()
    try:
        resources = {role: {"serial": lab.resource_name(role)} for role in lab.hosted}
        if json:
            print(json_module.dumps({"resources": resources}), flush=True)
        else:
            for role, names in resources.items():
                for kind, resource in names.items():
                    print(f"{role:<16} {kind:<8} {resource}")
            print("ready; end with Ctrl-C", file=sys.stderr, flush=True)
        threading.Event().wait()
    finally:
        lab.close()
