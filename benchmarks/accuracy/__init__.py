"""Accuracy on plain files, by published protocols: ``python -m benchmarks.accuracy --help``."""
