"""A mail server that keeps what it is given instead of passing it on, for people and tests to look at.

May not enter: anything of Billfold outside the sandbox; it judges the messages that Billfold makes."""
