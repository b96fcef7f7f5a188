"""Rows in, values out: SQLite by default, PostgreSQL by setting, the same statements on both.

May not enter: decisions, HTTP, a wallet's format.
"""
