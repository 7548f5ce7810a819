"""The apps of the Channels server, for those who run it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from toolboxai.apps.app import App
from toolboxai.apps.registrar import NAME_CHARS
from toolboxai.apps.stored import StoredApp
from toolboxai.errors import ConfigError, ResourceNotFound, ValidationError
from toolboxai.node.served_apps import ServedApp, ServedApps
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.model import Principal
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = ["PERMISSION", "admin_apps_routes"]


PERMISSION: Final = "admin:apps"
PAGE: Final = 100


def _app_id(app_id: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", app_id):
        raise ResourceNotFound("there is no such app; an id is 1 to 20 digits")
    return app_id


def _app_key(key: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,64}", key):
        raise ResourceNotFound("there is no such key; a key is 1 to 64 letters, digits, '_', '-' or '.'")
    return key


_AppId = Annotated[str, Depends(_app_id)]
_Key = Annotated[str, Depends(_app_key)]
_Name = Annotated[str, AfterValidator(whole_text), Field(max_length=NAME_CHARS)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        whole_text(self.model_extra)
        return self

    @property
    def settings(self) -> Mapping[str, Any]:
        """Every field that is none of the body's own; whoever reads them refuses the unknown ones."""
        return self.model_extra or {}


class CreateBody(_Body):
    """A new app; every other field is a setting, as ``[[apps]]`` of the settings file has it."""

    id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    name: _Name = ""
    enabled: bool = True


class ChangeBody(_Body):
    """What is to change; every other field is a setting, null puts one back to its default."""

    name: _Name | None = None
    enabled: bool | None = None


class KeyAnswer(BaseModel):
    """An active key; ``created_at`` is null for keys of the settings file."""

    key: str
    created_at: str | None = None


class AppAnswer(BaseModel):
    """One app. Keys are told without their secrets, the oldest first: it signs what the server sends."""

    id: str
    name: str
    source: Literal["file", "database"]
    own: bool
    enabled: bool
    not_served: str | None
    keys: list[KeyAnswer]
    settings: dict[str, Any]
    created_at: str | None
    updated_at: str | None


class AppsAnswer(BaseModel):
    """A page of apps; ``next_cursor`` is the ``cursor`` of the next page, null at the end."""

    items: list[AppAnswer]
    next_cursor: str | None


class KeyPairAnswer(BaseModel):
    """A new key with its secret, which is told here and never again."""

    key: str
    secret: str


class NewAppAnswer(AppAnswer):
    """A new app with its secret, which is told here and never again."""

    secret: str


class ReloadAnswer(BaseModel):
    """The ids of what has changed, settings that need a restart, and apps that are not served, with why."""

    added: list[str]
    changed: list[str]
    enabled: list[str]
    disabled: list[str]
    removed: list[str]
    needs_restart: list[str]
    not_served: dict[str, str]


