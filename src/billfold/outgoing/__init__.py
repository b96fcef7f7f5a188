"""Every request that Billfold sends to somebody else's server goes through this room.

guard.py decides whether an address may be asked at all (pure), client.py asks one question and bounds the answer,
push_pool.py sends many small questions over one HTTP/2 connection, errors.py names what can go wrong.
May not enter: any other room of Billfold. Source: reference/reliability-security.md sections 2.4 (T15) and 2.5.
"""
