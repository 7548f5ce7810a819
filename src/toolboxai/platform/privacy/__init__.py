"""What is kept of whom: handed out, deleted, and forgotten in time."""
