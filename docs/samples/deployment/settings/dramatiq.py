JOEFLOW_TASK_RUNNER = "joeflow.runner.dramatiq.task_runner"

# Add it to those that your project has.
INSTALLED_APPS = [
    "django_dramatiq",
]

DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker",
    "OPTIONS": {
        # A broker that takes a connection and then says nothing must not hold up a worker for ever.
        "url": "redis://127.0.0.1:6379/0?socket_timeout=20&socket_connect_timeout=5",
    },
    "MIDDLEWARE": [
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.ShutdownNotifications",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
