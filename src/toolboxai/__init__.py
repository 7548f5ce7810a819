"""A Pusher Channels server in Python, and the ToolBoxAI platform on top of it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
