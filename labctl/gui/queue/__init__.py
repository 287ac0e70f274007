"""The queue of runs: what waits, what it will do, and who starts the next one."""
