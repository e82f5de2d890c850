"""A state, and the steps that it takes."""

from django.db import models


class Instance(models.Model):
    position = models.IntegerField(default=0)


class Step(models.Model):
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE)
    position = models.IntegerField()
    completed = models.DateTimeField(null=True)
