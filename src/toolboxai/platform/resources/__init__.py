"""What other rooms' channels are about: environments, agents, plugins, and what is shared with whom."""
