"""An identity provider: discovery, authorization, tokens with PKCE, keys that rotate. Each part can be made to lie."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "toolboxai", "a secret: of the client/%"
Json = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


_READY: list[rsa.RSAPrivateKey] = []  # making one takes a tenth of a second


def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """One of some keys that are made once for all tests of a process."""
    while len(_READY) <= number:
        _READY.append(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return _READY[number]


def public_pem(number: int = 0) -> bytes:
    return rsa_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Asked:
    """One authorization that waits to be redeemed."""

    challenge: str
    nonce: str
    redirect_uri: str


@dataclass
class OidcProvider:
    """Attributes:
    person: claims of whoever is signed in there.
    refuses: the word with which the next authorization is refused.
    signing: number of the key that signs.
    shown: numbers of the keys that are shown, each under its number as kid.
    changes: of the claims of the next tokens.
    makes: how a token is made of its claims, where it is not made well.
    instead: by path: another answer.
    hangs: paths that answer nothing.
    asked: every path that was asked for.
    now: Unix seconds.
    comes_back_to: where browsers that ask it themselves are sent back to, as it was registered.
    """

    person: Json = field(default_factory=lambda: {"sub": "s-1", "groups": ["lesson-teachers"]})
    refuses: str | None = None
    signing: int = 0
    shown: list[int] = field(default_factory=lambda: [0])
    changes: Json = field(default_factory=dict)
    makes: Callable[[Json], str] | None = None
    instead: dict[str, Answer] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    discovered: Json = field(default_factory=dict)
    now: Callable[[], float] = time.time
    comes_back_to: str = ""
    port: int = 0
    _codes: dict[str, Asked] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/school"

    # ---- what a browser does ------------------------------------------------------------------------------------

    def visited(self, url: str) -> dict[str, str]:
        """Somebody signs in at this URL; the query that their browser is sent back with."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize", url
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        if self.refuses is not None:
            told = "<script>alert('pay here')</script>"
            return {"state": query["state"], "error": self.refuses, "error_description": told}
        code = secrets.token_urlsafe(24)
        self._codes[code] = Asked(query["code_challenge"], query["nonce"], query["redirect_uri"])
        return {"state": query["state"], "code": code, "iss": self.issuer, "session_state": "x"}

    # ---- what our server asks -----------------------------------------------------------------------------------

    def discovery(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            **self.discovered,
        }

    def keys(self) -> Json:
        return {"keys": [{**self._jwk(number), "kid": str(number), "use": "sig"} for number in self.shown]}

    def _jwk(self, number: int) -> Json:
        found: Json = json.loads(RSAAlgorithm.to_jwk(rsa_key(number).public_key()))
        return {name: found[name] for name in ("kty", "n", "e")}

    def token(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        """RFC 6749, 4.1.3, and RFC 7636, 4.6."""
        kind, _, pair = headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name, _, word = base64.b64decode(pair).decode().partition(":")
            client = unquote(name), unquote(word)
        else:
            client = form.get("client_id", ""), form.get("client_secret", "")
        if client != (CLIENT_ID, CLIENT_SECRET):
            return _json({"error": "invalid_client"}, 401)
        asked = self._codes.pop(form.get("code", ""), None)
        proof = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked.challenge != proof or asked.redirect_uri != form["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        return _json({"access_token": "unused", "token_type": "Bearer", "id_token": self._id_token(asked)})

    def _id_token(self, asked: Asked) -> str:
        now = int(self.now())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked.nonce}
        claims = {**claims, **self.person, **self.changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.makes is not None:
            return self.makes(claims)
        return jwt.encode(claims, rsa_key(self.signing), "RS256", {"kid": str(self.signing)})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head[:-4].split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            path = line.split(" ")[1].removeprefix("/school")
            self.asked.append(path)
            if path in self.hangs:
                await reader.read()
                return
            status, raw, more = self.instead.get(path) or self._answer(path, headers, body)
            out = {
                "Content-Length": str(len(raw)),
                "Connection": "close",
                "Set-Cookie": "a=b; Path=/",
                **more,
            }
            told = "".join(f"{name}: {value}\r\n" for name, value in out.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n".encode() + raw)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path.startswith("/authorize?"):  # whoever comes is signed in already
            query = urlencode(self.visited(f"http://127.0.0.1:{self.port}/school{path}"))
            return 302, b"", {"Location": f"{self.comes_back_to}?{query}"}
        assert "cookie" not in headers
        match path:
            case "/.well-known/openid-configuration":
                return _json(self.discovery())
            case "/keys":
                return _json(self.keys())
            case "/token":
                return self.token(headers, dict(parse_qsl(body.decode())))
        return 404, b"", {}


def _json(body: object, status: int = 200) -> Answer:
    return status, json.dumps(body).encode(), {"Content-Type": "application/json"}


@asynccontextmanager
async def provider_open() -> AsyncIterator[OidcProvider]:
    """A provider that answers, until the block ends."""
    provider = OidcProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()


def back(query: Mapping[str, str]) -> str:
    """The address with which a browser comes back."""
    return f"/api/v1/auth/oidc/callback?{urlencode(query)}"
