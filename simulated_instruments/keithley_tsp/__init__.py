"""What the simulated Keithley 2600 is made of: its Lua machine, its namespace and its source-measure channels."""
