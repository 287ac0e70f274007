"""The simulated WGFMU instrument library of the Keysight B1530A, at the vendor library's function table.

Functions have the vendor's names, argument order, codes and units, and return the code. Out-parameters are filled as
the real library fills them: pass ``ctypes.byref(x)``, a pointer or an array (``(c_double * n)()``, a numpy array or its
``data_as``); strings are ``bytes``. ``execute`` returns at once and the waveform plays on the bench's clock;
``waitUntilCompleted`` lets its time pass, and so, by a little, does every call that asks the instrument.

Not here: trigger lines (checked and kept, nothing is wired to them), a quantised output and converter, range changes
that take time to settle, time-outs. Source: the WGFMU sheet, made from the vendor's header and user's guide as public
wrappers restate them. Not checked against hardware.
"""

from simulated_instruments.keysight_b1530_wgfmu.channel_functions import ChannelFunctions
from simulated_instruments.keysight_b1530_wgfmu.check_functions import CheckFunctions
from simulated_instruments.keysight_b1530_wgfmu.library import DEFAULT_CHANNELS
from simulated_instruments.keysight_b1530_wgfmu.pattern_functions import PatternFunctions
from simulated_instruments.keysight_b1530_wgfmu.run_functions import RunFunctions
from simulated_instruments.keysight_b1530_wgfmu.session_functions import SessionFunctions


class SimulatedWgfmuLibrary(SessionFunctions, ChannelFunctions, PatternFunctions, CheckFunctions, RunFunctions):
    """The library and the WGFMU channels behind it.

    Args:
        clock: The bench's clock.
        terminals: By channel id: slot * 100 + 1 or 2; without any, the open channels of slots 5 and 6.
        mainframe: The simulated B1500A; an error that waits in it keeps a session from opening.
        seed: Seed of the measurement noise.
    """

    terminal_names = DEFAULT_CHANNELS
    needs_every_terminal = True
