"""The composition root: the only room that knows all, where parts are chosen and joined.

Nothing heavy is imported before it is needed: a server of Channels alone never loads the application's parts.
"""

from toolboxai.app.demo import DemoAccount
from toolboxai.app.identity import identity_for
from toolboxai.app.run import Running, running, serve
from toolboxai.app.stored_apps import apps_on_disk

__all__ = ["DemoAccount", "Running", "apps_on_disk", "identity_for", "running", "serve"]
