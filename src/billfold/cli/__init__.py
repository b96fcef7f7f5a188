"""What an operator types: `billfold serve`, `keys`, `certs`, `doctor`, `phone`. Reads settings, calls, prints.

May not enter: decisions of the product; whatever a command does, a flow or the bootstrap does it.
"""
