"""Pictures of passes: from a neutral content to what each wallet shows of it, as SVG and PNG, drawn by us.

Everything here is pure: equal input gives equal bytes on every machine, since the fonts come along. It reads contents, never a
wallet's own format (but for what only Apple says, apple_below.py), and shows what the phones leave out by leaving it out.
May not enter: storage, HTTP, trademark art."""
