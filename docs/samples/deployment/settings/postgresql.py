DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "mysite",
        "CONN_MAX_AGE": 60,
    }
}
