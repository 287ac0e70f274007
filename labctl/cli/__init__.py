"""The command line; nothing heavy is imported before a command needs it."""


def main() -> None:
    """Run the command line; the exit status is the contract of ``labctl --help``."""
    from labctl.cli.errors import guarded

    guarded()
