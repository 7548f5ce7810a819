"""The words around a lesson's text on the sheets, such as “Question” and “Why”, in each language that has them.

None of them says anything about the subject. ``{…}`` takes a number, a level or a name.
"""

from typing import Final

from msgspec import Struct

__all__ = ["WORDS", "Words", "words_for"]


class Words(Struct, frozen=True, kw_only=True):
    """One language's words; each is named by its English one."""

    language: str
    for_teacher: str
    for_student: str
    subject: str
    grade: str
    duration: str
    minutes: str
    minutes_short: str
    text_difficulty: str
    reading_grade: str
    made_by: str
    made_offline: str
    made_with: str
    numbers: str
    numbers_meaning: str
    objectives: str
    lesson: str
    listen_for: str
    expected: str
    quiz: str
    no_questions: str
    question: str
    answer: str
    your_answer: str
    match_hint: str
    item: str
    letter: str
    partner: str
    order_hint: str
    number: str
    accepted: str
    tolerance: str
    tolerance_amount: str
    why: str
    source: str
    no_source: str
    difficulty: str
    objective: str
    coverage: str
    coverage_meaning: str
    sections: str
    questions: str
    none: str
    covered: str
    no_section: str
    no_question: str
    neither: str
    notes: str
    page: str
    levels: dict[str, str]
    blooms: dict[str, str]


_ENGLISH: Final = Words(
    language="en",
    for_teacher="Teacher's key",
    for_student="Pupil's sheet",
    subject="Subject",
    grade="Grade",
    duration="Duration",
    minutes="{minutes} minutes",
    minutes_short="{minutes} min",
    text_difficulty="Difficulty of the text",
    reading_grade="{level} (reading grade {grade})",
    made_by="Made by",
    made_offline="the offline engine, from your text; quoted sentences are the text's own",
    made_with="{generator}, from your text; quoted sentences are the text's own",
    numbers="Numbers in brackets",
    numbers_meaning="[1] is the first sentence of your text",
    objectives="Learning objectives",
    lesson="Lesson",
    listen_for="Listen for",
    expected="Expected answer",
    quiz="Quiz",
    no_questions="There is no question in this quiz.",
    question="Question {number}",
    answer="Answer",
    your_answer="Your answer",
    match_hint="Write the letter of the right partner beside each item.",
    item="Item",
    letter="Letter",
    partner="Partner",
    order_hint="Number these from 1 to {count} in the right order.",
    number="Number",
    accepted="Also right",
    tolerance="Tolerance",
    tolerance_amount="up to {amount} more or less",
    why="Why",
    source="Source",
    no_source="no sentence of your text: written by a teacher",
    difficulty="Difficulty",
    objective="Objective",
    coverage="Coverage",
    coverage_meaning="Which sections and questions serve each objective",
    sections="Sections",
    questions="Questions",
    none="none",
    covered="Every objective has a section and a question.",
    no_section="Objective {number} has no section.",
    no_question="Objective {number} has no question.",
    neither="Objective {number} has no section and no question.",
    notes="Notes",
    page="Page",
    levels={"easy": "easy", "medium": "medium", "hard": "hard", "expert": "expert"},
    blooms={
        "remember": "remember",
        "understand": "understand",
        "apply": "apply",
        "analyze": "analyze",
        "evaluate": "evaluate",
        "create": "create",
    },
)

