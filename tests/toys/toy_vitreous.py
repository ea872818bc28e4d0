"""The command line with the toy jobs plugged in: they are found by toys-1.dist-info beside this file."""

from vitreous.cli import main

if __name__ == "__main__":
    main()
