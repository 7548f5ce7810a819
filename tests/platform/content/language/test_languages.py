"""Spanish and German, extractor by extractor: what is found in golden sentences, and what is left alone."""

import pytest

from toolboxai.platform.content.analysis.dates import find_dates
from toolboxai.platform.content.analysis.definitions import find_definition
from toolboxai.platform.content.analysis.enumerations import find_enumerations
from toolboxai.platform.content.analysis.names import find_names
from toolboxai.platform.content.analysis.objectives import bloom_of, unseen_verb
from toolboxai.platform.content.analysis.quantities import find_quantities
from toolboxai.platform.content.analysis.reading import Parsed, parse, read
from toolboxai.platform.content.analysis.relations import find_relations
from toolboxai.platform.content.analysis.sequences import told_in_order
from toolboxai.platform.content.analysis.suitability import leans_on_before, stands_alone
from toolboxai.platform.content.language.frames import Frames, frames_for
from toolboxai.platform.content.language.lexicon import FULL_LANGUAGES, lexicon_for
from toolboxai.platform.content.language.sentences import split_sentences
from toolboxai.platform.content.language.tokens import ending_gender, is_plural, singular, stem
from toolboxai.platform.content.model.analysis import ConceptKind, Enumeration, Sentence, SentenceKind
from toolboxai.platform.content.progress import Progress

WORDS_OF_ALL = ("stopwords", "verbs", "modifiers", "generic", "abbreviations", "antonyms", "bloom")


def sentence(text: str, index: int = 0) -> Parsed:
    return parse(Sentence(index, text, SentenceKind.PROSE, None, len(text.split())))


@pytest.mark.parametrize("language", FULL_LANGUAGES)
def test_a_full_language_has_every_table(language: str) -> None:
    lexicon = lexicon_for(f"{language}-XX")
    assert lexicon.complete
    assert all(getattr(lexicon, table) for table in WORDS_OF_ALL)
    assert len(lexicon.grammar.numbers.months) == 12
    assert set(lexicon.bloom.values()) == {
        "remember",
        "understand",
        "apply",
        "analyze",
        "evaluate",
        "create",
    }
    assert not lexicon.grammar.wishing.unseen & lexicon.bloom.keys()


def test_every_language_fills_the_same_frames_with_the_same_words() -> None:
    english, *others = (frames_for(language) for language in FULL_LANGUAGES)
    for other in others:
        assert other != english
        for name in Frames.__struct_fields__:
            mine, theirs = getattr(english, name), getattr(other, name)
            if isinstance(mine, str):
                assert _slots(mine) == _slots(theirs), name
            else:
                assert mine.keys() == theirs.keys(), name


def _slots(frame: str) -> list[str]:
    return sorted(part.split("}")[0] for part in frame.split("{")[1:])


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("es", "El Sr. Gómez llegó. Trajo p. ej. pan.", ["El Sr. Gómez llegó.", "Trajo p. ej. pan."]),
        ("es", "¿Por qué llueve? Porque hay nubes.", ["¿Por qué llueve?", "Porque hay nubes."]),
        ("de", "Am 3. Oktober 1990 war es so weit. Alle kamen.", ["Am 3. Oktober 1990 war es so weit.", "Alle kamen."]),
        ("de", "Im 19. Jahrhundert kam z. B. Dr. Koch. Er half.", ["Im 19. Jahrhundert kam z. B. Dr. Koch.", "Er half."]),
    ],
)  # fmt: skip
def test_where_sentences_end(language: str, text: str, parts: list[str]) -> None:
    assert list(split_sentences(text, lexicon_for(language))) == parts


