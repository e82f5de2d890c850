"""The OpenAPI document holds for the demo while it runs: schemathesis tries to find where not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.demo import running_with_samples
from tests.acceptance.sender import Sender
from tests.rules import package

package("schemathesis")

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

#: Who looks at a task that was closed a moment ago is told so, and whoever names a row that is not
#: there: no schema can say which there are. What is required and empty so far must be sent, and who
#: filters by what a list does not know is told so.
CONFIGURATION = """
[auth.openapi.session]
api_key = "{session}"
[auth.openapi.csrf]
api_key = "{csrf}"
[auth.openapi.csrf_cookie]
api_key = "{csrf}"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 410]

[[operations]]
include-path-regex = "^/(welcome/start|onboarding/choose_buddy|expenses/\\\\w+|work)/"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 410, 422]
"""
#: A task to look at, of those that wait in the sample data.
TASK = """
[[operations]]
include-path = "{path}"
include-method = "GET"
parameters = {{ "path.pk" = {pk} }}
"""

#: Seconds for the requests; JOEFLOW_FUZZ_EXAMPLES=n sends more requests, for as long as it likes.
LIMIT = 45
#: Some versions of Python 3.11 raise it as a SystemError where Hypothesis reads its own source.
BUG_OF_PYTHON = "AST constructor recursion depth mismatch"
EXAMPLES = int(os.environ.get("JOEFLOW_FUZZ_EXAMPLES", "0"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running_with_samples(tmp_path_factory.mktemp("schemathesis")) as demo:
        yield demo


def configure(demo):
    """Return the configuration for somebody who is logged in, and for the tasks that are open."""
    sender = Sender(demo.address)
    session, token = sender.cookies["sessionid"], sender.token
    _, home = sender.send("GET", "/")
    tasks = set(re.findall(r'"(/\w+/\w+/)(\d+)/"', home.decode()))
    assert tasks
    text = CONFIGURATION.format(session=session, csrf=token)
    return text + "".join(TASK.format(path=path + "{pk}/", pk=pk) for path, pk in sorted(tasks))


@pytest.mark.timeout(3600)
def test_schemathesis__finds_nothing(demo, tmp_path):
    environment = {**demo.environment, "PYTHONPATH": ""}
    written = subprocess.run(
        [sys.executable, "manage.py", "joeflow_openapi"],
        cwd=demo.folder, env=environment, capture_output=True, check=True,
    )  # fmt: skip
    (tmp_path / "openapi.json").write_bytes(written.stdout)
    (tmp_path / "schemathesis.toml").write_text(configure(demo))

    done = run_schemathesis(demo, tmp_path, environment)
    if BUG_OF_PYTHON in done.stdout:
        done = run_schemathesis(demo, tmp_path, environment)

    assert done.returncode == 0, done.stdout


def run_schemathesis(demo, tmp_path, environment):
    return subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", "schemathesis.toml", "run", "openapi.json"),
            *("--url", demo.address, "--header", "Accept: application/json", "--checks", "all"),
            *("--max-examples", str(EXAMPLES or 5), "--workers", "2", "--no-color"),
            *(() if EXAMPLES else ("--seed", "1", "--max-time", str(LIMIT))),
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=None if EXAMPLES else 10 * LIMIT,
        check=False,
    )
