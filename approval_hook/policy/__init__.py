"""The pure decision core: no clock, no settings, no I/O, no randomness."""
