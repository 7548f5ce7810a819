"""The Channels protocol, pure: bytes and values in, values out."""