_SPANISH: Final = Words(
    language="es",
    for_teacher="Clave para el profesorado",
    for_student="Hoja del alumnado",
    subject="Asignatura",
    grade="Curso",
    duration="Duración",
    minutes="{minutes} minutos",
    minutes_short="{minutes} min",
    text_difficulty="Dificultad del texto",
    reading_grade="{level} (grado de lectura {grade})",
    made_by="Elaboración",
    made_offline="el motor sin conexión, a partir de su texto; las frases citadas son del propio texto",
    made_with="{generator}, a partir de su texto; las frases citadas son del propio texto",
    numbers="Números entre corchetes",
    numbers_meaning="[1] es la primera frase de su texto",
    objectives="Objetivos de aprendizaje",
    lesson="Clase",
    listen_for="Se espera oír",
    expected="Respuesta esperada",
    quiz="Cuestionario",
    no_questions="Este cuestionario no tiene ninguna pregunta.",
    question="Pregunta {number}",
    answer="Respuesta",
    your_answer="Tu respuesta",
    match_hint="Escribe junto a cada elemento la letra de su pareja.",
    item="Elemento",
    letter="Letra",
    partner="Pareja",
    order_hint="Numera del 1 al {count} en el orden correcto.",
    number="Número",
    accepted="También es correcto",
    tolerance="Tolerancia",
    tolerance_amount="hasta {amount} más o menos",
    why="Por qué",
    source="Fuente",
    no_source="ninguna frase de su texto: la escribió el profesorado",
    difficulty="Dificultad",
    objective="Objetivo",
    coverage="Cobertura",
    coverage_meaning="Qué secciones y preguntas sirven a cada objetivo",
    sections="Secciones",
    questions="Preguntas",
    none="ninguna",
    covered="Cada objetivo tiene una sección y una pregunta.",
    no_section="El objetivo {number} no tiene ninguna sección.",
    no_question="El objetivo {number} no tiene ninguna pregunta.",
    neither="El objetivo {number} no tiene ninguna sección ni ninguna pregunta.",
    notes="Notas",
    page="Página",
    levels={"easy": "fácil", "medium": "media", "hard": "difícil", "expert": "experta"},
    blooms={
        "remember": "recordar",
        "understand": "comprender",
        "apply": "aplicar",
        "analyze": "analizar",
        "evaluate": "evaluar",
        "create": "crear",
    },
)

_GERMAN: Final = Words(
    language="de",
    for_teacher="Lösungen für die Lehrkraft",
    for_student="Arbeitsblatt",
    subject="Fach",
    grade="Klassenstufe",
    duration="Dauer",
    minutes="{minutes} Minuten",
    minutes_short="{minutes} min",
    text_difficulty="Schwierigkeit des Textes",
    reading_grade="{level} (Lesestufe {grade})",
    made_by="Erstellt",
    made_offline="ohne Netz aus Ihrem Text; zitierte Sätze stehen wörtlich im Text",
    made_with="mit {generator} aus Ihrem Text; zitierte Sätze stehen wörtlich im Text",
    numbers="Zahlen in Klammern",
    numbers_meaning="[1] ist der erste Satz Ihres Textes",
    objectives="Lernziele",
    lesson="Unterrichtsstunde",
    listen_for="Erwartet wird",
    expected="Erwartete Antwort",
    quiz="Quiz",
    no_questions="Dieses Quiz hat keine Frage.",
    question="Frage {number}",
    answer="Antwort",
    your_answer="Deine Antwort",
    match_hint="Schreibe neben jeden Eintrag den Buchstaben des passenden Partners.",
    item="Eintrag",
    letter="Buchstabe",
    partner="Partner",
    order_hint="Nummeriere von 1 bis {count} in der richtigen Reihenfolge.",
    number="Nummer",
    accepted="Ebenfalls richtig",
    tolerance="Toleranz",
    tolerance_amount="bis zu {amount} mehr oder weniger",
    why="Warum",
    source="Quelle",
    no_source="kein Satz Ihres Textes: von einer Lehrkraft geschrieben",
    difficulty="Schwierigkeit",
    objective="Lernziel",
    coverage="Abdeckung",
    coverage_meaning="Welche Abschnitte und Fragen jedem Lernziel dienen",
    sections="Abschnitte",
    questions="Fragen",
    none="keine",
    covered="Jedes Lernziel hat einen Abschnitt und eine Frage.",
    no_section="Lernziel {number} hat keinen Abschnitt.",
    no_question="Lernziel {number} hat keine Frage.",
    neither="Lernziel {number} hat keinen Abschnitt und keine Frage.",
    notes="Hinweise",
    page="Seite",
    levels={"easy": "leicht", "medium": "mittel", "hard": "schwer", "expert": "sehr schwer"},
    blooms={
        "remember": "erinnern",
        "understand": "verstehen",
        "apply": "anwenden",
        "analyze": "analysieren",
        "evaluate": "bewerten",
        "create": "erschaffen",
    },
)

WORDS: Final = {words.language: words for words in (_ENGLISH, _SPANISH, _GERMAN)}


def words_for(language: str) -> Words:
    """The words for a text in the language of this BCP 47 tag: its own, else English ones."""
    return WORDS.get(language.partition("-")[0].lower(), _ENGLISH)
