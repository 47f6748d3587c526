"""``python -m isomorph``: the stages as commands."""

from isomorph.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
