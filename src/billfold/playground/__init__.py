"""The Playground: every operation of the API as a form in the console, run against the test environment, with phones beside it.

May not enter: what an operation does, live data."""
