"""What must hold on a real PostgreSQL server."""
