"""A form whose machine task follows at once."""

from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from floor import tasks


@csrf_exempt
def post(request, pk):
    following = tasks.transit(pk, length=2)
    transaction.on_commit(lambda: tasks.after_form.delay(following))
    connection.close_if_unusable_or_obsolete()
    return HttpResponse()


urlpatterns = [path("<int:pk>/", post)]
