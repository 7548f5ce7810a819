"""What belongs to whoever asks; what does not is as unknown as what there is not."""

from toolboxai.errors import ResourceNotFound, ValidationError
from toolboxai.platform.identity.model import PEOPLE, Principal
from toolboxai.platform.identity.policy import Ownership, Resources
from toolboxai.platform.resources.model import EDITABLE, SHAREABLE, ShareRole, is_resource_id

__all__ = ["check_role", "fault", "is_owner", "owned"]


async def owned(resources: Resources, principal: Principal | None, kind: str, resource_id: str) -> Ownership:
    """Whose a resource is that can be shared.

    Args:
        resources: say it.
        principal: who asks; None for the operator, who may share everything.
        kind: one of SHAREABLE.
        resource_id: as it was typed.

    Raises:
        ValidationError: a kind that cannot be shared.
        ResourceNotFound: no such resource of the asker's.
    """
    if kind not in SHAREABLE:
        raise fault("kind", f"{kind[:40]!r} cannot be shared; use one of {', '.join(SHAREABLE)}")
    known = is_resource_id(resource_id)
    ownership = await resources.ownership(kind, resource_id) if known else None
    if ownership is None or (principal is not None and not is_owner(principal, ownership)):
        whose = "" if principal is None else " of yours"
        raise ResourceNotFound(f"there is no {kind} {resource_id[:80]!r}{whose}")
    return ownership


def is_owner(principal: Principal, ownership: Ownership) -> bool:
    """Whether something is this principal's. A program's token is never an owner, whatever its id."""
    return (
        principal.role in PEOPLE
        and principal.organization_id == ownership.organization_id
        and principal.user_id == ownership.owner_id
    )


def check_role(kind: str, role: ShareRole) -> None:
    """Whether a kind can be shared so.

    Raises:
        ValidationError: nobody but the owner changes it.
    """
    if role is ShareRole.EDITOR and kind not in EDITABLE:
        raise fault("role", f"only {' and '.join(EDITABLE)} can be changed by others; use viewer")


def fault(field: str, text: str) -> ValidationError:
    """What is wrong with one field."""
    return ValidationError(f"{field}: {text}", details={"fields": {field: text}})
