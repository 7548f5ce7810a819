"""A Pusher Channels server in Python, and the ToolBoxAI platform on top of it."""

__all__ = ["__released__", "__version__"]

__version__ = "0.1.0"
__released__ = "2026-11-22"  # the day in the changelog; dates that count from the release count from it
