"""Revisions, in order of their numbers. May not enter: anything but revisions."""
