"""A lesson out of an analysed text."""
