"""The database and the disk below it, with real faults."""

import os
import resource
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.cli.checks.finding import Finding, Verdict
from toolboxai.cli.checks.storage import disk, file_system, storage
from toolboxai.node.webhooks.store import Delivery, State
from toolboxai.testing.clock import ManualClock


async def found(url: str, clock: ManualClock | None = None) -> dict[str, Finding]:
    now = (clock or ManualClock()).now
    return {finding.check: finding async for finding in storage(url, now=now)}


async def test_a_good_one(migrated_url: str) -> None:
    seen = await found(migrated_url)
    assert seen.pop("database").verdict is Verdict.OK
    if migrated_url.startswith("sqlite"):
        assert seen.pop("disk").verdict is not Verdict.FAULT
    else:  # its clock is today's, and the one handed in stands still
        assert seen.pop("database clock").verdict is Verdict.FAULT
    assert seen == {}


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/school.db", "postgresql://nobody@127.0.0.1:1/none"]
)
async def test_one_that_does_not_answer_is_a_fault(url: str) -> None:
    seen = await found(url)
    assert seen["database"].verdict is Verdict.FAULT
    assert "TOOLBOXAI_DATABASE_URL" in seen["database"].text


async def test_what_is_no_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "school.db").write_text("no database")
    seen = await found(f"sqlite:///{tmp_path}/school.db")
    assert seen["database"].verdict is Verdict.FAULT


@pytest.mark.parametrize("database_backend", ["sqlite"])
async def test_webhooks_that_were_given_up_are_told(database: AsyncEngine, migrated_url: str) -> None:
    dead = Delivery(
        id="wh_1",
        app_id="3",
        url="http://127.0.0.1:1/hook",
        key="k",
        body="{}",
        channels=(),
        created_at=1.0,
        state=State.DEAD,
        attempts=9,
        next_at=1.0,
        last_error="connection refused",
    )
    await DatabaseWebhookStore(database).write([dead], [])
    seen = await found(migrated_url)
    assert seen["webhooks"].verdict is Verdict.WARNING
    assert "1 were given up" in seen["webhooks"].text
    assert "toolboxai webhooks replay --dead" in seen["webhooks"].text


# ---- the disk -----------------------------------------------------------------------------------------------


def test_a_folder_with_room_is_good(tmp_path: Path) -> None:
    (seen,) = disk(tmp_path)
    assert seen.verdict is not Verdict.FAULT
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        (seen,) = disk(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert seen.verdict is Verdict.FAULT
    assert "takes no file (File too large)" in seen.text
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (seen,) = disk(tmp_path / "none")
    assert "No such file or directory" in seen.text


@pytest.mark.parametrize(
    ("free", "verdict"),
    [
        (49 << 20, Verdict.FAULT),
        (51 << 20, Verdict.WARNING),
        (1023 << 20, Verdict.WARNING),
        (1 << 30, Verdict.OK),
    ],
)
def test_little_room_is_told(
    free: int, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(tmp_path)
    room = os.statvfs_result((4096, 4096, 1 << 30, free // 4096, free // 4096, 10, 10, 10, *real[8:10]))
    monkeypatch.setattr(os, "statvfs", lambda _folder: room)
    (seen,) = disk(tmp_path)
    assert seen.verdict is verdict


def test_sqlite_on_a_network_is_a_fault(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "school:/home /srv/toolboxai nfs4 rw,vers=4.2 0 0\n"
        "/dev/sdb1 /srv/toolboxai/local xfs rw 0 0\n"
        "//server/share /srv/my\\040share cifs rw 0 0\n"
    )
    for place, kind in (("/srv/toolboxai", "nfs4"), ("/srv/my share/below", "cifs")):
        (seen,) = file_system(Path(place) / "school.db", mounts=mounts)
        assert seen.verdict is Verdict.FAULT
        assert kind in seen.text
        assert "Postgres" in seen.text
    for place in ("/srv/toolboxai/local", "/srv", "/srv/toolboxai2"):
        assert list(file_system(Path(place) / "school.db", mounts=mounts)) == []