def admin_apps_routes(apps: ServedApps, authenticator: Authenticator, audit: Audit) -> APIRouter:
    """The routes under ``/api/v1/admin/apps``. A change is in force before it is answered.

    Args:
        apps: of this process.
        authenticator: who asks.
        audit: notes who changed what.
    """
    router = APIRouter(prefix="/api/v1/admin/apps", tags=["admin"])
    # It stands first in each route: who may not ask does not learn what is there.
    operator = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    async def told(
        action: Action, request: Request, who: Principal, app_id: str | None, **facts: object
    ) -> None:
        """In the audit; keys are public, secrets never stand there."""
        await audit.note(action, who, "app", app_id, request_id=request.scope.get(REQUEST_ID), details=facts)

    @router.get("")
    async def list_apps(
        _who: operator,
        cursor: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> AppsAnswer:
        """All apps: those of the settings file, ours first, then those of the database, oldest first."""
        found = await apps.all()
        more = len(found) > cursor + limit
        return AppsAnswer(
            items=[_answer(each) for each in found[cursor : cursor + limit]],
            next_cursor=str(cursor + limit) if more else None,
        )

    @router.post("", status_code=201)
    async def create(body: CreateBody, request: Request, who: operator) -> NewAppAnswer:
        """Make an app in the database, with one key pair."""
        async with apps.changing() as registrar:
            made = await registrar.create(body.settings, name=body.name, app_id=body.id, enabled=body.enabled)
        await told(Action.APP_CREATED, request, who, made.id, key=made.keys[0].pair.key)
        shown = await _one(apps, made.id)
        return NewAppAnswer(**shown.model_dump(), secret=made.keys[0].pair.secret)

    @router.post("/reload")
    async def reload(request: Request, who: operator) -> ReloadAnswer:
        """Read the settings file and the database anew, as on SIGHUP; a wrong file changes nothing."""
        try:
            done = await apps.reload()
        except ConfigError as refused:
            raise ValidationError(
                f"the settings cannot work, and nothing has changed: {'; '.join(refused.faults)}",
                details={"faults": list(refused.faults)},
            ) from refused
        await told(Action.APPS_RELOADED, request, who, None)
        return ReloadAnswer(
            **done.changes.ids(), needs_restart=list(done.needs_restart), not_served=dict(done.not_served)
        )

    @router.get("/{app_id}")
    async def one(_who: operator, app_id: _AppId) -> AppAnswer:
        """One app."""
        return await _one(apps, app_id)

    @router.patch("/{app_id}")
    async def change(who: operator, app_id: _AppId, body: ChangeBody, request: Request) -> AppAnswer:
        """Change settings, the name, or whether it is enabled; what is not named stays."""
        async with apps.changing() as registrar:
            await registrar.change(app_id, body.settings, name=body.name, enabled=body.enabled)
        await told(
            Action.APP_CHANGED, request, who, app_id, enabled=body.enabled, settings=sorted(body.settings)
        )
        return await _one(apps, app_id)

    @router.delete("/{app_id}", status_code=204)
    async def remove(who: operator, app_id: _AppId, request: Request) -> Response:
        """Remove an app; its connections are closed with 4001."""
        async with apps.changing() as registrar:
            await registrar.remove(app_id)
        await told(Action.APP_REMOVED, request, who, app_id)
        return Response(status_code=204)

    @router.post("/{app_id}/keys", status_code=201)
    async def add_key(who: operator, app_id: _AppId, request: Request) -> KeyPairAnswer:
        """Make one more key pair; all keys are good until they are revoked."""
        async with apps.changing() as registrar:
            made = await registrar.add_key(app_id)
        await told(Action.APP_KEY_ADDED, request, who, app_id, key=made.key)
        return KeyPairAnswer(key=made.key, secret=made.secret)

    @router.delete("/{app_id}/keys/{key}", status_code=204)
    async def revoke_key(who: operator, app_id: _AppId, key: _Key, request: Request) -> Response:
        """Revoke a key: nothing that it signs holds any more. The last one cannot be."""
        async with apps.changing() as registrar:
            await registrar.revoke_key(app_id, key)
        await told(Action.APP_KEY_REVOKED, request, who, app_id, key=key)
        return Response(status_code=204)

    return router


async def _one(apps: ServedApps, app_id: str) -> AppAnswer:
    """The app of the file, if there is one of this id, else that of the database."""
    for each in await apps.all():
        answer = _answer(each)
        if answer.id == app_id:
            return answer
    raise ResourceNotFound(f"there is no app {app_id}")


def _answer(each: ServedApp) -> AppAnswer:
    app, stored = each.app, each.stored
    if stored is None:
        assert app is not None  # apps of the file are always served
        keys = [KeyAnswer(key=pair.key) for pair in app.keys]
        app_id, enabled = app.id, app.enabled
    else:
        keys = [KeyAnswer(key=kept.pair.key, created_at=timestamp(kept.created_at)) for kept in stored.keys]
        app_id, enabled = stored.id, stored.enabled
    return AppAnswer(
        id=app_id,
        name="" if stored is None else stored.name,
        source="file" if stored is None else "database",
        own=each.own,
        enabled=enabled,
        not_served=each.not_served,
        keys=keys,
        settings=_shown_settings(app, stored),
        created_at=None if stored is None else timestamp(stored.created_at),
        updated_at=None if stored is None else timestamp(stored.updated_at),
    )


def _shown_settings(app: App | None, stored: StoredApp | None) -> dict[str, Any]:
    """Every setting that is in force; of an app that is not served, those that differ from the defaults."""
    shown: dict[str, Any]
    if app is not None:
        shown = _plain(app)
        return {name: value for name, value in shown.items() if name not in ("id", "keys", "enabled")}
    shown = {} if stored is None else _plain(stored.settings)
    return shown


def _plain(value: Any) -> Any:
    """As JSON, without what may be secret: what a dataclass does not show of itself, and the headers of webhooks."""
    if is_dataclass(value):
        return _plain({each.name: getattr(value, each.name) for each in fields(value) if each.repr})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        shown = {str(name): item for name, item in value.items()}
        return {name: _plain(item) for name, item in shown.items() if name != "headers" and name[:1] != "_"}
    return value
