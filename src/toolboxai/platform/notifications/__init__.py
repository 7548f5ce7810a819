"""What everybody is told on ``system-notifications``: that the server leaves, brown-outs, the operator's own notices."""
