"""Answers to the quiz of a content: graded here, kept, and told as results."""
