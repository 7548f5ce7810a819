"""Apps: the tenants of the Channels server, with their keys and limits."""
