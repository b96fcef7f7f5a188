"""Specifications of billfold.outgoing."""
