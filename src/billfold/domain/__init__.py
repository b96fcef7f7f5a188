"""Decisions on values: what a pass is, what it says, who may do what. No I/O, clock, randomness or framework may enter."""
