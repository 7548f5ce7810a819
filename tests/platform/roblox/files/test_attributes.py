"""The bytes of attributes, as the notes on their format give them."""

from hypothesis import given
from hypothesis import strategies as st

from readers.roblox_xml import read_attributes
from toolboxai.platform.roblox.files.attributes import serialise_attributes


def test_the_layout_is_count_name_type_value() -> None:
    assert serialise_attributes({"On": True, "N": 1.5, "T": "\u00e9"}) == bytes.fromhex(
        "0300000001000000 4e 06 000000000000f83f02000000 4f6e 03 0101000000 54 02 02000000 c3a9"
    )


def test_a_whole_number_is_a_number() -> None:
    assert read_attributes(serialise_attributes({"Number": 3})) == {"Number": 3.0}


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.booleans() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_all_come_back_nul_and_all(attributes: dict[str, bool | float | str]) -> None:
    assert read_attributes(serialise_attributes(attributes)) == attributes
