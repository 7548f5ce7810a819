"""Who did what and when, for those who answer for a school."""
