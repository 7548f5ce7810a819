"""What is kept of worlds."""
