"""``python -m smn`` is the command ``smn``."""

from smn.cli import main

main()
