"""Links: the lines to instruments, over PyVISA resources or a maker's library."""

from labctl.links.library import LibraryLink
from labctl.links.link import Link, LinkOptions, TranscriptEntry

__all__ = ["LibraryLink", "Link", "LinkOptions", "TranscriptEntry"]
