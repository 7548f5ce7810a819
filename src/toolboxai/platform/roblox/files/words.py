"""The few words that stand in a world itself, in the languages that are spoken in full."""

from types import MappingProxyType
from typing import Final

__all__ = ["ANSWER", "QUESTION", "TALK"]

ANSWER: Final = MappingProxyType({"en": "Answer", "es": "Responder", "de": "Antworten"})
QUESTION: Final = MappingProxyType({"en": "Question", "es": "Pregunta", "de": "Frage"})
TALK: Final = MappingProxyType({"en": "Talk", "es": "Hablar", "de": "Ansprechen"})
