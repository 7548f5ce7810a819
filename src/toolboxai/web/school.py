"""A school's accounts over REST, for its admins; and the link with which somebody chooses a password."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from toolboxai.errors import ValidationError
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.model import PEOPLE, Principal, Role, User
from toolboxai.platform.identity.welcome import Welcome
from toolboxai.platform.privacy.deletion import Deletion
from toolboxai.platform.school.accounts import Invited, NewAccount, SchoolAccounts, place_of
from toolboxai.platform.school.importing import RosterImport
from toolboxai.platform.school.store import Change
from toolboxai.web.auth import SignedInAnswer, UserAnswer, signed_in, user_answer
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = ["ROSTER_BODIES", "school_routes", "welcome_routes"]

PERMISSION: Final = "users:manage"
_PATH: Final = "/api/v1/admin/users"
ROSTER_BODIES: Final = {f"{_PATH}/roster": 1 << 20}

_Text = Annotated[str, AfterValidator(whole_text), Field(min_length=1, max_length=254)]
_CSV: Final = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "maxLength": 1 << 20}}},
    }
}


class NewUserBody(BaseModel):
    """A new account; its owner chooses a password with the link of the answer."""

    model_config = ConfigDict(extra="forbid")

    username: _Text
    role: _Text
    email: _Text | None = None
    display_name: _Text | None = None


class ChangeUserBody(BaseModel):
    """What is to be other; what is not named stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    display_name: _Text | None = None
    role: _Text | None = None
    disabled: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> "ChangeUserBody":
        if self.display_name is None and self.role is None and self.disabled is None:
            raise ValueError("name what is to be other: display_name, role or disabled")
        return self


class SchoolUserAnswer(UserAnswer):
    """An account as its admin sees it; `guest`: a pupil who joined by a code, without a password."""

    disabled: bool
    guest: bool


class InvitedAnswer(SchoolUserAnswer):
    """An account, and the link with which its owner chooses a password: told this once, good once and until then."""

    link: str
    link_expires_at: str


class UsersAnswer(BaseModel):
    """A page of accounts by user name; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[SchoolUserAnswer]
    next_cursor: str | None


class RosterLink(BaseModel):
    """The welcome link of one new account."""

    user_id: str
    username: str
    display_name: str
    link: str


class RosterAnswer(BaseModel):
    """How many people the roster has, how many were made, their links, and the classes that are new."""

    rows: int
    made: int
    links: list[RosterLink]
    links_expire_at: str | None
    classes: list[str]


def school_routes(
    accounts: SchoolAccounts,
    roster: RosterImport,
    deletion: Deletion,
    authenticator: Authenticator,
    audit: Audit,
) -> APIRouter:
    """The routes under ``/api/v1/admin/users``.

    Args:
        accounts: does it, for one account.
        roster: does it, for many.
        deletion: removes somebody with all that is theirs.
        authenticator: who asks.
        audit: notes who did what.
    """
    router = APIRouter(prefix=_PATH, tags=["school"])
    # It stands first in each route: who may not ask does not learn what is there.
    admin = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    # What is not there, or another school's, is told before anything of the request is looked at.
    async def found(who: admin, user_id: str) -> User:
        return await accounts.user(who, user_id)

    account = Annotated[User, Depends(found)]

    async def noted(
        action: Action, request: Request, who: Principal, user_id: str | None, **facts: object
    ) -> None:
        await audit.note(
            action, who, "user", user_id, request_id=request.scope.get(REQUEST_ID), details=facts
        )

    @router.get("")
    async def users(
        who: admin,
        role: Role | None = None,
        q: Annotated[str | None, Query(min_length=1, max_length=100), AfterValidator(whole_text)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> UsersAnswer:
        """Accounts of the asker's school, by user name; `q` is looked for in names and addresses."""
        after = None if cursor is None else place_in(cursor, str)[0]
        found = await accounts.users(who, role=role, text=q, after=after, limit=limit + 1)
        page = found[:limit]
        return UsersAnswer(
            items=[SchoolUserAnswer(**_facts(user)) for user in page],
            next_cursor=cursor_of((place_of(page[-1]),)) if len(found) > limit else None,
        )

    @router.post("", status_code=201)
    async def create(who: admin, body: NewUserBody, request: Request, response: Response) -> InvitedAnswer:
        """Make an account, with a link for its first password."""
        new = NewAccount(body.username, body.role, body.email, body.display_name)
        made = await accounts.create(who, new)
        response.headers["Location"] = f"{_PATH}/{made.user.id}"
        await noted(Action.ACCOUNT_MADE, request, who, made.user.id, role=made.user.role.value)
        return _invited(made)

    _add_roster(router, roster, admin, noted)

    @router.get("/{user_id}")
    async def one(user: account) -> SchoolUserAnswer:
        """One account."""
        return SchoolUserAnswer(**_facts(user))

    @router.patch("/{user_id}")
    async def change(who: admin, before: account, body: ChangeUserBody, request: Request) -> SchoolUserAnswer:
        """Change name, role, or whether it is in use; another role, as being out of use, ends its logins."""
        wanted = Change(body.display_name, None if body.role is None else _role(body.role), body.disabled)
        changed = await accounts.change(who, before.id, wanted)
        user, before = changed.user, changed.before
        if user.disabled is not before.disabled:
            action = Action.ACCOUNT_DISABLED if user.disabled else Action.ACCOUNT_ENABLED
            await noted(action, request, who, user.id, logins_ended=len(changed.ended))
        if user.role is not before.role:
            facts = {"before": before.role.value, "role": user.role.value}
            await noted(Action.ACCOUNT_CHANGED, request, who, user.id, **facts)
        elif user.display_name != before.display_name:
            await noted(Action.ACCOUNT_CHANGED, request, who, user.id, changed=["display_name"])
        return SchoolUserAnswer(**_facts(user))

    @router.post("/{user_id}/link")
    async def link(who: admin, user: account, request: Request) -> InvitedAnswer:
        """Void the password, end all logins, and make a link for another password."""
        made = await accounts.reset(who, user.id)
        await noted(Action.ACCOUNT_RESET, request, who, user.id)
        return _invited(made)

    @router.delete("/{user_id}", status_code=204)
    async def delete(who: admin, user: account, request: Request) -> Response:
        """Delete an account with all that is its own."""
        await deletion.delete(user)
        await noted(Action.DELETED, request, who, user.id)
        return Response(status_code=204)

    return router


