"""How a host is made to obey the gate."""
