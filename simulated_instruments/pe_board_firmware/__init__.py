"""The firmware of the simulated PE board, written from docs/pe-board-wire.md (protocol version 1) alone."""
