"""Studio plugins: who they are, one log for each of them, and the commands that stand in it."""
