DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "mysite",
        "CONN_MAX_AGE": 60,
        # What Django sets unless you say something else.
        "OPTIONS": {"isolation_level": "read committed"},
    }
}
