"""What a world is, from the wish to the files."""
