"""The header that says which revision somebody has seen before they change it."""

import re
from typing import Annotated, Final

from fastapi import Header

from toolboxai.errors import PreconditionRequired, ValidationError

__all__ = ["IfMatch", "seen_revision"]

IfMatch = Annotated[str | None, Header(max_length=200)]

# A proxy that compresses an answer makes its tag a weak one; ours names a revision either way.
_TAG: Final = re.compile(r'(?:W/)?"r([1-9][0-9]{0,9})"')


def seen_revision(if_match: str | None, *, what: str, where: str) -> int:
    """The number of the revision that the caller has seen.

    Args:
        if_match: the header.
        what: is changed, such as ``content``.
        where: what answers with its tag, for the text.

    Raises:
        PreconditionRequired: it is not said.
        ValidationError: the header names none.
    """
    if if_match is None:
        raise PreconditionRequired(
            f'say which revision you have seen, such as If-Match: "r1": the ETag of GET {where}'
        )
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        told = f'one ETag of the {what} is needed, such as "r1"; * would overwrite what you have not seen'
        raise ValidationError(f"If-Match: {told}", details={"fields": {"If-Match": told}})
    return int(found[1])
