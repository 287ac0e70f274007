"""The parts of the simulated MSOX3104: settings, acquisition, trigger, sampling, transfer, measurements, screen."""
