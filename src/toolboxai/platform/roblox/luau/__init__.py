"""The scripts of a world: templates that hold no data, and data that holds no code."""
