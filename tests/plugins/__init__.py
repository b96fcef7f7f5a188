"""pytest plugins of this suite: the databases, and the reports at the end of a run. May not enter: tests, fixtures of one room."""
