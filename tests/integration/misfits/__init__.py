"""Modules that somebody got wrong, for the errors of start-up."""