@pytest.mark.parametrize(
    ("language", "text", "term", "meaning"),
    [
        ("es", "La evaporación es el proceso por el que un líquido se convierte en gas.", "evaporación", "el proceso por el que un líquido se convierte en gas"),
        ("es", "Los ribosomas son orgánulos que fabrican proteínas.", "ribosomas", "orgánulos que fabrican proteínas"),
        ("es", "El paso de líquido a gas se llama evaporación.", "evaporación", "El paso de líquido a gas"),
        ("es", "El conjunto de los animales de un lugar se denomina fauna.", "fauna", "El conjunto de los animales de un lugar"),
        ("es", "La ósmosis consiste en el paso lento de un disolvente.", "ósmosis", "el paso lento de un disolvente"),
        ("de", "Eine Kogge ist ein bauchiges Handelsschiff mit einem Mast.", "Kogge", "ein bauchiges Handelsschiff mit einem Mast"),
        ("de", "Lava ist geschmolzenes Gestein, das die Oberfläche erreicht hat.", "Lava", "geschmolzenes Gestein, das die Oberfläche erreicht hat"),
        ("de", "Den Übergang vom Wasser zum Dampf nennt man Verdunstung.", "Verdunstung", "Den Übergang vom Wasser zum Dampf"),
        ("de", "Unter Erosion versteht man die Abtragung des Bodens durch Wind und Wasser.", "Erosion", "die Abtragung des Bodens durch Wind und Wasser"),
        ("de", "Als Delta bezeichnet man eine Mündung mit vielen Armen.", "Delta", "eine Mündung mit vielen Armen"),
        ("en", "Voltage is the push that drives charges through a circuit, and it is measured in volts.", "Voltage", "the push that drives charges through a circuit"),
    ],
)  # fmt: skip
def test_what_the_text_says_a_term_is(language: str, text: str, term: str, meaning: str) -> None:
    found = find_definition(sentence(text), lexicon_for(language))
    assert found is not None
    assert (found.term, found.meaning) == (term, meaning)
    assert found.term in text
    assert found.meaning in text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Este es el proceso por el que sube el agua."),
        ("es", "La lluvia es la más importante de las fuentes."),
        ("es", "Su casa es una de las más antiguas del pueblo."),
        ("es", "La pregunta es cuándo vendrá la lluvia al campo."),
        ("de", "Dies ist der Vorgang, bei dem Wasser steigt."),
        ("de", "Der Regen ist die wichtigste Quelle für Wasser."),
        ("de", "Der Rhein ist einer der längsten Flüsse in Europa."),
        ("de", "Er ist ein Kaufmann, der viele Schiffe besitzt."),
        ("de", "Der tropische Regenwald ist ein Wald, der in der Nähe des Äquators wächst."),
    ],
)
def test_what_is_no_definition_is_left_alone(language: str, text: str) -> None:
    assert find_definition(sentence(text), lexicon_for(language)) is None


def names(language: str, *texts: str) -> dict[str, ConceptKind]:
    parsed = [sentence(text, index) for index, text in enumerate(texts)]
    found = find_names(parsed, lexicon_for(language), Progress(lambda *_: None, 1, ""))
    return {name.text: name.kind for name in found}


def test_spanish_names_are_found_with_their_kind() -> None:
    assert names(
        "es",
        "En esos años Miguel de Cervantes escribió una novela.",
        "La lluvia en Chile fue medida cada año.",
        "Muchos visitan el río Amazonas en verano.",
        "Recorre América del Sur a lo largo de muchos kilómetros.",
        "El lunes de enero no llovió nada.",
    ) == {
        "Miguel de Cervantes": ConceptKind.PERSON,
        "Chile": ConceptKind.PLACE,
        "Amazonas": ConceptKind.NAME,
        "América del Sur": ConceptKind.PLACE,
    }


