"""An environment for each contestant that is not this joeflow; made once, kept for the next run."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

#: Where the environments are kept; the name of each follows from what is installed.
FOLDER = Path(__file__).parent.parent / ".bench"


def python_for(requirements):
    """Return the Python of an environment with these requirements; none: the one that runs us."""
    if not requirements:
        return Path(sys.executable)
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    folder = FOLDER / key
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing {', '.join(requirements)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, *requirements], check=True)
        (folder / "complete").touch()
    return python
