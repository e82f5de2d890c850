"""joeflow 2.0.2 in an environment of its own, to compare and to come from."""

import os
import subprocess
import venv

import django
import pytest

#: What both versions run on.
DJANGO = f"django=={django.__version__}"


def make_environment(folder, *requirements):
    """Install joeflow 2.0.2 into a fresh environment, and return its Python.

    Args:
        folder: Where the environment goes.
        requirements: What else to install.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run(
        [*pip, "joeflow==2.0.2", DJANGO, *requirements], capture_output=True, text=True
    )
    if done.returncode:
        reason = f"joeflow 2.0.2 cannot be installed: {done.stderr}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return python
