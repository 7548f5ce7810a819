"""Letters and lamps."""

from typing import Final

from toolboxai.platform.roblox.files.enums import item
from toolboxai.platform.roblox.files.shapes import part
from toolboxai.platform.roblox.looks import Finish
from toolboxai.platform.roblox.model.instances import Color, Enumerated, Instance, UDim2, Value, Vector

__all__ = ["PIXELS_PER_STUD", "WHOLE", "floating", "ink_on", "label", "lamp", "sign_text", "surface"]

PIXELS_PER_STUD: Final = 50
WHOLE: Final = UDim2(1, 0, 1, 0)
"""As large as the parent."""

_BLACK: Final = Color(24, 24, 28)
_WHITE: Final = Color(250, 250, 245)
_WARM: Final = Color(255, 244, 214)
_RIGHT_TO_LEFT: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ku", "ps", "sd", "ug", "ur", "yi"}
)
# Roblox lights nothing that is further away from a lamp.
_FARTHEST: Final = 60


def ink_on(finish: Finish) -> Color:
    """Black or white, whichever stands out more from a surface."""
    color = finish.color
    bright = 299 * color.red + 587 * color.green + 114 * color.blue
    return _BLACK if bright > 140_000 else _WHITE


def surface(name: str, *children: Instance) -> Instance:
    """What is written on a part's front; lit by itself, so that it can be read in the dark."""
    return Instance(
        class_name="SurfaceGui",
        name=name,
        properties={
            "AutoLocalize": False,
            "Face": item("NormalId", "Front"),
            "LightInfluence": 0,
            "PixelsPerStud": PIXELS_PER_STUD,
            "SizingMode": item("SurfaceGuiSizingMode", "PixelsPerStud"),
        },
        children=children,
    )


def label(name: str, text: str, color: Color, size: float, *, language: str = "", **more: Value) -> Instance:
    """A text, shown as it is: nothing in it is markup, and Roblox does not translate it."""
    properties: dict[str, Value] = {
        "AutoLocalize": False,
        "BackgroundTransparency": 1,
        "BorderSizePixel": 0,
        "RichText": False,
        "Size": WHOLE,
        "Text": text,
        "TextColor3": color,
        "TextSize": size,
        "TextWrapped": True,
        "TextXAlignment": item("TextXAlignment", "Left"),
        "TextYAlignment": item("TextYAlignment", "Top"),
    }
    if language.partition("-")[0].lower() in _RIGHT_TO_LEFT:
        properties["TextDirection"] = item("TextDirection", "RightToLeft")
        properties["TextXAlignment"] = item("TextXAlignment", "Right")
    return Instance(class_name="TextLabel", name=name, properties=properties | more)


def sign_text(text: str, finish: Finish) -> Instance:
    """A few words that fill a sign."""
    middle: tuple[Enumerated, Enumerated] = item("TextXAlignment", "Center"), item("TextYAlignment", "Center")
    words = label(
        "Title", text, ink_on(finish), 40, TextScaled=True, TextXAlignment=middle[0], TextYAlignment=middle[1]
    )
    return surface("Text", words)


def lamp(at: tuple[float, float], ceiling: float, finish: Finish, reach: float) -> Instance:
    """A lamp under a ceiling, with light for a room of that size."""
    light = Instance(
        class_name="PointLight",
        name="Light",
        properties={
            "Brightness": 1.2,
            "Color": _WARM,
            "Range": min(_FARTHEST, reach * 0.9),
            "Shadows": False,
        },
    )
    shade = Finish("Neon", _WARM) if finish.material != "Neon" else finish
    return part("Lamp", shade, (at[0], ceiling - 0.25, at[1]), (2, 0.5, 2), children=[light], solid=False)


def floating(name: str, text: str, color: Color) -> Instance:
    """A name over a head."""
    return Instance(
        class_name="BillboardGui",
        name=name,
        properties={
            "AutoLocalize": False,
            "LightInfluence": 0,
            "MaxDistance": 60,
            "Size": UDim2(6, 0, 1, 0),
            "StudsOffset": Vector(0, 2, 0),
        },
        children=(
            label(
                "Title",
                text,
                color,
                24,
                TextScaled=True,
                TextXAlignment=item("TextXAlignment", "Center"),
                TextYAlignment=item("TextYAlignment", "Center"),
            ),
        ),
    )
