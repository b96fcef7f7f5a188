"""Lets `python -m billfold` do what the `billfold` command does. May not enter: anything but that call."""

from billfold.cli.main import main

if __name__ == "__main__":
    main()
