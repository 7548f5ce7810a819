"""What a form says that is not as it should be."""

import pytest

from toolboxai.adapters.source_files.bodies import parted
from toolboxai.errors import ValidationError

FORM = "multipart/form-data; boundary=edge"


def form(name: str, value: bytes, *, end: bytes = b"\r\n--edge--\r\n") -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + end


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(form("title", b"Clouds", end=b""), id="cut in a part"),
        pytest.param(form("title", b"Clouds", end=b"\r\n--edge\r\n"), id="cut behind one"),
    ],
)
def test_a_form_without_its_end_is_told_as_one(body: bytes) -> None:
    with pytest.raises(ValidationError, match="its end is missing"):
        parted(FORM, body)


def test_what_stands_behind_the_end_does_not_count() -> None:
    assert b'"title": "Clouds"' in parted(FORM, form("title", b"Clouds") + b"and more").fields


def test_a_text_that_is_far_too_long_is_told_as_one_that_is_a_little_too_long() -> None:
    for characters in (600_000, 6_000_000):
        with pytest.raises(ValidationError, match=f"source_text: {characters:,} characters; at most 500,000"):
            parted(FORM, form("source_text", b"x" * characters))


def test_so_is_any_other_field() -> None:
    with pytest.raises(ValidationError, match="beside source_text"):
        parted(FORM, form("title", b"x" * 3_000_000))
