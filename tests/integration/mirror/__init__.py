"""The local mirror of lists."""
