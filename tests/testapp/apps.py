from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate


class TestAppConfig(AppConfig):
    name = "tests.testapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # The migration makes tables without telling Django of its models. A content type that a
        # test has to make would be rolled back with it, but stay in the cache.
        for create in (create_contenttypes, create_permissions):
            post_migrate.connect(_with_todays_models(create), sender=self, weak=False)


def _with_todays_models(create):
    def receive(sender, using, **kwargs):
        create(sender, using=using, verbosity=0)

    return receive
