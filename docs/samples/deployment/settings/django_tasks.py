JOEFLOW_TASK_RUNNER = "joeflow.runner.django_tasks.task_runner"

# Add it to those that your project has.
INSTALLED_APPS = [
    "django_tasks_db",
]

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
