"""The PE board's wire language, host side, as docs/pe-board-wire.md has it."""
