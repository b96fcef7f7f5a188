"""What a person asks for, one readable function each: fetch, decide, write, want. Speaks to the ports alone.

May not enter: HTTP, SQL, Apple's or Google's formats.
"""
