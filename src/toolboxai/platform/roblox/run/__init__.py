"""How a world is built: durable, component by component."""
