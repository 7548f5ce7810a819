"""What is kept of a generation and of the content it made, and who may see it."""
