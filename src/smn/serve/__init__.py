"""The service: answers over HTTP, safely, and remembers what happened. Needs the extra ``serve``."""

from smn.serve.app import create_app
from smn.serve.settings import Settings

__all__ = ["Settings", "create_app"]
