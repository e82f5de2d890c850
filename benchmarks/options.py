"""What the command lines of the benchmarks take; refused before anything is measured."""

import argparse
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def at_least(least):
    """Return what reads a whole number that is not smaller than this."""

    def whole_number(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole_number


def new_file(text):
    """Read the name of a file that can be written."""
    folder = Path(text).absolute().parent
    if not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"nothing can be written to {folder}")
    return text


def commit(text):
    """Read the name of a commit of this repository."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise argparse.ArgumentTypeError(f"there is no commit {text!r}")
    return text


def add_json(parser):
    """Add the option for a file with all figures."""
    parser.add_argument(
        "--json", metavar="FILE", type=new_file, help="write all figures there, too"
    )
