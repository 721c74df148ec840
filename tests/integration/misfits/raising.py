"""A module of flows whose import fails half way."""

raise ZeroDivisionError("the licence types could not be counted")
