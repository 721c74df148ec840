"""The gate in every flow of the pattern catalogue."""
