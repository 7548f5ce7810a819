"""A reader of Aiken: a line for the question, lettered lines for its choices, a line for the answer."""

import re

from readers.quiz import ReadQuestion

__all__ = ["read_aiken"]


def read_aiken(content: bytes) -> list[ReadQuestion]:
    """The questions, in order."""
    questions: list[ReadQuestion] = []
    question = ""
    options: list[str] = []
    for line in content.decode().split("\n"):
        if len(line.strip()) < 2:
            continue
        if choice := re.match(r"([A-Z])[).][ \t]+", line):
            assert question
            assert choice[1] == chr(ord("A") + len(options))
            options.append(line[choice.end() :])
        elif answer := re.fullmatch(r"ANSWER: ([A-Z])", line):
            assert len(options) >= 2
            questions.append(
                ReadQuestion("choice", question, tuple(options), options[ord(answer[1]) - ord("A")])
            )
            question, options = "", []
        else:
            assert not question, "a question is one line"
            question = line
    assert not question
    return questions