def _add_roster(
    router: APIRouter, roster: RosterImport, admin: object, noted: Callable[..., Awaitable[None]]
) -> None:
    @router.post("/roster", status_code=201, openapi_extra=_CSV)
    async def import_roster(
        who: admin,  # type: ignore[valid-type]
        request: Request,
        response: Response,
        check: bool = False,
    ) -> RosterAnswer:
        """Make everybody of a CSV file, or nobody; with `check` only see whether that would go well."""
        done = await roster.run(who, await _csv(request), check=check)
        if check:
            response.status_code = 200
        else:
            made = len(done.invited)
            await noted(Action.ROSTER_IMPORTED, request, who, None, made=made, classes=len(done.classes))
        links = [
            RosterLink(
                user_id=one.user.id,
                username=one.user.username,
                display_name=one.user.display_name,
                link=one.code.link,
            )
            for one in done.invited
        ]
        until = min((one.code.expires_at for one in done.invited), default=None)
        return RosterAnswer(
            rows=done.rows,
            made=len(links),
            links=links,
            links_expire_at=None if until is None else timestamp(until),
            classes=list(done.classes),
        )


class WelcomeBody(BaseModel):
    """The code of a welcome link, and the password that is to be."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]


def welcome_routes(welcome: Welcome, authenticator: Authenticator) -> APIRouter:
    """``POST /api/v1/auth/welcome``.

    Args:
        welcome: takes codes.
        authenticator: reads the client's address.
    """
    router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

    @router.post("/welcome")
    async def redeem(body: WelcomeBody, request: Request) -> SignedInAnswer:
        """Choose a password with a welcome link, and be signed in; a link is good once."""
        return signed_in(
            await welcome.redeem(
                body.code.get_secret_value(),
                body.password.get_secret_value(),
                authenticator.address(request),
                request_id=request.scope.get(REQUEST_ID),
            )
        )

    return router


def _role(text: str) -> Role:
    if text not in PEOPLE:
        allowed = f"one of {', '.join(sorted(PEOPLE))}"
        raise ValidationError(f"role: {allowed}", details={"fields": {"role": allowed}})
    return Role(text)


async def _csv(request: Request) -> str:
    """The text of the file.

    Raises:
        ValidationError: it is no CSV in UTF-8.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        told = "send the file itself as the body, with Content-Type: text/csv"
        raise ValidationError(f"body: {told}", details={"fields": {"body": told}})
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        told = "the file is not in UTF-8; save it as CSV UTF-8"
        raise ValidationError(f"body: {told}", details={"fields": {"body": told}}) from None
    return text


def _facts(user: User) -> dict[str, Any]:
    return {**user_answer(user).model_dump(), "disabled": user.disabled, "guest": user.guest}


def _invited(invited: Invited) -> InvitedAnswer:
    return InvitedAnswer(
        **_facts(invited.user),
        link=invited.code.link,
        link_expires_at=timestamp(invited.code.expires_at),
    )
