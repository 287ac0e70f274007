"""Parts of the bench: what drives a net, what hangs on it, what happened there."""
