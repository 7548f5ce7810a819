"""What happened on channels, posted: held back, gathered, written down, delivered in order."""
