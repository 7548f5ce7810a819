"""One browser for all that stands here: pytest gives up what is made for a package when it leaves it."""
