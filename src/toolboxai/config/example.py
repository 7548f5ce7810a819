"""The file that ``config init`` writes: everything that works in this version, with its default."""

from typing import Final

from toolboxai.config.legacy_table import RELEASED, SUNSET

__all__ = ["example"]

_TEXT: Final = """\
# toolboxai.toml - the environment beats this file. `toolboxai config check` tells what is wrong in it,
# `toolboxai config show --sources` where each value comes from. Keep it out of version control: it holds secrets.

[server]
host = "127.0.0.1"          # TOOLBOXAI_HOST
port = 8009                 # TOOLBOXAI_PORT
# allowed_origins = ["https://school.example"]   # TOOLBOXAI_ALLOWED_ORIGINS; pages of other origins that may call
# trusted_proxies = ["10.0.0.5/32"]   # TOOLBOXAI_TRUSTED_PROXIES; whose word on client addresses is taken
# proxy_protocol = true       # their connections begin with the PROXY protocol
# allow_list = ["198.51.100.0/24", {{ network = "203.0.113.0/24", max_connections_per_ip = 3000 }}]   # schools
drain_s = 5                 # TOOLBOXAI_DRAIN_S; connections leave spread over so many seconds
# batched_sends = false       # TOOLBOXAI_BATCHED_SENDS; write to each subscriber by itself, without io_uring
# tls_certificate = "/etc/toolboxai/certificate.pem"   # TOOLBOXAI_TLS_CERTIFICATE; with both, TLS on the same port
# tls_key = "/etc/toolboxai/key.pem"                   # TOOLBOXAI_TLS_KEY; both are read again when they change

[auth]
jwt_keys = [{{ kid = "1", secret = "{jwt_secret}" }}]   # TOOLBOXAI_JWT_SECRET; signs access tokens

# [auth.oidc]               # staff sign in at the school's identity provider; docs/sign-in.md
# issuer = "https://login.school.example"
# client_id = "toolboxai"
# client_secret = "…"       # TOOLBOXAI_OIDC_CLIENT_SECRET
# public_url = "https://lessons.school.example"   # where browsers reach this server
# organization = "default"  # their school
# role_claim = "groups"
# roles = {{ "lesson-teachers" = "teacher" }}

[database]
url = "sqlite:///./toolboxai.db"   # TOOLBOXAI_DATABASE_URL; or postgresql://USER@HOST/NAME

[publisher]
kind = "embedded"           # TOOLBOXAI_PUBLISHER; "pusher" sends to any Pusher-compatible HTTP API:
# host = "api.example"      # PUSHER_HOST
# port = 443                # PUSHER_PORT
# scheme = "https"          # PUSHER_SCHEME
# cluster = "eu"            # PUSHER_CLUSTER; hosted Pusher

[channels]
public_compat = "safe"      # TOOLBOXAI_PUBLIC_COMPAT; what stands on public names: safe, full, off
# public_organization = "default"   # the one whose environments and agents stand on public names too
# encryption_master_key_base64 = "…"   # PUSHER_ENCRYPTION_MASTER_KEY_BASE64; for encrypted channels

[content]                   # generations
at_once = 2                 # that run at once; the others wait, and are served one user after the other
at_once_per_user = 2        # of these, so many of one user
active_per_user = 5         # of one user that wait or run; one more is refused
stage_limit_s = 300         # a stage that takes longer fails
run_limit_s = 900           # and all stages together

[roblox]                    # worlds
at_once = 2                 # that are built at once; the others wait, and are served one user after the other
at_once_per_user = 1        # of these, so many of one user
active_per_user = 5         # of one user that wait or are built; one more is refused
# open_cloud_user_id = 1    # to whom models at Roblox belong, or open_cloud_group_id
#                             TOOLBOXAI_OPEN_CLOUD_KEY has the key: with it each finished model is uploaded

[agents]                    # their tasks
lease_s = 30                # TOOLBOXAI_AGENT_LEASE_S; a worker that is silent for so long loses its task to the next
open_per_user = 2000        # of one user that wait or run; one more is refused

[legacy]                    # the five old WebSocket endpoints; docs/legacy.md
mode = "warn"               # TOOLBOXAI_LEGACY_MODE; on: served throughout, warn: but in brown-outs, off: refused
sunset = {sunset}         # TOOLBOXAI_LEGACY_SUNSET; from then on they may go; clients are told
# deprecated = {released}   # since when, as clients are told
# brownouts = [{{ from = {sunset}T09:00:00Z, to = {sunset}T10:00:00Z }}]
notice = false              # tell clients in a message too
session_conflict = "replace"   # of two sockets of one user on one session: replace, reject the newer

# [legacy.endpoints.content]   # also roblox, plugin, agent, native: goes before what is set for all
# mode = "off"

[legacy.limits]
connections_per_user = 10
connections_per_ip = 50
messages_per_minute = 100
auth_attempts_per_minute = 5

[metrics]
# token = "…"               # TOOLBOXAI_METRICS_TOKEN; opens /metrics to others than this machine
soketi = false              # tell the numbers under soketi's names too
soketi_prefix = "soketi_"

[privacy]
retention_days = 0          # after so many days what nobody changes or answers is deleted; 0: never
audit_days = 400            # so long it is kept who did what; 0: for ever

# [llm]                     # a language model that words lessons; TOOLBOXAI_LLM_API_KEY has the key
# provider = "openai"       # or whatever speaks its chat API; or "anthropic"
# base_url = "http://127.0.0.1:11434/v1"
# model = "some-model"

[[apps]]                    # the first is ours: PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET
id = "{app_id}"
key = "{key}"
secret = "{secret}"
client_events = true
max_connections = 0         # 0: no limit
max_connections_per_ip = 0
connects_per_s_per_ip = 0
# allowed_origins = ["https://school.example"]
activity_timeout_s = 120
pong_timeout_s = 30
channel_name_chars = 200
event_bytes = 10240
client_events_per_s = 10

# resume = true             # pages that come back within two minutes are handed what they missed

# [[apps.history]]          # channels whose newest events are kept and handed to whoever subscribes
# pattern = "news-*"
# events = 50
# seconds = 600

# [[apps.flow]]             # what a reader that lags may miss on these channels
# pattern = "*content-generation-*"
# conflate_by = "data.stage"

# [[apps.webhooks]]         # where the server posts what happens on channels; docs/webhooks.md
# url = "https://school.example/pusher"
# event_types = ["channel_occupied", "channel_vacated"]   # all seven when left out
# channel_prefix = "presence-"
# headers = {{ Authorization = "Bearer …" }}
# batch_ms = 500            # gather for so long into one body; 0: each event alone
# allow_private_address = true   # for a receiver in a private network
"""


def example(*, app_id: str, key: str, secret: str, jwt_secret: str) -> str:
    """The file's text with these credentials in it."""
    return _TEXT.format(
        app_id=app_id, key=key, secret=secret, jwt_secret=jwt_secret, sunset=SUNSET, released=RELEASED
    )
