"""Mails as mail servers take them: the message (message.py), the way to a relay (smtp.py), what comes back (bounces.py).

May not enter: storage, who may be written to, anything of Billfold but its domain and ports."""
