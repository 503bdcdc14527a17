"""The configuration: one YAML file, its `SHIPBELL_...` twins and the command line become one frozen value.

`settings` says what there is to set, with default, unit and reason at each field; `loading` reads and checks
it. All mistakes are reported at once, each with its place and its remedy. Nothing below this layer imports
it: the composition root hands the parts what they need. Secrets come from files or the environment only.
"""

from shipbell.config.loading import load
from shipbell.config.settings import Settings, Store

__all__ = ["load", "Settings", "Store"]
