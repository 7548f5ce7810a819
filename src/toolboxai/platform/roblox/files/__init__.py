"""From a plan to the files that Roblox Studio, Rojo and our plugin read."""
