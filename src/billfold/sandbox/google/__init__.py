"""A stand-in of the Google Wallet API, the save page and the callbacks, for laptops, demonstrations and tests.

It judges the server side, so it shares no code with it: nothing of billfold outside billfold.sandbox may enter.
Open app.py first. Source: reference/google-wallet.md, above all section 8."""
