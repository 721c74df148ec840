"""A real Chromium on the running demonstration."""
