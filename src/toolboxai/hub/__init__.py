"""This process: its connections and who of them is subscribed to what. Pure."""
