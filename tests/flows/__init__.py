"""A small application of somebody else: flows the gate is injected into by tests."""
