"""Tasks, instances and what happened to them, described for programs."""
