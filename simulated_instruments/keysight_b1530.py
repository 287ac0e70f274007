"""The simulated WGFMU instrument library of the Keysight B1530A, at the vendor library's function table.

Functions have the vendor's names, argument order, codes and units, and return the code. Out-parameters are filled as
the real library fills them: pass ``ctypes.byref(x)``, a pointer or an array (``(c_double * n)()``, a numpy array or its
``data_as``); strings are ``bytes``. ``execute`` returns at once and the waveform plays on the bench's clock;
``waitUntilCompleted`` lets its time pass, and so, by a little, does every call that asks the instrument.

Not here: trigger lines (checked and kept, nothing is wired to them), a quantised output and converter, range changes
that take time to settle, time-outs. Source: the WGFMU sheet, made from the vendor's header and user's guide as public
wrappers restate them. Not checked against hardware.
"""

from collections.abc import Collection

from simulated_instruments.keysight_b1530_wgfmu.channel_functions import ChannelFunctions
from simulated_instruments.keysight_b1530_wgfmu.check_functions import CheckFunctions
from simulated_instruments.keysight_b1530_wgfmu.library import DEFAULT_CHANNELS
from simulated_instruments.keysight_b1530_wgfmu.pattern_functions import PatternFunctions
from simulated_instruments.keysight_b1530_wgfmu.run_functions import RunFunctions
from simulated_instruments.keysight_b1530_wgfmu.session_functions import SessionFunctions

MOST_MODULES = 5
"""Of a mainframe, with two channels each. Source: data sheet of the B1500A."""


class SimulatedWgfmuLibrary(SessionFunctions, ChannelFunctions, PatternFunctions, CheckFunctions, RunFunctions):
    """The library and the WGFMU channels behind it.

    Args:
        clock: The bench's clock.
        terminals: By channel id: slot * 100 + 1 or 2; without any, the open channels of slots 5 and 6.
        mainframe: The simulated B1500A; an error that waits in it keeps a session from opening.
        seed: Seed of the measurement noise.
    """

    terminal_names = tuple(slot * 100 + number for slot in range(1, 11) for number in (1, 2))

    @staticmethod
    def needed_terminals(wired: Collection[int]) -> tuple[int, ...]:
        """Return the channels of the modules in slots 5 and 6 and of every slot that something is wired to.

        Raises:
            ValueError: They are more than the mainframe takes.
        """
        slots = sorted({number // 100 for number in (*wired, *DEFAULT_CHANNELS)})
        if len(slots) > MOST_MODULES:
            raise ValueError(f"a mainframe takes {MOST_MODULES} modules, not one in each of the slots {slots}")
        return tuple(slot * 100 + number for slot in slots for number in (1, 2))
