"""Print how long each file of joeflow/ is, and refuse functions that are too long."""

import ast
import sys
from pathlib import Path
from statistics import mean

LONGEST_FUNCTION = 40
LONGEST_FILE = 330
ROOT = Path(__file__).resolve().parent.parent


def lines_of(function):
    """Count the lines of a function without its decorators and docstring."""
    first = function.body[0]
    lines = function.end_lineno - function.lineno + 1
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= first.end_lineno - first.lineno + 1
    return lines


def functions_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield lines_of(node), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}()"


def main():
    paths = sorted(path for path in ROOT.glob("joeflow/**/*.py") if "migrations" not in path.parts)
    sizes = {path: len(path.read_text().splitlines()) for path in paths}
    functions = sorted(found for path in paths for found in functions_of(path))
    for path, size in sizes.items():
        print(f"{size:5} {path.relative_to(ROOT)}")
    print(f"{sum(sizes.values()):5} in {len(sizes)} files; a function has", end=" ")
    print(f"{mean(lines for lines, _ in functions):.1f} lines in the mean, at most", functions[-1])
    faults = [f"{lines} lines: {name}" for lines, name in functions if lines > LONGEST_FUNCTION]
    faults += [f"{size} lines: {path}" for path, size in sizes.items() if size > LONGEST_FILE]
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