def test_in_german_names_are_told_from_nouns() -> None:
    assert names(
        "de",
        "Im Jahr 1159 baute Heinrich der Löwe die Stadt Lübeck neu auf.",
        "Der Mathematiker Leonhard Euler lebte damals in Berlin.",
        "Eratosthenes bewies, dass die Erde eine Kugel ist.",
        "Die Kaufleute brachten den Menschen Salz und Heringe.",
        "Der Mauna Loa ist ein Vulkan mit flachen Hängen.",
    ) == {
        "Heinrich der Löwe": ConceptKind.NAME,
        "Lübeck": ConceptKind.PLACE,
        "Leonhard Euler": ConceptKind.PERSON,
        "Berlin": ConceptKind.PLACE,
        "Eratosthenes": ConceptKind.PERSON,
        "Mauna Loa": ConceptKind.NAME,
    }


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "Mide 1.500,5 metros y pesa 3,2 kilos.", [("1.500,5", "number", 1500.5, "metros"), ("3,2", "number", 3.2, "kilos")]),
        ("es", "Ganó el premio en 1906 por sus estudios.", [("1906", "year", 1906.0, "")]),
        ("es", "Es el 71 por ciento en 1999.", [("71", "percent", 71.0, "percent"), ("1999", "year", 1999.0, "")]),
        ("es", "En 1575 unos piratas capturaron el barco.", [("1575", "year", 1575.0, "")]),
        ("de", "Es gibt 1.500 tätige Vulkane und 3,5 Liter.", [("1.500", "number", 1500.0, "vulkane"), ("3,5", "number", 3.5, "liter")]),
        ("de", "Im Jahr 79 starben sie, und 1494 schloss der Hof.", [("79", "year", 79.0, ""), ("1494", "year", 1494.0, "")]),
        ("de", "Ein Turm von 1500 Metern hat 90 Prozent davon.", [("1500", "number", 1500.0, "metern"), ("90", "percent", 90.0, "percent")]),
        ("de", "Die Version 1.2.3 und 1,23,4 sind keine Zahlen.", []),
    ],
)  # fmt: skip
def test_numbers_in_the_marks_of_the_language(
    language: str, text: str, expected: list[tuple[str, str, float, str]]
) -> None:
    found = find_quantities(sentence(text), lexicon_for(language))
    assert [(one.text, one.kind, one.value, one.unit) for one in found] == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "She was born on 10 December 1815 and wrote it in August 1843.", [("10 December 1815", "day", 1815, 12, 10), ("August 1843", "month", 1843, 8, None)]),
        ("en", "On July 4, 1776 it began, and by 1789 it was over.", [("July 4, 1776", "day", 1776, 7, 4), ("1789", "year", 1789, None, None)]),
        ("en", "It grew in the nineteenth century and in the 5th century BC.", [("nineteenth century", "century", 1801, None, None), ("5th century BC", "century", -500, None, None)]),
        ("es", "El 7 de octubre de 1571 luchó, y en 1605 publicó la novela.", [("7 de octubre de 1571", "day", 1571, 10, 7), ("1605", "year", 1605, None, None)]),
        ("es", "Vivió en el siglo XVI y no en el siglo II a. C. con ellos.", [("siglo XVI", "century", 1501, None, None), ("siglo II a. C.", "century", -200, None, None)]),
        ("de", "Am 3. Oktober 1990 war es so weit, im Mai 1991 noch nicht.", [("3. Oktober 1990", "day", 1990, 10, 3), ("Mai 1991", "month", 1991, 5, None)]),
        ("de", "Im 19. Jahrhundert las man, was Euklid 300 v. Chr. bewies.", [("19. Jahrhundert", "century", 1801, None, None), ("300 v. Chr.", "year", -300, None, None)]),
    ],
)  # fmt: skip
def test_dates_with_what_they_say(
    language: str, text: str, expected: list[tuple[str, str, int, int | None, int | None]]
) -> None:
    parsed, lexicon = sentence(text), lexicon_for(language)
    found = list(find_dates(parsed, list(find_quantities(parsed, lexicon)), lexicon))
    assert [(one.text, one.kind, one.year, one.month, one.day) for one in found] == expected
    assert all(one.text in text for one in found)


@pytest.mark.parametrize(
    ("language", "text", "items"),
    [
        ("es", "Las formas son lluvia, nieve, granizo y rocío.", ("lluvia", "nieve", "granizo", "rocío")),
        ("es", "Están los hongos, las plantas y los animales.", ("hongos", "plantas", "animales")),
        ("es", "Hay plata, oro e hierro en la montaña.", ("plata", "oro", "hierro")),
        ("de", "Es fallen Regen, Schnee und Hagel vom Himmel.", ("Regen", "Schnee", "Hagel")),
        ("de", "Der Vesuv, der Fuji und der Ätna sind Vulkane.", ("Vesuv", "Fuji", "Ätna")),
    ],
)
def test_things_listed_side_by_side(language: str, text: str, items: tuple[str, ...]) -> None:
    assert [found.items for found in find_enumerations(sentence(text), lexicon_for(language))] == [items]


