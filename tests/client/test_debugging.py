"""Debug lines open no door, however a secret is wrapped."""

import json

import pytest

from toolboxai.client.debugging import masked


@pytest.mark.parametrize(
    "name", ["auth", "Authorization", "token", "accessToken", "shared_secret", "api_key"]
)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("secret", ["s3cret", 'quo"s3cret', "back\\s3cret"])
def test_a_secret_is_masked_at_every_depth_and_what_stands_beside_it_is_not(
    name: str, depth: int, secret: str
) -> None:
    line: object = {"before": "seen", name: secret, "author": "Jane"}
    for _ in range(depth):
        line = {"data": json.dumps(line)}
    said = masked(json.dumps(line))
    assert "s3cret" not in said
    assert "seen" in said
    assert "Jane" in said
    for _ in range(depth):
        said = json.loads(said)["data"]
    assert json.loads(said)[name] == "********"


def test_headers_and_addresses_are_masked_too() -> None:
    said = masked("GET https://host.test/a?token=s3cret&page=2 Authorization: Bearer s3cret")
    assert said == "GET https://host.test/a?token=********&page=2 Authorization: Bearer ********"
