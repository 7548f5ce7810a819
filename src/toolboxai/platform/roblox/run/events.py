"""What a world tells: the guide's messages."""

import re
from typing import Any, Final

import msgspec

from toolboxai.platform.messages.environment import AssetType, ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.model.spec import Component
from toolboxai.platform.roblox.records.environments import Asset, Components, KeptScript
from toolboxai.platform.runs.events import Draft

__all__ = [
    "asset_ready",
    "asset_url",
    "environment_status",
    "environment_url",
    "private_channel",
    "progress_of",
    "script_asset_id",
    "script_of_asset",
    "script_update",
]

_PRIVATE: Final = "private-roblox-sync-"
_HIDDEN: Final = "ServerStorage"
_SCRIPT_ASSET: Final = re.compile(r"script_([A-Za-z0-9_]{1,64})_r([1-9][0-9]{0,8})")
_SHARES: Final = {Component.TERRAIN: 30, Component.BUILDINGS: 30, Component.SCRIPTS: 40}
_WRITTEN: Final = 30  # of the scripts' share, when they stand and are not in the files yet


def private_channel(environment_id: str) -> str:
    """Where all is told of a world."""
    return _PRIVATE + environment_id


def environment_url(environment_id: str) -> str:
    """Where a world is asked for."""
    return f"/api/v1/roblox/environments/{environment_id}"


def asset_url(environment_id: str, asset_id: str) -> str:
    """Where a file, or the text of a script, is; it always needs a token."""
    return f"{environment_url(environment_id)}/assets/{asset_id}"


def script_asset_id(script: KeptScript) -> str:
    """Under which the text of one revision can be fetched as it is."""
    return f"script_{script.id}_r{script.revision}"


def script_of_asset(asset_id: str) -> tuple[str, int] | None:
    """The script and the revision that such an id names; None: it is no id of one."""
    found = _SCRIPT_ASSET.fullmatch(asset_id)
    return None if found is None else (found[1], int(found[2]))


def progress_of(components: Components, *, written: bool = False) -> int:
    """In percent; 100 with all components complete.

    Args:
        components: where each is.
        written: whether the scripts stand already, and are not in the files yet.
    """
    done = (ComponentState.COMPLETE, ComponentState.SKIPPED)
    percent = sum(share for component, share in _SHARES.items() if components[component] in done)
    return percent + (_WRITTEN if written and components[Component.SCRIPTS] not in done else 0)


def environment_status(
    environment_id: str, status: EnvironmentStatus, progress: int, components: Components
) -> Draft:
    """Where a world stands."""
    return Draft(
        "environment_status",
        {
            "environment_id": environment_id,
            "status": status.value,
            "progress": progress,
            "components": {component.value: components[component].value for component in Component},
        },
    )


def script_update(environment_id: str, script: KeptScript, *, event_bytes: int) -> Draft:
    """A script is new or has changed: its text, or a link to it where it is long, or where answers may stand in it.

    Args:
        environment_id: of the world.
        script: the revision.
        event_bytes: that an event may have, everything in it counted.
    """
    data: dict[str, Any] = {
        "environment_id": environment_id,
        "script_type": script.kind.value,
        "checksum": script.sha256,
        "checksum_algorithm": "sha256",
    }
    around = len(msgspec.json.encode(data)) + 200
    # Whoever may look at a world listens here, pupils too: what a server keeps from them goes to teachers alone.
    hidden = script.parent == _HIDDEN
    if hidden or around + len(msgspec.json.encode(script.source)) > event_bytes:
        data["content_url"] = asset_url(environment_id, script_asset_id(script))
        data["size"] = len(script.source.encode())
    else:
        data["script_content"] = script.source
    return Draft("script_update", data)


def asset_ready(environment_id: str, asset: Asset) -> Draft:
    """A file can be fetched."""
    return Draft(
        "asset_ready",
        {
            "environment_id": environment_id,
            "asset_type": AssetType.MODEL.value,
            "asset_id": asset.roblox_id,
            "asset_name": asset.name,
            "download_url": asset_url(environment_id, asset.id),
            "status": asset.status.value,
            "checksum": asset.sha256,
            "checksum_algorithm": "sha256",
        },
    )
