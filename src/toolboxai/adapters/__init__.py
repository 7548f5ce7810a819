"""The other ends of the platform's ports."""
