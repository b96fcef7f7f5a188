"""What people look at and do in the console's tables: passes, one pass, members."""
