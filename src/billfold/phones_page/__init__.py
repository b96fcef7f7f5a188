"""Phones in the page: `/phones`, an iPhone and an Android phone that live in a browser and are clients of this server by protocol.

The phones are JavaScript (static/) and share nothing with the server side that they judge, nor with the terminal's phones. Python
here serves the page and makes the demo's card. May not enter: what the wallets' formats say; storage."""
