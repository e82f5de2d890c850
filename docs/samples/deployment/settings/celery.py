JOEFLOW_TASK_RUNNER = "joeflow.runner.celery.task_runner"

CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"
# A broker that takes a connection and then says nothing must not hold up a worker for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
# Keep a database connection for so many tasks, instead of opening one for each.
CELERY_DB_REUSE_MAX = 1000
