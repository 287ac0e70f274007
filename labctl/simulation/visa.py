"""The in-process VISA library: PyVISA's own resources, with simulated instruments behind them."""

import itertools
from typing import Any

from pyvisa import constants, rname
from pyvisa.attributes import AttributesByID
from pyvisa.constants import ResourceAttribute, StatusCode
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.util import LibraryPath
from typing_extensions import override

from labctl.errors import LinkError
from labctl.links.channels import Channel
from labctl.simulation.hosting import TRIGGER, HostedInstrument

_SERIALS = itertools.count(1)


class InProcessChannel(Channel):
    """A session's bytes; an answer is there as soon as the message is written, so that nobody waits in real time."""

    answers_at_once = True

    def __init__(self, hosted: HostedInstrument) -> None:
        self.hosted = hosted
        self.output = b""

    @override
    def write(self, data: bytes) -> None:
        self.output += self.hosted.exchange(data)

    @override
    def read(self, timeout: float) -> bytes:
        data, self.output = self.output or self.hosted.talk(), b""
        if not data:
            self.hosted.clock.wait(timeout)
        return data


class _Session:
    def __init__(self, hosted: HostedInstrument, name: str) -> None:
        self.channel = InProcessChannel(hosted)
        self.attributes: dict[Any, Any] = {ResourceAttribute.resource_name: name}


class InProcessVisaLibrary(VisaLibraryBase):
    """A VISA library whose resources are hosted instruments; make it with `library_for`."""

    instruments: dict[str, HostedInstrument]

    def _init(self) -> None:
        self.instruments = {}
        self._sessions: dict[int, _Session] = {}
        self._handles = itertools.count(1)

    def byte_channel(self, session: int) -> InProcessChannel:
        """Return the channel of an open session."""
        return self._sessions[session].channel

    @override
    def open_default_resource_manager(self) -> tuple[Any, StatusCode]:
        return next(self._handles), StatusCode.success

    @override
    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: Any = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[Any, StatusCode]:
        name = str(rname.ResourceName.from_string(resource_name))
        hosted = self.instruments.get(name)
        if hosted is None or not hosted.line.reach():
            return 0, self.handle_return_value(session, StatusCode.error_resource_not_found)
        if any(open_.channel.hosted is hosted for open_ in self._sessions.values()):
            return 0, self.handle_return_value(session, StatusCode.error_resource_busy)
        handle = next(self._handles)
        self._sessions[handle] = _Session(hosted, name)
        return handle, StatusCode.success

    @override
    def close(self, session: Any) -> StatusCode:
        self._sessions.pop(session, None)
        return StatusCode.success

    @override
    def disable_event(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        return StatusCode.success  # there are no events; PyVISA asks for this when it closes a resource

    @override
    def discard_events(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        return StatusCode.success

    @override
    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        return rname.filter(self.instruments, query)

    @override
    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        try:
            self._sessions[session].channel.write(bytes(data))
        except LinkError:
            return 0, self.handle_return_value(session, StatusCode.error_connection_lost)
        return len(data), self.handle_return_value(session, StatusCode.success)

    @override
    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        opened = self._sessions[session]
        channel = opened.channel
        try:
            channel.output = channel.output or channel.hosted.talk()
        except LinkError:
            return b"", self.handle_return_value(session, StatusCode.error_connection_lost)
        if not channel.output:
            self.handle_return_value(session, StatusCode.error_timeout)
        data = channel.output[:count]
        ends = self._end_of_read(opened, data)
        data = data[:ends] if ends else data
        channel.output = channel.output[len(data) :]
        if ends:
            status = StatusCode.success_termination_character_read
        else:
            status = StatusCode.success_max_count_read if len(data) == count else StatusCode.success
        return data, self.handle_return_value(session, status)

    @override
    def clear(self, session: Any) -> StatusCode:
        opened = self._sessions[session]
        opened.channel.output = b""
        opened.channel.hosted.clear()
        return self.handle_return_value(session, StatusCode.success)

    @override
    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        status = self._sessions[session].channel.hosted.serial_poll()
        return status, self.handle_return_value(session, StatusCode.success)

    @override
    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        self._sessions[session].channel.write(TRIGGER)
        return self.handle_return_value(session, StatusCode.success)

    @override
    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        attributes = self._sessions[session].attributes
        name = attributes[ResourceAttribute.resource_name]
        if attribute == ResourceAttribute.interface_type:
            value: Any = rname.ResourceName.from_string(name).interface_type_const
        elif attribute == ResourceAttribute.asrl_avalaible_number:
            value = len(self._sessions[session].channel.output)
        else:
            value = attributes.get(attribute, AttributesByID[attribute].default)
        return value, self.handle_return_value(session, StatusCode.success)

    @override
    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        opened = self._sessions[session]
        opened.attributes[attribute] = attribute_state
        if attribute == ResourceAttribute.asrl_baud_rate:
            opened.channel.hosted.host_baud_rate = attribute_state
        return self.handle_return_value(session, StatusCode.success)

    @staticmethod
    def _end_of_read(opened: _Session, data: bytes) -> int:
        """Return how many bytes a read ends after because of a termination character, 0 for no such end."""
        if not opened.attributes.get(ResourceAttribute.termchar_enabled):
            return 0
        return data.find(bytes([opened.attributes.get(ResourceAttribute.termchar, 10)])) + 1


def library_for(instruments: dict[str, HostedInstrument]) -> InProcessVisaLibrary:
    """Return a VISA library that serves ``instruments``, by resource name."""
    library = InProcessVisaLibrary(LibraryPath(f"labsim-{next(_SERIALS)}", "simulated lab"))
    if not isinstance(library, InProcessVisaLibrary):
        raise TypeError(f"PyVISA made a {type(library).__name__}, expected an InProcessVisaLibrary")
    library.instruments = {str(rname.ResourceName.from_string(name)): hosted for name, hosted in instruments.items()}
    return library
