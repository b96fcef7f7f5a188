"""Specifications of billfold.images."""
