"""Run the demo: a web server and a worker, until Ctrl-C.

    python demo.py

It prepares the database, fills it with sample data and says what to open. DEMO_PORT is the port of
the web server (default: 8000); where it is taken, the next free one is used. DEMO_RUNNER chooses
the worker; project/settings.py lists the other environment variables.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
#: Seconds that the web server may take to answer.
START_SECONDS = 60
#: Seconds that a process may take to end, before it is killed.
END_SECONDS = 10

MANAGE = [sys.executable, "manage.py"]
WORKERS = {
    "django_tasks": [*MANAGE, "db_worker", "--no-reload", "--interval", "0.2", "--verbosity", "0"],
    "celery": [sys.executable, "-m", "celery", "-A", "project", "worker", "--concurrency", "2"],
    "dramatiq": [*MANAGE, "rundramatiq", "--processes", "1", "--threads", "2"],
}


class Stop(Exception):
    """The demo ends: what to say, and the exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


class Demo:
    """Runs processes, and ends all of them when one ends or somebody asks for it."""

    def __init__(self):
        self.started = []
        self.watched = {}
        self.stop_asked = False
        # SIGHUP: somebody closed the terminal.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)

    def ask_to_stop(self, number, frame):
        self.stop_asked = True

    def run(self):
        """Run until something ends the demo; return the exit code."""
        try:
            worker = get_worker(os.environ.get("DEMO_RUNNER") or "django_tasks")
            port = find_port(int(os.environ.get("DEMO_PORT") or 8000))
            os.environ.setdefault("DEMO_URL", f"http://{HOST}:{port}")
            self.manage("migrate", "--verbosity", "0")
            self.manage("sample_data")
            server = [*MANAGE, "runserver", "--noreload", f"{HOST}:{port}"]
            self.watched["web server"] = self.start(server)
            self.watched["worker"] = self.start(worker)
            self.wait_for_server(port)
            say(f"\nThe demo runs. Open http://{HOST}:{port}/ and log in as admin, with the")
            say("password demo; who else there is stands above. End it with Ctrl-C.\n")
            while True:
                self.wait()
        except Stop as stop:
            say(f"\n{stop}")
            return stop.code
        finally:
            self.end()

    def start(self, command):
        # In a session of its own, so that a Ctrl-C in the terminal reaches this process alone.
        process = subprocess.Popen(command, cwd=HERE, start_new_session=True)  # noqa: S603
        self.started.append(process)
        return process

    def manage(self, *arguments):
        """Run a management command to its end."""
        process = self.start([*MANAGE, *arguments])
        while process.poll() is None:
            self.wait()
        if process.returncode:
            raise Stop(f"manage.py {arguments[0]} failed.")

    def wait_for_server(self, port):
        until = time.monotonic() + START_SECONDS
        while not listens(port):
            if time.monotonic() > until:
                raise Stop(f"The web server did not answer within {START_SECONDS} seconds.")
            self.wait()

    def wait(self):
        """Wait for a moment; raise `Stop` if the demo must end."""
        time.sleep(0.1)
        if self.stop_asked:
            raise Stop("The demo ends.", code=0)
        for name, process in self.watched.items():
            if process.poll() is not None:
                raise Stop(f"The {name} ended (exit code {process.returncode}), and so do we.")

    def end(self):
        """End all processes, and what they have started."""
        for process in self.started:
            process.terminate()
        until = time.monotonic() + END_SECONDS
        for process in self.started:
            try:
                process.wait(max(0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"{' '.join(process.args)} does not end; it is killed.")
            kill_group(process)


def kill_group(process):
    """Kill what is left of a process and those that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def get_worker(runner):
    if runner not in WORKERS:
        raise Stop(f"DEMO_RUNNER is {runner!r}; it can be {', '.join(WORKERS)}.")
    return WORKERS[runner]


def find_port(wanted):
    """Return a port that nobody listens on: the wanted one, or one of those after it."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as candidate:
            # As the web server does: a port that was in use a moment ago is free.
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind((HOST, port))
            except OSError:
                say(f"Port {port} is taken; trying the next one.")
                continue
            return candidate.getsockname()[1]
    raise Stop(f"The ports {wanted} to {port} are taken; set DEMO_PORT to another one.")


def listens(port):
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(Demo().run())
