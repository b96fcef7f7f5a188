"""The scanner: the till's page at `/scan`, a program in the browser that works without a network too.

It speaks to the server by `/v1` alone, as a terminal with its own token. May not enter: storage, decisions on scans."""
