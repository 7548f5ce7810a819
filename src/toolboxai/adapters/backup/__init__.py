"""One file with everything that a server keeps: written from a running one, restored into an empty database."""
