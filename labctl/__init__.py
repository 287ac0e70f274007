"""labctl: control a memristor lab's instruments and run its measurements."""
