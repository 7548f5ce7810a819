"""Edits of a finished content, and parts of it made anew."""
