"""What rooms and guides are called, in the languages that are spoken in full: English, Spanish, German."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from toolboxai.platform.roblox.looks import RoomNames
from toolboxai.platform.roblox.model.spec import Theme

__all__ = ["GUIDE_NAMES", "OPEN_FLOOR_NAMES", "ROOM_NAMES", "in_language"]

T = TypeVar("T")


def _names(first: str, others: str, last: str) -> RoomNames:
    return RoomNames(first=first, others=tuple(others.split(", ")), last=last)


ROOM_NAMES: Final = MappingProxyType(
    {
        Theme.CLASSROOM: {
            "en": _names(
                "School hall",
                "Classroom, Library, Music room, Art room, Reading room, Map room",
                "Examination room",
            ),
            "es": _names(
                "Vestíbulo",
                "Aula, Biblioteca, Sala de música, Sala de arte, Sala de lectura, Sala de mapas",
                "Sala de examen",
            ),
            "de": _names(
                "Schulhalle",
                "Klassenzimmer, Bücherei, Musikraum, Kunstraum, Leseraum, Kartenraum",
                "Prüfungsraum",
            ),
        },
        Theme.LABORATORY: {
            "en": _names(
                "Reception",
                "Chemistry lab, Physics lab, Biology lab, Clean room, Sample store, Measuring room",
                "Control room",
            ),
            "es": _names(
                "Recepción",
                "Laboratorio de química, Laboratorio de física, Laboratorio de biología, Sala limpia, Archivo de muestras, "
                "Sala de medidas",
                "Sala de control",
            ),
            "de": _names(
                "Empfang",
                "Chemielabor, Physiklabor, Biologielabor, Reinraum, Probenlager, Messraum",
                "Leitstand",
            ),
        },
        Theme.OUTDOOR: {
            "en": _names(
                "Trailhead",
                "Forest hut, Lake hut, Bird hide, Meadow hut, Fire lookout, Beekeeper's hut",
                "Summit hut",
            ),
            "es": _names(
                "Inicio del sendero",
                "Cabaña del bosque, Cabaña del lago, Observatorio de aves, Cabaña del prado, Torre de vigilancia, "
                "Casa del apicultor",
                "Refugio de la cumbre",
            ),
            "de": _names(
                "Wanderparkplatz",
                "Waldhütte, Seehütte, Vogelwarte, Wiesenhütte, Feuerwache, Imkerhaus",
                "Gipfelhütte",
            ),
        },
        Theme.HISTORICAL: {
            "en": _names(
                "City gate", "Forum, Library, Scribes' hall, Granary, Bath house, Workshop", "Temple"
            ),
            "es": _names(
                "Puerta de la ciudad",
                "Foro, Biblioteca, Sala de los escribas, Granero, Termas, Taller",
                "Templo",
            ),
            "de": _names(
                "Stadttor", "Forum, Bibliothek, Schreibstube, Kornspeicher, Badehaus, Werkstatt", "Tempel"
            ),
        },
        Theme.FUTURISTIC: {
            "en": _names(
                "Arrivals",
                "Data hall, Robot workshop, Hologram room, Energy core, Sky garden, Archive",
                "Core chamber",
            ),
            "es": _names(
                "Llegadas",
                "Sala de datos, Taller de robots, Sala de hologramas, Centro de energía, Jardín del cielo, Archivo",
                "Cámara central",
            ),
            "de": _names(
                "Ankunft",
                "Datenhalle, Roboterwerkstatt, Hologrammraum, Energiekern, Himmelsgarten, Archiv",
                "Kernkammer",
            ),
        },
        Theme.UNDERWATER: {
            "en": _names(
                "Diving bell",
                "Coral dome, Kelp dome, Whale watch, Pump room, Pearl dome, Sonar room",
                "Deep dome",
            ),
            "es": _names(
                "Campana de buceo",
                "Cúpula de coral, Cúpula de algas, Mirador de ballenas, Sala de bombas, Cúpula de perlas, Sala de sonar",
                "Cúpula profunda",
            ),
            "de": _names(
                "Taucherglocke",
                "Korallenkuppel, Tangkuppel, Walwarte, Pumpenraum, Perlenkuppel, Sonarraum",
                "Tiefseekuppel",
            ),
        },
        Theme.SPACE_STATION: {
            "en": _names(
                "Docking hub",
                "Crew module, Greenhouse, Observatory, Engine room, Cargo module, Medical bay",
                "Bridge",
            ),
            "es": _names(
                "Muelle de atraque",
                "Módulo de tripulación, Invernadero, Observatorio, Sala de máquinas, Módulo de carga, Enfermería",
                "Puente de mando",
            ),
            "de": _names(
                "Andockkern",
                "Mannschaftsmodul, Gewächshaus, Sternwarte, Maschinenraum, Frachtmodul, Krankenstation",
                "Brücke",
            ),
        },
        Theme.FANTASY: {
            "en": _names(
                "Gatehouse",
                "Potion room, Dragon stable, Rune library, Crystal cave, Mushroom house, Star tower",
                "Throne room",
            ),
            "es": _names(
                "Puerta del castillo",
                "Sala de pociones, Establo de dragones, Biblioteca de runas, Cueva de cristal, Casa de setas, "
                "Torre de las estrellas",
                "Sala del trono",
            ),
            "de": _names(
                "Torhaus",
                "Trankküche, Drachenstall, Runenbibliothek, Kristallhöhle, Pilzhaus, Sternenturm",
                "Thronsaal",
            ),
        },
    }
)

GUIDE_NAMES: Final = MappingProxyType(
    {
        Theme.CLASSROOM: {"en": "Caretaker", "es": "Conserje", "de": "Hausmeisterin"},
        Theme.LABORATORY: {"en": "Lab assistant", "es": "Asistente de laboratorio", "de": "Laborantin"},
        Theme.OUTDOOR: {"en": "Ranger", "es": "Guardabosques", "de": "Rangerin"},
        Theme.HISTORICAL: {"en": "Chronicler", "es": "Cronista", "de": "Chronistin"},
        Theme.FUTURISTIC: {"en": "Robot", "es": "Robot", "de": "Roboter"},
        Theme.UNDERWATER: {"en": "Diver", "es": "Buceadora", "de": "Taucherin"},
        Theme.SPACE_STATION: {"en": "Flight engineer", "es": "Ingeniera de vuelo", "de": "Bordingenieurin"},
        Theme.FANTASY: {"en": "Wizard", "es": "Maga", "de": "Zauberin"},
    }
)

OPEN_FLOOR_NAMES: Final = MappingProxyType({"en": "Open floor", "es": "Plaza abierta", "de": "Freifläche"})
"""What the one floor of a world without buildings is called."""


def in_language(names: Mapping[str, T], language: str) -> T:
    """What is said in a language, by its BCP 47 tag; English where nothing is."""
    return names.get(language.split("-", maxsplit=1)[0].lower(), names["en"])
