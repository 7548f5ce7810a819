"""What a text holds: found, counted and computed, one idea a module."""
