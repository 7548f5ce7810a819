"""Worlds that run at Roblox: what they may do here, and what they post."""
