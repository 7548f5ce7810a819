"""Order, history and the wire between nodes: one port, several ends."""
