"""Benchmarks: one module per area, each measured against its named peer in the same run."""
