"""The rival checks what our server checks."""

import hashlib
import time

import pytest
from bench.rivals.broadcaster import signature_fault
from bench.wire import signed_request

BODY = b'{"name":"n","channels":["a"],"data":"d"}'


def fault_of(request: bytes, differs: dict[str, str] | None = None, *, body: bytes = BODY) -> str | None:
    path, _, query = request.split(b" ")[1].decode().partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&"))
    return signature_fault("POST", path, {**pairs, **(differs or {})}, body, "key", "secret")


def signed(secret: str = "secret", *, now: float | None = None) -> bytes:
    return signed_request("3", "key", secret, BODY, port=80, now=int(time.time() if now is None else now))


def test_a_signed_request_passes() -> None:
    assert fault_of(signed()) is None


@pytest.mark.parametrize(
    ("secret", "age_s", "differs", "fault"),
    [
        ("other", 0, {}, "invalid signature"),
        ("secret", 0, {"auth_key": "other"}, "unknown auth_key"),
        ("secret", 3600, {}, "timestamp expired"),
    ],
)
def test_a_wrong_request_does_not(secret: str, age_s: int, differs: dict[str, str], fault: str) -> None:
    assert fault_of(signed(secret, now=time.time() - age_s), differs) == fault


def test_another_body_does_not() -> None:
    assert fault_of(signed(), body=b"{}") == "body_md5 does not match the body"
    assert hashlib.md5(BODY).hexdigest() in signed().decode()
