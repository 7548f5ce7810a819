"""Roblox worlds: from a finished lesson, or from nothing but a theme and a size, to files that Studio opens."""
