"""From a text to a lesson and a quiz."""
