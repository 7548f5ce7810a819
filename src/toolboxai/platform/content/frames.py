"""Every sentence of a lesson that is not the text's own. None of them says anything about the subject.

``{…}`` is filled with words of the text or of the request, in quotation marks where they are quoted.
"""

from typing import Final

__all__ = [
    "ACTIVITY_CARD",
    "ACTIVITY_CARDS",
    "ACTIVITY_EXAMPLE",
    "ACTIVITY_EXAMPLE_FIND",
    "ACTIVITY_FIND",
    "ACTIVITY_LINE",
    "ACTIVITY_PAIR",
    "ACTIVITY_TURN",
    "CHECK_INTRO",
    "CHECK_PROMPT",
    "CLOZE_CHOICE",
    "CLOZE_FILL",
    "DEFINITION_MEANING",
    "DEFINITION_TERM",
    "EXIT_LEARNED",
    "EXIT_OPEN",
    "EXPLANATION_LINK",
    "EXPLANATION_READ",
    "EXPLANATION_TELL",
    "HOOK_KNOW",
    "HOOK_READ",
    "HOOK_WONDER",
    "RATIONALE_FALSE",
    "RATIONALE_QUOTE",
    "TITLES",
    "TRUE_FALSE",
    "VOCABULARY_INTRO",
]

TITLES: Final = {
    "hook": "Getting started",
    "vocabulary": "Words to know",
    "explanation": "Reading the text",
    "activity": "Activity: linking ideas",
    "check": "Check for understanding",
    "exit_ticket": "Exit ticket",
}

HOOK_KNOW: Final = "Write down what you already know about \u201c{topic}\u201d."
HOOK_READ: Final = "Read this sentence from the text:"
HOOK_WONDER: Final = "Which question would you like the text to answer?"

VOCABULARY_INTRO: Final = "Read each word in its sentence and explain it to a partner in your own words."

EXPLANATION_READ: Final = "Read these sentences from the text aloud, one after another:"
EXPLANATION_LINK: Final = (
    "Explain to a partner what the text says about \u201c{one}\u201d and \u201c{other}\u201d."
)
EXPLANATION_TELL: Final = "Tell a partner in your own words what these sentences say."

# The task, an example that is done, then the pupils' turn; what is expected of them is a sentence of the text.
ACTIVITY_CARDS: Final = "Write each of these terms on a card: {terms}."
ACTIVITY_EXAMPLE: Final = (
    "Worked example: \u201c{one}\u201d and \u201c{other}\u201d belong together, because the text says:"
)
ACTIVITY_LINE: Final = "So lay these two cards side by side, with a line between them, and write on the line: \u201c{link}\u201d."
ACTIVITY_TURN: Final = "Your turn: find the sentence of the text that links each of these pairs, lay the cards, and write on the line."
ACTIVITY_PAIR: Final = "\u201c{one}\u201d and \u201c{other}\u201d"
ACTIVITY_EXAMPLE_FIND: Final = (
    "Worked example: copy the sentence that tells most about \u201c{term}\u201d under its card:"
)
ACTIVITY_FIND: Final = "Your turn: for each of these cards, find the sentence of the text that tells most about the term, and copy it."
ACTIVITY_CARD: Final = "The card \u201c{term}\u201d"

CHECK_INTRO: Final = "Answer in one or two sentences, then look at the text to see whether you were right."
CHECK_PROMPT: Final = "What does the text say about \u201c{term}\u201d?"

EXIT_LEARNED: Final = (
    "Write one sentence: the most important thing that you learned about \u201c{topic}\u201d."
)
EXIT_OPEN: Final = "Write one question that you still have."

CLOZE_CHOICE: Final = "What completes this sentence from the text? \u201c{sentence}\u201d"
CLOZE_FILL: Final = "Fill in what is missing in this sentence from the text: \u201c{sentence}\u201d"
DEFINITION_TERM: Final = "Which term does the text explain with these words: \u201c{meaning}\u201d?"
DEFINITION_MEANING: Final = "How does the text explain the term \u201c{term}\u201d?"
TRUE_FALSE: Final = "True or false? According to the text: \u201c{statement}\u201d"

RATIONALE_QUOTE: Final = "The text says: \u201c{sentence}\u201d"
RATIONALE_FALSE: Final = "The text says \u201c{right}\u201d, not \u201c{wrong}\u201d: \u201c{sentence}\u201d"
