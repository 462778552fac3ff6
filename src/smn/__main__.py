"""``python -m smn``, which is the command ``smn``."""

from smn.cli import main

if __name__ == "__main__":
    main(prog_name="smn")
