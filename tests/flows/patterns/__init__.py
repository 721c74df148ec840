"""Licensing flows of another author, one per workflow pattern of van der Aalst's catalogue; none knows of credit.

Each flow comes with its author's tests: functions that drive it to its end through Viewflow's own ways.
``catalogue`` lists them all.
"""
