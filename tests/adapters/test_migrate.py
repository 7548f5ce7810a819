"""The schema: made, compared, refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from storage_faults import fault_of, may_fail
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.engine import Base, sync_url
from toolboxai.adapters.database.migrate import Schema
from toolboxai.errors import ConfigError


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_upgrade_makes_exactly_the_tables_that_the_models_declare(database_url: str) -> None:
    migrate.upgrade(database_url)
    engine = create_engine(sync_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_each_revision_can_be_taken_back_and_leaves_nothing(migrated_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent))
    engine = create_engine(sync_url(migrated_url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
    assert migrate.check(migrated_url).schema is Schema.EMPTY
    assert migrate.upgrade(migrated_url).schema is Schema.CURRENT


def test_an_empty_database_is_called_empty_and_serving_makes_its_schema(database_url: str) -> None:
    assert migrate.check(database_url).schema is Schema.EMPTY
    assert migrate.prepare(database_url).schema is Schema.CURRENT
    assert migrate.check(database_url).schema is Schema.CURRENT


def test_looking_at_a_database_that_is_not_there_makes_no_file(tmp_path: Path) -> None:
    assert migrate.check(f"sqlite:///{tmp_path}/none.db").schema is Schema.EMPTY
    assert list(tmp_path.iterdir()) == []


def test_a_second_upgrade_changes_nothing(migrated_url: str) -> None:
    assert migrate.upgrade(migrated_url).schema is Schema.CURRENT


def test_a_schema_that_is_behind_waits_for_the_operator_and_is_then_brought_up_to_date(
    database_url: str,
) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent))
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    state = migrate.check(database_url)
    assert (state.schema, state.revision) == (Schema.BEHIND, "0001")
    with pytest.raises(ConfigError, match="toolboxai db upgrade"):
        migrate.prepare(database_url)
    assert migrate.check(database_url).schema is Schema.BEHIND
    assert migrate.upgrade(database_url).schema is Schema.CURRENT


def test_a_newer_schema_is_refused_and_the_text_says_what_to_do(migrated_url: str) -> None:
    _execute(migrated_url, "UPDATE alembic_version SET version_num = '9999'")
    state = migrate.check(migrated_url)
    assert state.schema is Schema.NEWER
    assert "9999" in state.text
    assert "toolboxai db upgrade" in state.text
    for action in (migrate.prepare, migrate.upgrade):
        with pytest.raises(ConfigError, match="newer"):
            action(migrated_url)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM alembic_version",
        "DROP TABLE one_time_codes",
        "ALTER TABLE users DROP COLUMN display_name",
        "INSERT INTO alembic_version VALUES ('0000')",
    ],
)
def test_a_half_migrated_schema_is_refused_and_the_text_has_the_command(
    migrated_url: str, damage: str
) -> None:
    _execute(migrated_url, damage)
    state = migrate.check(migrated_url)
    assert state.schema is Schema.HALF_MIGRATED
    assert "toolboxai db upgrade" in state.text
    for action in (migrate.prepare, migrate.upgrade):
        with pytest.raises(ConfigError, match="half migrated"):
            action(migrated_url)


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(database_url: str) -> None:
    # The last table that the first migration makes is there already, so it fails in its middle.
    _execute(database_url, "CREATE TABLE one_time_codes (other INTEGER)")
    with pytest.raises(ConfigError, match="half migrated"):
        migrate.upgrade(database_url)
    _execute(database_url, "DROP TABLE one_time_codes", "CREATE VIEW one_time_codes AS SELECT 1 AS x")
    with pytest.raises(Exception, match="one_time_codes"):
        migrate.upgrade(database_url)
    _execute(database_url, "DROP VIEW one_time_codes")
    assert migrate.check(database_url).schema is Schema.EMPTY


UPGRADE = (
    "import sys; from toolboxai.adapters.database import migrate; print(migrate.upgrade(sys.argv[1]).schema)"
)


@pytest.mark.timeout(90)  # two processes begin, which takes a busy machine long
def test_two_processes_that_upgrade_at_once_both_end_with_the_schema(database_url: str) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, database_url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["current", "current"]


@pytest.mark.parametrize("name", ["nowhere/toolboxai.db", "text.db"])
def test_a_database_that_does_not_answer_is_an_error_of_the_settings(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.db").write_text("this is no database, and it is long enough to see that" * 20)
    with pytest.raises(ConfigError, match="TOOLBOXAI_DATABASE_URL"):
        migrate.upgrade(f"sqlite:///{tmp_path}/{name}")


def test_looking_where_no_database_can_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make the folder"):
        migrate.check(f"sqlite:///{tmp_path}/nowhere/toolboxai.db")


@pytest.mark.parametrize("reason", ["disk_full", "read_only"])
def test_a_disk_that_takes_nothing_is_told_with_what_to_do(
    database_backend: str, database_url: str, reason: str
) -> None:
    with may_fail(), fault_of(database_url, reason)():
        if (database_backend, reason) == ("postgres", "disk_full"):
            _execute(
                database_url, "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)", REFUSING
            )
        with pytest.raises(ConfigError) as told:
            migrate.prepare(database_url)
    assert {"disk_full": "make room", "read_only": "writable"}[reason] in str(told.value)


REFUSING = (
    "CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON alembic_version EXECUTE FUNCTION faults.no_room()"
)


def test_files_of_contents_that_were_made_before_there_were_revisions_are_those_of_the_first(
    database_url: str,
) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent))
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        connection.execute(
            text(
                "INSERT INTO content_sessions (id, content_id, organization_id, owner_id, subject, request, "
                "request_sha256, status, percent, attempt, last_seq, announced_seq, created_at, updated_at) "
                "VALUES ('gen_1', 'content_1', 'o', 'u', 's', '{}', '', 'complete', 100, 1, 0, 0, 1, 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO content_files VALUES ('content_1', 'md', 'teacher', 'n.md', 'm', 3, 'x', :content)"
            ),
            {"content": b"\x00\xff#"},
        )
    migrate.upgrade(database_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT revision, notes, content, size FROM content_files")).one()
        assert (kept.revision, kept.notes, bytes(kept.content), kept.size) == (1, "[]", b"\x00\xff#", 3)
        assert connection.scalar(text("SELECT revision FROM content_sessions")) == 1
    engine.dispose()
