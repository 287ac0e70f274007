"""Working with one instrument by hand."""
