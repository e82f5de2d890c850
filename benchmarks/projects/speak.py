"""Speaks for one project: ``python speak.py PROJECT`` reads a request a line, and answers it.

Each project has a module ``driver`` with the functions that are named in the requests. Whatever
they print goes to stderr, so that the answers stand alone.
"""

import contextlib
import importlib
import json
import sys


def main(project):
    driver = importlib.import_module(f"{project}.driver")
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        function = getattr(driver, request["function"])
        result = function(*request["arguments"])
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1])
