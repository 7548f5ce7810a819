"""The work on a session: its turn, its stages, its events in order, and who watches over it."""
