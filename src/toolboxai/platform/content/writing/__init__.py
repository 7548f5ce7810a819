"""Lessons and quizzes that a language model words, held to the text that they are about."""
