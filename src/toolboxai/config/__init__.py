"""Settings: environment over file over defaults, checked as a whole before anything starts.

Only the composition root and the command line read this package; every other part is handed its own slice.
"""

from toolboxai.config.load import Configuration, Purpose, load_configuration, load_settings
from toolboxai.config.model import Settings

__all__ = ["Configuration", "Purpose", "Settings", "load_configuration", "load_settings"]
