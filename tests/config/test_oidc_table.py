"""``[auth.oidc]``: what has to be there, and what cannot work."""

from pathlib import Path
from typing import Any

import pytest

from toolboxai.config import Purpose, load_settings
from toolboxai.config.oidc_table import OidcTable
from toolboxai.errors import ConfigError

GOOD: dict[str, Any] = {
    "issuer": "https://login.school.example/realms/staff",
    "client_id": "toolboxai",
    "client_secret": "word",
    "public_url": "https://lessons.school.example",
    "role_claim": "groups",
    "roles": {"teachers": "teacher"},
    "organization": "High",
}


def text(table: dict[str, Any]) -> str:
    lines = ["[auth.oidc]"]
    for name, value in table.items():
        if isinstance(value, dict):
            value = "{" + ", ".join(f'"{key}" = "{each}"' for key, each in value.items()) + "}"
        elif isinstance(value, list | int):
            value = str(value)
        else:
            value = f'"{value}"'
        lines.append(f"{name} = {value}")
    return "\n".join(lines)


def load(path: Path, table: dict[str, Any], **environ: str) -> OidcTable:
    path.write_text(text(table))
    return load_settings(environ, file=path, purpose=Purpose.ANY).auth.oidc


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "toolboxai.toml"


def test_a_table_that_can_work(path: Path) -> None:
    table = load(path, {**GOOD, "allowed_domains": ["School.example"]})
    assert table.redirect_uri == "https://lessons.school.example/api/v1/auth/oidc/callback"
    assert (table.scopes, table.allowed_domains) == (("openid", "profile", "email"), ("school.example",))
    assert "word" not in repr(table)


def test_the_secret_may_stand_in_the_environment_and_stay_there_when_the_table_goes(path: Path) -> None:
    without = {name: value for name, value in GOOD.items() if name != "client_secret"}
    table = load(path, without, TOOLBOXAI_OIDC_CLIENT_SECRET="another")
    assert table.secret.get_secret_value() == "another"
    assert load_settings({"TOOLBOXAI_OIDC_CLIENT_SECRET": "x"}, purpose=Purpose.ANY).auth.oidc.issuer is None


def test_rules_keep_their_order(path: Path) -> None:
    roles = {"z": "student", "a": "admin", "m": "teacher"}
    assert list(load(path, {**GOOD, "roles": roles}).roles) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"issuer": None}, "no issuer is"),
        ({"issuer": "http://login.school.example"}, "https://"),
        ({"issuer": "https://login.school.example?x=1"}, "no query"),
        ({"issuer": "https://a:b@login.school.example"}, "no user"),
        ({"client_secret": None}, "not client_secret"),
        ({"client_secret": ""}, "must not be empty"),
        ({"public_url": None}, "not public_url"),
        ({"public_url": "http://lessons.school.example"}, "https://"),
        ({"public_url": "https://lessons.school.example/app"}, "not an origin"),
        ({"public_url": "*"}, "https://"),
        ({"roles": {}}, "not roles"),
        ({"roles": {"x": "headmaster"}}, "auth.oidc.roles.x"),
        ({"roles": {"x": "service"}}, "auth.oidc.roles.x"),
        ({"role_claim": None}, "not role_claim"),
        ({"organization": None}, "set organization"),
        ({"organization": None, "organization_claim": "school"}, "set organization"),
        ({"organization_claim": "school", "organizations": {"1": "North"}}, "one of the two"),
        ({"organizations": {"1": "North"}}, "leave one of them out"),
        ({"scopes": ["profile"]}, "openid"),
        ({"login_s": 60}, "auth.oidc.login_s"),
        ({"login_s": 15 * 86400}, "auth.oidc.login_s"),
        ({"allowed_domains": ["anna@school.example"]}, "no domain"),
    ],
    ids=str,
)
def test_one_that_cannot_is_refused_and_says_why(path: Path, changed: dict[str, Any], said: str) -> None:
    table = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    with pytest.raises(ConfigError) as refused:
        load(path, table)
    (fault,) = refused.value.faults
    assert said in fault
    assert "word" not in fault
