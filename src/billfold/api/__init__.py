"""The HTTP edge: routes, authentication, wire shapes, problems. Parses, calls one flow, renders its answer.

May not enter: decisions, SQL, calls to Apple or Google.
"""
