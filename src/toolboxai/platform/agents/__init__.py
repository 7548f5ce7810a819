"""Agents: who does which kinds of task, what waits for them, who holds what, and how it ended."""
