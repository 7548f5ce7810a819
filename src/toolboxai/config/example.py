"""The file that ``config init`` writes: everything that works in this version, with its default."""

from typing import Final

__all__ = ["example"]

_TEXT: Final = """\
# toolboxai.toml - the environment beats this file. `toolboxai config check` tells what is wrong in it,
# `toolboxai config show --sources` where each value comes from. Keep it out of version control: it holds secrets.

[server]
host = "127.0.0.1"          # TOOLBOXAI_HOST
port = 8009                 # TOOLBOXAI_PORT
# allowed_origins = ["https://school.example"]   # TOOLBOXAI_ALLOWED_ORIGINS; pages of other origins that may call
drain_s = 5                 # TOOLBOXAI_DRAIN_S; connections leave spread over so many seconds

[auth]
jwt_keys = [{{ kid = "1", secret = "{jwt_secret}" }}]   # TOOLBOXAI_JWT_SECRET; signs access tokens

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
# encryption_master_key_base64 = "…"   # PUSHER_ENCRYPTION_MASTER_KEY_BASE64; for encrypted channels

[[apps]]                    # the first is ours: PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET
id = "{app_id}"
key = "{key}"
secret = "{secret}"
client_events = true
max_connections = 0         # 0: no limit
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
"""


def example(*, app_id: str, key: str, secret: str, jwt_secret: str) -> str:
    """The file's text with these credentials in it."""
    return _TEXT.format(app_id=app_id, key=key, secret=secret, jwt_secret=jwt_secret)
