"""Template filters of the officers' pages."""
