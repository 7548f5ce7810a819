"""The Python client: Channels, typed events, reconnects, missed events."""
