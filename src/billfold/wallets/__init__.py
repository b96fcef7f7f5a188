"""One folder for each wallet, each behind the same small port (check, offer, publish). A third wallet is a third folder. `alike`
serves all of them.

May not enter: anything that one wallet would have to know of another.
"""
