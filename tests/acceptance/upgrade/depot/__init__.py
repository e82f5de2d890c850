"""A project that was written for joeflow 2: it must not know which version it runs on."""

import os

from celery import Celery

if "mysql" in os.environ["DEPOT_DATABASE"]:
    import pymysql

    pymysql.install_as_MySQLdb()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

app = Celery("depot")
app.config_from_object("django.conf:settings", namespace="CELERY")
