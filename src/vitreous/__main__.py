"""The program vitreous, also as python -m vitreous. Ctrl-C while it is still being loaded ends it with a word."""

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from vitreous import cli
    except KeyboardInterrupt:
        sys.stderr.write("vitreous: stopped\n")
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
