"""One process of the service: the hub and the broker, joined."""
