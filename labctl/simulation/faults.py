"""Faults of a simulated line, as switches: bytes or messages lost, changed, repeated or late, or the line gone."""

import random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Faults(BaseModel):
    """What goes wrong on a line, and how often; all off by default.

    Byte faults are drawn for each byte in both directions, message faults for each piece that one side sends.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    drop_byte: Probability = Field(default=0.0, description="a byte is lost")
    flip_bit: Probability = Field(default=0.0, description="one bit of a byte is inverted")
    lose_request: Probability = Field(default=0.0, description="nothing of a message reaches the instrument")
    lose_reply: Probability = Field(default=0.0, description="nothing of an answer reaches the host")
    repeat_request: Probability = Field(default=0.0, description="a message arrives twice")
    delay_request: Probability = Field(default=0.0, description="a message arrives again, after the next one")
    truncate_reply: Probability = Field(default=0.0, description="an answer breaks off")
    delay: float = Field(default=0.0, ge=0.0, description="s by which every answer is late")
    error_after: int | None = Field(default=None, ge=0, description="messages until the instrument queues an error")
    disconnect_after: int | None = Field(default=None, ge=0, description="messages until the line is gone")
    back_after: int | None = Field(
        default=None, ge=0, description="tries to reach a line that is gone until it is back; without it, it stays away"
    )
    seed: int = Field(default=0, description="of the faults' own random numbers")


class FaultyLine:
    """Applies `Faults` to what goes through, with random numbers of its own: the simulated lab's stay the same."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.connected = True
        self._random = random.Random(faults.seed)
        self._held = b""
        self._messages = 0
        self._tries = 0

    @property
    def error_is_due(self) -> bool:
        """Whether the instrument is to queue an error before it hears the message at hand."""
        return self.faults.error_after is not None and self._messages == self.faults.error_after + 1

    def reach(self) -> bool:
        """Return whether there is a line; one that is gone may come back for good after some tries."""
        if not self.connected:
            self._tries += 1
            if self.faults.back_after is not None and self._tries > self.faults.back_after:
                self.connected, self.faults.disconnect_after = True, None
        return self.connected

    def to_instrument(self, data: bytes) -> list[bytes]:
        """Return what of a message reaches the instrument: a piece for each time that it does."""
        faults = self.faults
        self._messages += 1
        if faults.disconnect_after is not None and self._messages > faults.disconnect_after:
            self.connected = False
        if self._hit(faults.lose_request):
            return []
        pieces = [self._bytes(data)]
        if self._held:
            pieces.append(self._held)
            self._held = b""
        if self._hit(faults.repeat_request):
            pieces.append(data)
        if self._hit(faults.delay_request):
            self._held = data
        return pieces

    def to_host(self, data: bytes) -> bytes:
        """Return what of an answer reaches the host."""
        if not data or self._hit(self.faults.lose_reply):
            return b""
        if self._hit(self.faults.truncate_reply):
            data = data[: self._random.randrange(len(data))]
        return self._bytes(data)

    def _hit(self, probability: float) -> bool:
        return probability > 0.0 and self._random.random() < probability

    def _bytes(self, data: bytes) -> bytes:
        faults = self.faults
        if not faults.drop_byte and not faults.flip_bit:
            return data
        out = bytearray()
        for byte in data:
            if self._hit(faults.drop_byte):
                continue
            out.append(byte ^ (1 << self._random.randrange(8)) if self._hit(faults.flip_bit) else byte)
        return bytes(out)
