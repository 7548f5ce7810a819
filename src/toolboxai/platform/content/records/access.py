"""Who may look at a session: its owner, and those with whom it is shared; who may change what it made.

Answers are for those who teach.
"""

from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.identity.model import Principal

__all__ = ["may_change", "may_read", "may_see"]


async def may_see(store: ContentStore, principal: Principal, session: Session) -> bool:
    """Whether this session, its events and its files are this principal's to read; permissions are checked apart."""
    if principal.organization_id != session.organization_id:
        return False
    if principal.user_id == session.owner_id:
        return True
    ownership = await store.ownership("content_session", session.id)
    return ownership is not None and principal.user_id in ownership.shared_with


async def may_change(store: ContentStore, principal: Principal, session: Session) -> bool:
    """Whether what this session made is this principal's to change: the owner's, and an editor's who still teaches."""
    if principal.organization_id != session.organization_id:
        return False
    if principal.user_id == session.owner_id:
        return True
    ownership = await store.ownership("content_session", session.id)
    return (
        ownership is not None and principal.user_id in ownership.editors and principal.can("content:generate")
    )


def may_read(principal: Principal, audience: str) -> bool:
    """Whether a file for this audience is this principal's to read, in a session that they may see."""
    return audience == Audience.STUDENT or principal.can("content:generate")
