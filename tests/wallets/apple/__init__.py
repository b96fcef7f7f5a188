"""Judging the Apple wallet: OpenSSL, unzip and the push stand-in are the peers."""
