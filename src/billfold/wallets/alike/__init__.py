"""What is worked out once for passes that are alike, by either wallet for itself. Pure: what is kept never decides what comes out,
only how fast.

May not enter: what one wallet makes of a content."""
