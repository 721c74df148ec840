"""Settings, URLs and WSGI entry of the runnable application."""
