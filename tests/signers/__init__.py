"""Specifications of billfold.signers."""
