"""Specifications of billfold.starters."""
