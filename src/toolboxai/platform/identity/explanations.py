"""Why an authorisation was refused, in plain words for an operator, and what would allow it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from toolboxai.platform.identity.authorisations import Refused
from toolboxai.platform.identity.model import PERMISSIONS, Role
from toolboxai.platform.identity.policy import CHANNELS, Reason

__all__ = ["Explanation", "explained"]

_RESOURCES: Final[Mapping[str, str]] = {
    "content_session": "generation",
    "environment": "environment",
    "agent": "agent",
    "plugin": "plugin",
    "class": "class",
}
_SHARED: Final = frozenset({"content_session", "environment", "agent"})


class Explanation(NamedTuple):
    """Why, and what then.

    Args:
        reason: in a word, the same in every version.
        text: in a sentence.
        allowed_by: what would allow it, in a sentence.
    """

    reason: str
    text: str
    allowed_by: str


def explained(refused: Refused, *, everywhere: bool) -> Explanation:
    """Why it was refused.

    Args:
        refused: what.
        everywhere: whether the reader may know of other organisations' things; others are told that there are none.
    """
    decision = refused.decision
    if decision.allowed:
        return Explanation(
            "public",
            f"{refused.channel} is public, and a public channel has no signature",
            "subscribing to it without asking for one",
        )
    reason = decision.reason
    if decision.elsewhere and not everywhere:
        reason = Reason.NO_RESOURCE
    return _WORDS[reason](refused)


def _bad_name(refused: Refused) -> Explanation:
    return Explanation(
        "bad_name",
        f"{refused.channel!r} is not the name of a channel",
        "a name of 1 to 200 letters, digits and _ - = @ , . ; alone",
    )


def _no_row(_refused: Refused) -> Explanation:
    return Explanation(
        "no_row",
        "no rule of this server is made for such a name, and what no rule fits is refused",
        f"one of the names that there are rules for: {', '.join(CHANNELS)}, each id of letters, digits and _",
    )


def _not_signed_in(_refused: Refused) -> Explanation:
    return Explanation(
        "not_signed_in",
        "no access token came with it, or it stood in the URL, where none is taken",
        "an access token in the Authorization header; on an old socket, in the first message",
    )


def _bad_token(_refused: Refused) -> Explanation:
    return Explanation(
        "bad_token",
        "the access token does not hold: it is none of this server's, or its login is over, as after signing out, "
        "a new password or when the account is disabled",
        "signing in again; where all are refused, the same TOOLBOXAI_JWT_SECRET in every process",
    )


def _token_expired(_refused: Refused) -> Explanation:
    return Explanation(
        "token_expired",
        "the access token was good once, and its time is over",
        "a fresh one from POST /api/v1/auth/refresh, and asking for the channel with that",
    )


def _other_user(_refused: Refused) -> Explanation:
    return Explanation(
        "other_user",
        "the message names another user than the token does",
        "the token of the user who is named, or no user_id in the message",
    )


def _no_permission(refused: Refused) -> Explanation:
    needs = refused.decision.needs
    roles = [role.value for role in Role if needs & PERMISSIONS[role]]
    return Explanation(
        "no_permission",
        f"it needs the permission {' or '.join(sorted(needs))}, which the role {refused.role} does not have",
        f"an account whose role is {' or '.join(roles)}",
    )


def _no_resource(refused: Refused) -> Explanation:
    kind = _kind(refused)
    return Explanation(
        "no_resource",
        f"there is no {kind} with this id in this organisation",
        f"the id of a {kind} that is there; it may have been deleted, or the id mistyped",
    )


def _foreign(refused: Refused) -> Explanation:
    decision = refused.decision
    kind = _kind(refused)
    if decision.resource is None:
        return Explanation(
            "foreign",
            "the channel is one user's own, and this is another user",
            "signing in as the user whose id the name has",
        )
    if decision.elsewhere:
        return Explanation(
            "foreign",
            f"the {kind} belongs to another organisation",
            "an account of that organisation: nothing is shared between organisations",
        )
    if decision.resource == "class":
        return Explanation(
            "foreign",
            "the user is neither the teacher of the class nor a member of it",
            "joining the class, by its code or by its teacher",
        )
    if decision.resource in _SHARED:
        return Explanation(
            "foreign",
            f"the {kind} belongs to another user, and is not shared with this one",
            f'its owner sharing it: POST /api/v1/shares with the kind "{decision.resource}", its id and this user',
        )
    return Explanation(
        "foreign",
        f"the {kind} belongs to another user",
        f"the token of the {kind} itself, or signing in as its owner",
    )


def _no_key(_refused: Refused) -> Explanation:
    return Explanation(
        "no_key",
        "the channel is encrypted, and this server has no master key for it",
        "setting PUSHER_ENCRYPTION_MASTER_KEY_BASE64 and starting anew",
    )


def _kind(refused: Refused) -> str:
    return _RESOURCES.get(refused.decision.resource or "", "resource")


_WORDS: Final = {
    Reason.BAD_NAME: _bad_name,
    Reason.NO_ROW: _no_row,
    Reason.NOT_SIGNED_IN: _not_signed_in,
    Reason.BAD_TOKEN: _bad_token,
    Reason.TOKEN_EXPIRED: _token_expired,
    Reason.OTHER_USER: _other_user,
    Reason.NO_PERMISSION: _no_permission,
    Reason.NO_RESOURCE: _no_resource,
    Reason.FOREIGN: _foreign,
    Reason.NO_KEY: _no_key,
}
