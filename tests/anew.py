"""Statements that are written each time, for tests that change what is written."""


def write_anew(statement, using, model, number=1):
    """Stand in for the method of a statement that finds what was written before."""
    return statement._compile(using, model, number)
