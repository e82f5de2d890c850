"""Who gets what: the table of the documentation, line by line."""
