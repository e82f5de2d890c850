"""What can happen to messages: they are lost, come twice, and come in another order."""

import uuid


class CeleryOnRedis:
    """Celery's messages in Redis: a list.

    Args:
        broker: The server.
        database: The server of the project's database, for the runner that keeps messages there.
        name: Name of the queue.
    """

    def __init__(self, broker, database, name):
        self.broker = broker
        self.database = database
        self.name = name

    @property
    def key(self):
        return f"{self.name}:{self.name}"

    def client(self):
        import redis

        return redis.Redis.from_url(self.broker.url)

    def size(self):
        """Return how many messages wait."""
        with self.client() as client:
            return client.llen(self.key)

    def lose(self):
        """Lose all messages, and return how many."""
        with self.client() as client:
            count = client.llen(self.key)
            client.flushall()
        return count

    def stir(self, rng):
        """Shuffle the messages that wait, send some of them twice, and return how many."""
        with self.client() as client, client.pipeline() as pipeline:
            pipeline.lrange(self.key, 0, -1)
            pipeline.delete(self.key)
            messages = pipeline.execute()[0]
            doubled = self.choose(messages, rng)
            messages += doubled
            rng.shuffle(messages)
            if messages:
                client.rpush(self.key, *messages)
        return len(doubled)

    def left_running(self):
        """Return how many messages count as being worked on, of which no worker knows any more."""
        return 0

    def choose(self, messages, rng):
        return rng.sample(messages, (len(messages) + 1) // 2)


class DramatiqOnRedis(CeleryOnRedis):
    """Dramatiq's messages in Redis: a list of keys and a hash of bodies, besides those delayed."""

    @property
    def key(self):
        return f"{self.name}:{self.name}"

    def size(self):
        """Return how many messages wait."""
        with self.client() as client:
            return client.llen(self.key) + client.llen(f"{self.key}.DQ")

    def lose(self):
        """Lose all messages, and return how many."""
        count = self.size()
        with self.client() as client:
            client.flushall()
        return count

    def choose(self, messages, rng):
        """Copy some of the messages under new keys: a key that comes twice finds its body once."""
        chosen, bodies = super().choose(messages, rng), f"{self.key}.msgs"
        copies = []
        with self.client() as client:
            for key in chosen:
                body = client.hget(bodies, key)
                if body is not None:
                    copies.append(str(uuid.UUID(int=rng.getrandbits(128), version=4)).encode())
                    client.hset(bodies, copies[-1], body.replace(key, copies[-1]))
        return copies


class CeleryOnRabbitMQ(CeleryOnRedis):
    """Celery's messages in RabbitMQ."""

    def channel(self):
        import pika

        return pika.BlockingConnection(pika.URLParameters(self.broker.url + "%2F"))

    def size(self):
        """Return how many messages wait."""
        with self.channel() as connection:
            declared = connection.channel().queue_declare(self.name, durable=True)
            return declared.method.message_count

    def lose(self):
        """Lose all messages, and return how many."""
        with self.channel() as connection:
            channel = connection.channel()
            channel.queue_declare(self.name, durable=True)
            return channel.queue_purge(self.name).method.message_count

    def stir(self, rng):
        """Shuffle the messages that wait, send some of them twice, and return how many."""
        with self.channel() as connection:
            channel = connection.channel()
            channel.queue_declare(self.name, durable=True)
            messages = []
            while True:
                method, properties, body = channel.basic_get(self.name, auto_ack=True)
                if method is None:
                    break
                messages.append((properties, body))
            doubled = self.choose(messages, rng)
            messages += doubled
            rng.shuffle(messages)
            for properties, body in messages:
                channel.basic_publish("", self.name, body, properties)
        return len(doubled)


class DjangoTasksOnDatabase(CeleryOnRedis):
    """The messages of Django Tasks: rows, which wait with the status READY."""

    table = "django_tasks_database_dbtaskresult"

    def execute(self, statement, *values):
        with self.database.connect("storm") as connection:
            return connection.execute(statement, values)

    def size(self):
        """Return how many messages wait."""
        waiting = f"SELECT count(*) FROM {self.table} WHERE status = 'READY'"
        return self.execute(f"{waiting} AND task_path NOT LIKE %s", "%%_sweep").fetchone()[0]

    def left_running(self):
        """Return how many rows say for ever that a worker, which was killed, runs them."""
        waiting = f"SELECT count(*) FROM {self.table} WHERE status = 'RUNNING'"
        return self.execute(waiting).fetchone()[0]

    def lose(self):
        """Lose all messages, and return how many."""
        return self.execute(f"DELETE FROM {self.table} WHERE status = 'READY'").rowcount

    def stir(self, rng):
        """Shuffle the messages that wait, send some of them twice, and return how many."""
        with self.database.connect("storm") as connection:
            rows = connection.execute(
                f"SELECT id FROM {self.table} WHERE status = 'READY' ORDER BY enqueued_at, id"
            ).fetchall()
            for (pk,) in rows:
                priority = rng.randint(-100, 100)
                statement = f"UPDATE {self.table} SET priority = %s WHERE id = %s"
                connection.execute(statement, [priority, pk])
            chosen = self.choose(rows, rng)
            for (pk,) in chosen:
                self._copy(connection, pk, uuid.UUID(int=rng.getrandbits(128), version=4))
        return len(chosen)

    def _copy(self, connection, pk, new):
        found = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
            [self.table],
        )
        columns = ", ".join(sorted(name for (name,) in found if name != "id"))
        connection.execute(
            f"INSERT INTO {self.table} (id, {columns})"
            f" SELECT %s, {columns} FROM {self.table} WHERE id = %s",
            [new, pk],
        )


QUEUES = {
    ("celery", "redis"): CeleryOnRedis,
    ("celery", "rabbitmq"): CeleryOnRabbitMQ,
    ("dramatiq", "redis"): DramatiqOnRedis,
    ("django_tasks", None): DjangoTasksOnDatabase,
}
