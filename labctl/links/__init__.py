"""Links: the lines to instruments, over PyVISA resources."""

from labctl.links.link import Link, LinkOptions, TranscriptEntry

__all__ = ["Link", "LinkOptions", "TranscriptEntry"]