@pytest.mark.parametrize(
    ("language", "texts", "items"),
    [
        (
            "en",
            ("First the ice melts.", "Then water fills the lake.", "Finally the dam breaks open."),
            ("the ice melts", "water fills the lake", "the dam breaks open"),
        ),
        (
            "es",
            ("Primero se copia el ADN.", "Después se parte el núcleo.", "Por último, la célula se divide."),
            ("se copia el ADN", "se parte el núcleo", "la célula se divide"),
        ),
        (
            "de",
            ("Zuerst schmilzt das Eis.", "Dann füllt sich der See.", "Schließlich bricht der Damm."),
            ("schmilzt das Eis", "füllt sich der See", "bricht der Damm"),
        ),
    ],
)
def test_what_is_told_in_order_is_ordered(
    language: str, texts: tuple[str, ...], items: tuple[str, ...]
) -> None:
    parsed = [sentence(text, index) for index, text in enumerate(("Something before.", *texts))]
    assert list(told_in_order(parsed, lexicon_for(language))) == [Enumeration(items, (1, 2, 3), ordered=True)]


def test_then_without_first_is_no_order() -> None:
    parsed = [
        sentence(text) for text in ("Then it rains.", "Then it stops raining.", "Finally the sun shines.")
    ]
    assert list(told_in_order(parsed, lexicon_for("en"))) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Marie Curie discovered radium in 1898.", ("Marie Curie", "discovered", "radium", "deed")),
        ("en", "Heavy rain causes floods, and people suffer.", ("Heavy rain", "causes", "floods", "cause")),
        ("en", "The lake lies in a deep valley.", ("The lake", "lies in", "a deep valley", "place")),
        ("es", "Las células contienen agua y sales.", ("Las células", "contienen", "agua", "whole")),
        ("es", "La lluvia provoca grandes inundaciones.", ("La lluvia", "provoca", "grandes inundaciones", "cause")),
        ("es", "Madrid se encuentra en el centro de España.", ("Madrid", "se encuentra en", "el centro de España", "place")),
        ("de", "Euklid bewies den Satz.", ("Euklid", "bewies", "den Satz", "deed")),
        ("de", "Granit besteht aus Quarz und Glimmer.", ("Granit", "besteht aus", "Quarz", "whole")),
        ("de", "Die Insel liegt in der Nordsee.", ("Die Insel", "liegt in", "der Nordsee", "place")),
    ],
)  # fmt: skip
def test_relations_are_cut_from_their_sentence(
    language: str, text: str, expected: tuple[str, str, str, str]
) -> None:
    (found,) = find_relations(sentence(text), lexicon_for(language))
    assert (found.subject, found.relation, found.object, found.kind) == expected
    assert f"{found.subject} {found.relation} {found.object}" in text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "It causes floods in the valley every year."),
        ("en", "In the north lies a lake."),
        ("en", "He discovered it in the laboratory at night."),
        ("es", "Esto provoca grandes inundaciones en el valle."),
        ("de", "Sie besteht aus Quarz und aus Glimmer."),
        ("de", "Im Jahr 1361 eroberte der König die Stadt."),
        ("de", "Euklid bewies um 300 vor Christus vieles."),
    ],
)
def test_what_points_elsewhere_is_no_relation(language: str, text: str) -> None:
    assert list(find_relations(sentence(text), lexicon_for(language))) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Estas gotas caen sobre la tierra y llenan los ríos."),
        ("es", "Recorre todo el continente desde el norte hasta el sur."),
        ("es", "Sin embargo el agua no se pierde en la tierra."),
        ("es", "Por eso los ríos crecen mucho en los meses de invierno."),
        ("de", "Diese Tropfen fallen auf die Erde und füllen die Flüsse."),
        ("de", "Auf diese Weise ist die Insel vor langer Zeit entstanden."),
        ("de", "Dort leben viele Menschen an den Hängen der Berge."),
        ("de", "Deshalb wachsen die Flüsse in den Monaten des Winters."),
        ("en", "In the United States it supplies 120 volts at the socket."),
        ("en", "A year later the two of the sisters opened another school in Paris."),
        ("en", "Marie concluded that it must contain an unknown element."),
        ("en", "Maria therefore attended secret classes in the town."),
        ("en", "Near the houses, other transformers reduce it again."),
        ("es", "Dos años más tarde ganó la batalla de Ayacucho en los Andes."),
        ("es", "Los realistas recuperaron la ciudad de Caracas un año después."),
        ("es", "En 1805 juró en el Monte Sacro de Roma que liberaría a su patria."),
        ("es", "Al cabo de un año medía 336 metros."),
        ("de", "Im Frieden von Stralsund erhielten sie große Rechte in Dänemark."),
        ("de", "Wenige Jahre später wurde die Brücke über den Rhein gebaut."),
    ],
)
def test_sentences_that_lean_on_the_one_before_are_told(language: str, text: str) -> None:
    assert leans_on_before(sentence(text), lexicon_for(language))
    assert not stands_alone(sentence(text), lexicon_for(language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "William Shakespeare murió en Inglaterra el mismo año."),
        ("de", "Der Kaiser starb in der Stadt Aachen im selben Jahr."),
    ],
)
def test_the_same_year_is_that_of_another_sentence(language: str, text: str) -> None:
    assert not stands_alone(sentence(text), lexicon_for(language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Las nubes transportan el agua a grandes distancias con el viento."),
        ("de", "Die Wolken tragen das Wasser mit dem Wind über weite Strecken."),
        ("de", "Im Jahr 1883 explodierte der Krakatau mit einem lauten Knall."),
        ("en", "Marco Polo left Venice in 1271 and reached the court four years later."),
        ("en", "Even a weak current of air in a cloud keeps a small drop up there if it lifts it up."),
        ("es", "En 1863 llegó a Francia la filoxera, un insecto que ataca las raíces de la vid."),
        ("es", "En 1813 Bolívar entró en Caracas y recibió el título de Libertador."),
        ("es", "Dos años después de la guerra el rey fundó la ciudad de Lima."),
        ("de", "Am Boden ist es dunkel, weil nur wenig Licht durch die Kronen der Bäume dringt."),
    ],
)
def test_sentences_that_stand_alone_are_told(language: str, text: str) -> None:
    assert stands_alone(sentence(text), lexicon_for(language))


