"""From an analysed text to a quiz: a file for each kind of question makes drafts, ``choice`` takes the best of them.

``quiz`` is the stage.
"""
