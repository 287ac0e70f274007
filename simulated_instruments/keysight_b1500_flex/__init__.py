"""The parts of the simulated B1500A: errors, ranges, data formats, source-monitor units, measurements."""
