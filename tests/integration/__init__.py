"""Django and Viewflow together."""
