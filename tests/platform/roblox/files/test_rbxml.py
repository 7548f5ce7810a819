"""Roblox's XML form: what is written comes back, read by a reader that shares nothing with the writer."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.roblox_xml import ReadInstance, read_roblox_xml
from toolboxai.platform.roblox.files.properties import PROPERTIES, property_of
from toolboxai.platform.roblox.files.rbxml import write_model, write_place
from toolboxai.platform.roblox.model.instances import (
    CFrame,
    Color,
    Instance,
    InstanceRef,
    UDim2,
    Value,
    Vector,
)

# All that XML can carry: other characters are the business of test_xml_text.
CARRIED = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff")
    | st.sampled_from("\t\n\r]]>&<>\"'")
)
NUMBERS = st.floats(width=32, allow_nan=False)
BYTES = st.integers(0, 255)
VALUES = st.one_of(
    st.builds(
        lambda name, value: Instance(class_name="StringValue", name=name, properties={"Value": value}),
        CARRIED,
        CARRIED,
    ),
    st.builds(
        lambda name, value: Instance(class_name="BoolValue", name=name, properties={"Value": value}),
        CARRIED,
        st.booleans(),
    ),
    st.builds(
        lambda name, value: Instance(class_name="IntValue", name=name, properties={"Value": value}),
        CARRIED,
        st.integers(-(2**63), 2**63 - 1),
    ),
    st.builds(
        lambda name, value: Instance(class_name="NumberValue", name=name, properties={"Value": value}),
        CARRIED,
        st.floats(allow_nan=False),
    ),
    st.builds(
        lambda name, source: Instance(class_name="ModuleScript", name=name, properties={"Source": source}),
        CARRIED,
        CARRIED,
    ),
)
TREES = st.recursive(
    VALUES,
    lambda below: st.builds(
        lambda name, attributes, children: Instance(
            class_name="Folder", name=name, attributes=attributes, children=tuple(children)
        ),
        CARRIED,
        st.dictionaries(CARRIED, st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"]))),
        st.lists(below, max_size=4),
    ),
    max_leaves=12,
)


def plain(instance: Instance) -> tuple[Any, ...]:
    return (
        instance.class_name,
        instance.name,
        dict(instance.properties),
        dict(instance.attributes),
        [plain(child) for child in instance.children],
    )


def read(instance: ReadInstance) -> tuple[Any, ...]:
    properties = {name: value for name, value in instance.properties.items() if name != "Name"}
    return (
        instance.class_name,
        instance.name,
        properties,
        instance.attributes,
        [read(child) for child in instance.children],
    )


@given(st.lists(TREES, min_size=1, max_size=3))
def test_a_tree_comes_back_as_it_was(roots: list[Instance]) -> None:
    assert [read(each) for each in read_roblox_xml(write_model(roots))] == [plain(each) for each in roots]


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(*[NUMBERS] * 9), st.tuples(BYTES, BYTES, BYTES))
def test_so_do_places_sizes_and_colours(
    place: tuple[float, float, float], rotation: tuple[float, ...], color: tuple[int, int, int]
) -> None:
    a, b, c, d, e, f, g, h, i = rotation
    part = part_with(
        {
            "CFrame": CFrame(*place, (a, b, c, d, e, f, g, h, i)),
            "Size": Vector(*place),
            "Color": Color(*color),
        }
    )
    light = Instance(class_name="PointLight", name="Light", properties={"Color": Color(*color)})
    [part_read, light_read] = read_roblox_xml(write_model([part, light]))
    assert part_read.properties["CFrame"] == (*place, *rotation)
    assert part_read.properties["size"] == place
    assert part_read.properties["Color3uint8"] == color
    assert tuple(round(each * 255) for each in light_read.properties["Color"]) == color


def part_with(properties: dict[str, Value]) -> Instance:
    from toolboxai.platform.roblox.files.enums import item

    usual: dict[str, Value] = {
        "Anchored": True,
        "CFrame": CFrame(0, 0, 0),
        "Size": Vector(1, 1, 1),
        "Color": Color(1, 2, 3),
        "Material": item("Material", "Brick"),
    }
    return Instance(class_name="Part", name="Part", properties=usual | properties)


def test_numbers_that_are_none_are_written_as_the_format_wants() -> None:
    roots = [
        Instance(class_name="NumberValue", name="n", properties={"Value": value})
        for value in (math.inf, -math.inf, math.nan)
    ]
    content = write_model(roots).decode()
    assert [f">{text}</double>" in content for text in ("INF", "-INF", "NAN")] == [True] * 3


def test_the_form_is_that_of_the_format() -> None:
    script = Instance(
        class_name="Script", name="S", properties={"Source": 'print("a ]]> b")\n', "Disabled": True}
    )
    folder = Instance(class_name="Folder", name="A & B", attributes={"On": True}, children=(script,))
    assert write_place(Instance(class_name="DataModel", name="Game", children=(folder,))).decode() == (
        '<roblox version="4">\n'
        '<Item class="Folder" referent="RBX00000000">\n<Properties>\n'
        '<string name="Name">A &amp; B</string>\n'
        '<BinaryString name="AttributesSerialize">AQAAAAIAAABPbgMB</BinaryString>\n'
        "</Properties>\n"
        '<Item class="Script" referent="RBX00000001">\n<Properties>\n'
        '<string name="Name">S</string>\n'
        '<bool name="Disabled">true</bool>\n'
        '<ProtectedString name="Source"><![CDATA[print("a ]]]]><![CDATA[> b")\n]]></ProtectedString>\n'
        "</Properties>\n</Item>\n</Item>\n</roblox>\n"
    )


def test_a_model_says_that_its_joints_are_as_they_are() -> None:
    content = write_model([Instance(class_name="Folder", name="F")])
    assert content.startswith(b'<roblox version="4">\n<Meta name="ExplicitAutoJoints">true</Meta>\n<Item ')


def test_the_order_of_properties_and_attributes_is_not_that_of_the_input() -> None:
    one = part_with({"CanCollide": False, "Transparency": 0.5})
    other = Instance(class_name="Part", name="Part", properties=dict(reversed(one.properties.items())))
    assert write_model([one]) == write_model([other])
    attributes: dict[str, bool | float | str] = {"b": True, "a": "x", "c": 1.0}
    folders = [
        Instance(class_name="Folder", name="F", attributes=dict(pairs))
        for pairs in (list(attributes.items()), list(attributes.items())[::-1])
    ]
    assert write_model([folders[0]]) == write_model([folders[1]])


def referring(path: str) -> list[Instance]:
    """A model whose first part has a name for itself, and two parts that share one."""
    parts = (part_with({}), part_with({}))
    named = Instance(class_name="Part", name="Only", properties=parts[0].properties)
    return [
        Instance(
            class_name="Model",
            name="Car",
            properties={"PrimaryPart": InstanceRef(path)},
            children=(named, *parts),
        )
    ]


def test_a_reference_leads_to_the_instance_that_is_meant() -> None:
    [model] = read_roblox_xml(write_model(referring("Workspace/Car/Only"), parent="Workspace"))
    assert model.properties["PrimaryPart"] is model.at("Only")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Car/Only", "Car/Only is no instance"),
        ("Workspace/Car/Part", "Workspace/Car/Part is more than one instance"),
    ],
)
def test_a_reference_to_nothing_or_to_two_is_refused(path: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write_model(referring(path), parent="Workspace")


@pytest.mark.parametrize(
    ("class_name", "properties", "said"),
    [
        ("Teapot", {"Size": 1}, "no class Teapot is known"),
        ("Folder", {"Size": 1}, "Folder has no property Size that is known"),
        ("Part", {"Anchored": 1}, "Part.Anchored is no int but bool"),
        ("Part", {"Size": CFrame(0, 0, 0)}, "Part.Size is no CFrame but Vector3"),
        ("Part", {"CFrame": Vector(0, 0, 0)}, "Part.CFrame is no Vector but CoordinateFrame"),
        ("Part", {"Transparency": True}, "Part.Transparency is no bool but float"),
        ("Part", {"Color": "red"}, "Part.Color is no str but Color3uint8"),
        ("Part", {"Material": "Brick"}, "Part.Material is no str but token"),
        ("Part", {"Size": InstanceRef("a")}, "Part.Size is no InstanceRef but Vector3"),
        ("Model", {"PrimaryPart": "a"}, "Model.PrimaryPart is no str but Ref"),
        ("PointLight", {"Color": 3}, "PointLight.Color is no int but Color3"),
        ("TextLabel", {"Text": 3}, "TextLabel.Text is no int but string"),
        ("TextLabel", {"Size": Vector(0, 0, 0)}, "TextLabel.Size is no Vector but UDim2"),
        ("TextLabel", {"ZIndex": 2**31}, "TextLabel.ZIndex is no int but int"),
        ("TextLabel", {"ZIndex": 1.5}, "TextLabel.ZIndex is no float but int"),
        ("Script", {"Source": UDim2(0, 0, 0, 0)}, "Script.Source is no UDim2 but ProtectedString"),
    ],
)
def test_what_roblox_would_not_read_is_not_written(
    class_name: str, properties: dict[str, Value], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        write_model([Instance(class_name=class_name, name="x", properties=properties)])


def test_every_property_is_one_that_studio_writes_so() -> None:
    from readers.roblox_classes import CLASSES

    for class_name, properties in PROPERTIES.items():
        for name in properties:
            known = property_of(class_name, name)
            assert CLASSES[class_name][known.xml_name] == known.xml_type, f"{class_name}.{name}"
