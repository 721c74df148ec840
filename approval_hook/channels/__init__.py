"""Ways to applicants that need nothing but Django; see ``ports.Channel``."""
