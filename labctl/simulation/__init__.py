"""Hosting of simulated instruments: in-process VISA library, sockets, serial pseudo-terminals."""
