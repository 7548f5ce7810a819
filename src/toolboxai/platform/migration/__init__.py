"""Who still uses the old sockets."""
