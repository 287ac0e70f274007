"""A second SMU of a B1500A that holds a voltage, such as that of a gate, while the first one measures.

Source: B1500A/B1505A Programming Guide, ed. 11, chapter 4: CN, DV, DZ, CL.
"""

from typing import NamedTuple

from drivers.b1500_flex.modules import Smu
from drivers.b1500_flex.session import command
from labctl.errors import ConfigError, LimitError

LEAST_COMPLIANCE = 0.01
"""Lowest compliance as part of the smallest range (unconfirmed)."""


class Bias(NamedTuple):
    """The SMU that holds the bias.

    Attributes:
        role: Of the driver, in messages.
        smu: Its slot; 0 where the station file names none.
        module: What it can.
        sample: Highest voltage that the sample stands, in V, if there is one.
    """

    role: str
    smu: int
    module: Smu
    sample: float | None

    def hold(self, voltage: float, compliance: float) -> tuple[str, str]:
        """Return the commands that hold ``voltage`` (V) within ``compliance`` (A).

        Raises:
            ConfigError: There is no such SMU.
            LimitError: Beyond what the SMU can or the sample stands.
        """
        if not self.smu:
            raise ConfigError(f"{self.role}: the station file names no bias_smu")
        highest = min(bound for bound in (self.module.voltage, self.sample) if bound is not None)
        if not abs(voltage) <= highest:
            raise LimitError(f"{self.role}: a bias of {voltage} V is more than {highest} V, the most there is")
        least, most = LEAST_COMPLIANCE * self.module.smallest, self.module.current
        if not least <= compliance <= most:
            raise LimitError(f"{self.role}: the bias takes a compliance of {least} to {most} A, not {compliance} A")
        return command("CN", self.smu), command("DV", self.smu, 0, voltage, compliance)
