JOEFLOW_TASK_RUNNER = "joeflow.runner.django_tasks.task_runner"

INSTALLED_APPS = [
    "django_tasks_db",
]

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