@pytest.mark.parametrize(
    ("language", "plural", "one"),
    [
        ("es", "nubes", "nube"),
        ("es", "naciones", "nación"),
        ("es", "luces", "luz"),
        ("es", "árboles", "árbol"),
        ("de", "wolken", "wolke"),
        ("de", "vulkane", "vulkan"),
        ("de", "bäume", "baum"),
        ("de", "städte", "stadt"),
        ("de", "wirkungen", "wirkung"),
    ],
)
def test_singular_and_plural_have_one_key(language: str, plural: str, one: str) -> None:
    assert singular(plural, language) == singular(one, language)
    assert is_plural(plural, language)
    assert not is_plural(one, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("es", "evapora", "evaporación"), ("es", "rápido", "rápidas"), ("de", "verdunstet", "Verdunstung".lower())],
)  # fmt: skip
def test_forms_of_a_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


@pytest.mark.parametrize(
    ("language", "word", "gender"),
    [
        ("es", "evaporación", "f"),
        ("es", "problema", "m"),
        ("es", "mano", "f"),
        ("es", "río", "m"),
        ("de", "verdunstung", "f"),
        ("de", "mädchen", "n"),
        ("de", "schildvulkan", "m"),
        ("de", "trinkwasser", "n"),
        ("en", "water", ""),
    ],
)
def test_gender_by_the_ending(language: str, word: str, gender: str) -> None:
    assert ending_gender(word, language) == gender


@pytest.mark.parametrize(
    ("language", "title", "verb", "level", "unseen"),
    [
        ("en", "Understand how clouds form", None, None, "understand"),
        ("en", "Know the parts and label them", "label", "remember", "know"),
        ("es", "Comparar células procariotas y eucariotas", "comparar", "analyze", None),
        ("es", "Comprender la mitosis", None, None, "comprender"),
        ("de", "Nutzen und Gefahr von Vulkanen erklären", "erklären", "understand", None),
        ("de", "Erklären, warum Pflanzen Licht nutzen", "erklären", "understand", None),
        ("de", "Den Aufbau der Zelle verstehen", None, None, "verstehen"),
    ],
)
def test_what_an_objective_asks_for(
    language: str, title: str, verb: str | None, level: str | None, unseen: str | None
) -> None:
    lexicon = lexicon_for(language)
    assert bloom_of(title, lexicon) == (verb, level)
    assert unseen_verb(title, lexicon) == unseen


def test_a_numbered_list_keeps_its_numbers() -> None:
    reading = read("1. Melt the ice.\n2. Heat the water.\n\n- a loose item\n", lexicon_for("en"))
    assert dict(reading.numbered) == {0: 1, 1: 2}
