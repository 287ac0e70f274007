"""Training networks on memristors: data, mapping of weights to cells, update rules and PyTorch optimisers.

The optimisers need PyTorch: ``pip install labctl[training]``.
"""
