"""Servers of our own: on free ports, in a temporary directory, gone at the end."""

import getpass
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.processes import free_port, kill_group, listens, spawn, wait_for

LIMIT = 90  # seconds until a server must answer; far more than it takes


def find(*names):
    """Return the path of a program, also where it is on nobody's PATH; None without it."""
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        Path("/usr/lib/rabbitmq/bin"),
        Path("/usr/sbin"),
    ]
    for name in names:
        for folder in [*folders, *map(Path, os.environ["PATH"].split(":"))]:
            if (folder / name).exists():
                return folder / name
    return None


def _owner(name):
    """Return the user that a server runs as where root must not: None for who we are."""
    return name if getpass.getuser() == "root" else None


class Server:
    """A server that is started, killed, and started again."""

    name = "server"
    programs = ()
    owner = None

    def __init__(self, folder):
        self.folder = folder / self.name
        self.folder.mkdir()
        self.log = folder / f"{self.name}.log"
        self.port = free_port()
        self.process = None
        if _owner(self.owner):
            shutil.chown(self.folder, self.owner, self.owner)
        self.set_up()

    def set_up(self):
        """Make what the server needs before it starts for the first time."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def answers(self):
        return listens(self.port)

    def start(self):
        """Start it, and wait until it answers."""
        self.process = spawn(
            self.command(),
            self.log,
            environment=self.environment(),
            user=_owner(self.owner),
            folder=self.folder,
        )
        wait_for(self._is_up, LIMIT, f"{self.name} answers; see its log:\n{self.tail()}")

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended:\n{self.tail()}")
        return self.answers()

    def kill(self):
        """End it as a power cut would."""
        kill_group(self.process)

    def stop(self):
        """End it for good."""
        kill_group(self.process)

    def tail(self):
        return self.log.read_text()[-2000:] if self.log.exists() else ""

    def run(self, *command):
        subprocess.run(
            [str(part) for part in command],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=_owner(self.owner),
            group=_owner(self.owner),
            extra_groups=None if _owner(self.owner) is None else [],
        )


class Database(Server):
    """A server that is up when one can connect to it."""

    #: The database that is there from the beginning.
    first = None

    def connect(self, name):
        raise NotImplementedError

    def answers(self):
        try:
            self.connect(self.first).close()
        except Exception:  # noqa: BLE001 - whatever it says, it is not ready
            return False
        return True


class PostgreSQL(Database):
    """PostgreSQL, which refuses to run as root."""

    name = "postgresql"
    programs = ("initdb", "postgres")
    owner = "postgres"
    user = first = "postgres"
    deadlock = "deadlock detected"
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        # A killed process loses nothing that it has given to the operating system.
        "fsync": "off",
        "max_connections": 200,
        "log_line_prefix": "%m [%p] ",
    }

    def set_up(self):
        options = ("--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
        self.run(find("initdb"), "-D", self.folder / "data", *options)

    def command(self):
        settings = {"port": self.port, **self.settings}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [find("postgres"), "-D", self.folder / "data", *options]

    def connect(self, name):
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=self.user, dbname=name, autocommit=True
        )

    def create_database(self, name):
        with self.connect(self.first) as connection:
            connection.execute(f"CREATE DATABASE {name}")

    def kill(self):
        """Shut down in ``immediate`` mode: no checkpoint, no farewell."""
        kill_group_of_one(self.process, signal.SIGQUIT)

    def cut_connections(self, name, rng):
        """Cut some of the connections to a database, and return how many."""
        with self.connect(name) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid() ORDER BY pid",
                [name],
            ).fetchall()
            chosen = rng.sample(rows, (len(rows) + 1) // 2)
            for row in chosen:
                connection.execute("SELECT pg_terminate_backend(%s)", row)
        return len(chosen)


def kill_group_of_one(process, number):
    """Send a signal to a process that ends its children itself."""
    process.send_signal(number)
    process.wait(60)


class MariaDB(Database):
    name = "mariadb"
    programs = ("mariadb-install-db", "mariadbd")
    owner = "mysql"
    user = "root"
    deadlock = "deadlock"

    def set_up(self):
        self.run(
            find("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *([f"--user={self.owner}"] if _owner(self.owner) else []),
        )

    def command(self):
        return [
            find("mariadbd"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--port={self.port}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--innodb-print-all-deadlocks=ON",
            # A killed process loses nothing that it has given to the operating system.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--innodb-buffer-pool-size=128M",
        ]

    def connect(self, name):
        import pymysql

        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=self.user, database=name, autocommit=True
        )

    def create_database(self, name):
        with self.connect(self.first) as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")

    def cut_connections(self, name, rng):
        """Cut some of the connections to a database, and return how many."""
        with self.connect(self.first) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s", [name])
            rows = sorted(cursor.fetchall())
            chosen = rng.sample(rows, (len(rows) + 1) // 2)
            for (pk,) in chosen:
                try:
                    cursor.execute(f"KILL {int(pk)}")
                except Exception as error:
                    if "Unknown thread" not in str(error):
                        raise
        return len(chosen)


class Redis(Server):
    """Redis, which remembers nothing: whoever kills it has flushed it."""

    name = "redis"
    programs = ("redis-server",)

    def command(self):
        options = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1")
        return [find("redis-server"), "--port", self.port, *options, "--dir", self.folder]

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self):
        """Forget all."""


class RabbitMQ(Server):
    """A RabbitMQ node with a name, a cookie and a port mapper of its own."""

    name = "rabbitmq"
    programs = ("rabbitmq-server", "epmd")
    mapper = None

    def set_up(self):
        self.mapper_port = free_port()
        self.distribution_port = free_port()
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.file.level = warning\n"
        )

    def environment(self):
        return dict(os.environ) | {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"joeflow{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    def command(self):
        return [find("rabbitmq-server")]

    def start(self):
        if self.mapper is None:
            # Before the node starts one, which would outlive it.
            self.mapper = spawn([find("epmd")], self.log, environment=self.environment())
            wait_for(lambda: listens(self.mapper_port), LIMIT, "epmd answers")
        super().start()

    def answers(self):
        import pika

        try:
            with pika.BlockingConnection(pika.URLParameters(self.url + "%2F")):
                return True
        except Exception:  # noqa: BLE001 - whatever it says, it is not ready
            return False

    def stop(self):
        super().stop()
        kill_group(self.mapper)

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def flush(self):
        """Forget all, while it does not run."""
        shutil.rmtree(self.folder / "mnesia", ignore_errors=True)


DATABASES = {"postgresql": PostgreSQL, "mariadb": MariaDB}
BROKERS = {"redis": Redis, "rabbitmq": RabbitMQ}


def missing_programs(*names):
    """Say which programs are missing for these servers; None when all are there."""
    programs = [p for name in names for p in (DATABASES | BROKERS)[name].programs]
    absent = [program for program in programs if find(program) is None]
    return f"these programs are not installed: {', '.join(absent)}" if absent else None
