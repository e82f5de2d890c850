"""What somebody tries: each function returns the answer, and whether it has had an effect."""

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.utils import timezone

from joeflow.contrib.reversion import create_revision
from joeflow.models import Draft, Event, Task
from tests.testapp.models import (
    Assigned,
    Failing,
    GreetingWorkflow,
    Guarded,
    Letter,
    Loan,
    Purchase,
)

JSON = {"content_type": "application/json"}
#: What somebody says who only looks, and wants no page.
IN_JSON = {"headers": {"accept": "application/json"}}
ADMIN_OF_LETTERS = "/admin/testapp/letter/"


def make_task(model, name, task_type="human", status=Task.SCHEDULED, **values):
    """Return an instance and its open task."""
    workflow = model.objects.create(**values)
    task = Task.objects.create(name=name, type=task_type, status=status, workflow=workflow)
    return workflow, task


def shows(response, text):
    """Tell whether an answer has let somebody see this."""
    return response.status_code < 300 and text in response.content.decode()


def start(person):
    response = person.client.post("/greeting/start/", {"note": "Hello"})
    return response, GreetingWorkflow.objects.exists()


def start_shown(person):
    response = person.client.get("/greeting/start/")
    return response, shows(response, 'name="note"')


def start_after_login_shown(person):
    response = person.client.get("/guarded/start/")
    return response, shows(response, 'name="text"')


def start_after_login(person, **options):
    response = person.client.post("/guarded/start/", {"text": "Please"}, **options)
    return response, Guarded.objects.exists()


def start_after_login_with_json(person):
    return start_after_login(person, **JSON)


def form(person):
    workflow, task = make_task(GreetingWorkflow, "check_note")
    response = person.client.post(task.get_absolute_url(), {"note": "Checked"})
    workflow.refresh_from_db()
    return response, workflow.note == "Checked"


def form_shown(person):
    _, task = make_task(GreetingWorkflow, "check_note", note="Secret")
    response = person.client.get(task.get_absolute_url())
    return response, shows(response, "Secret")


def assign(task, person):
    """Give a task to whoever is in the column of assignees, and leave it to nobody else."""
    if person.assignee == person.user:
        task.assignees.add(person.user)


def guarded_form_shown(person):
    _, task = make_task(Guarded, "approve", text="Secret")
    assign(task, person)
    response = person.client.get(task.get_absolute_url())
    return response, shows(response, "Secret")


def guarded_form(person, **options):
    workflow, task = make_task(Guarded, "approve")
    assign(task, person)
    response = person.client.post(task.get_absolute_url(), {"text": "Approved"}, **options)
    workflow.refresh_from_db()
    return response, workflow.text == "Approved"


def guarded_form_with_json(person):
    return guarded_form(person, **JSON)


def guarded_closed_form(person):
    _, task = make_task(Guarded, "approve")
    assign(task, person)
    url = task.get_absolute_url()
    task.cancel()
    response = person.client.get(url)
    return response, "canceled" in response.content.decode()


def start_with_permission(person, **options):
    response = person.client.post("/purchase/start/", {"item": "Honey"}, **options)
    return response, Purchase.objects.exists()


def start_with_permission_with_json(person):
    return start_with_permission(person, **JSON)


def order(person, **options):
    purchase, task = make_task(Purchase, "order")
    assign(task, person)
    return send_item(person, purchase, task, **options)


def send_item(person, purchase, task, **options):
    response = person.client.post(task.get_absolute_url(), {"item": "Honey"}, **options)
    purchase.refresh_from_db()
    return response, purchase.item == "Honey"


def order_shown(person):
    _, task = make_task(Purchase, "order", item="Secret")
    assign(task, person)
    response = person.client.get(task.get_absolute_url())
    return response, shows(response, "Secret")


def start_described(person):
    response = person.client.get("/purchase/start/", **IN_JSON)
    return response, shows(response, '"fields"')


def order_described(person):
    _, task = make_task(Purchase, "order", item="Secret")
    assign(task, person)
    response = person.client.get(task.get_absolute_url(), **IN_JSON)
    return response, shows(response, "Secret")


def order_with_json(person):
    return order(person, **JSON)


def somebody_s(person, **options):
    purchase, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    return send_item(person, purchase, task, **options)


def somebody_s_shown(person):
    _, task = make_task(Purchase, "sign", item="Secret")
    task.assignees.add(person.assignee)
    response = person.client.get(task.get_absolute_url())
    return response, shows(response, "Secret")


def somebody_s_described(person):
    _, task = make_task(Purchase, "sign", item="Secret")
    task.assignees.add(person.assignee)
    response = person.client.get(task.get_absolute_url(), **IN_JSON)
    return response, shows(response, "Secret")


def somebody_s_with_json(person):
    return somebody_s(person, **JSON)


def form_of_a_group(person):
    purchase, task = make_task(Purchase, "sign")
    task.assigned_groups.add(Group.objects.create(name="Others"))
    return send_item(person, purchase, task)


def signed_form(person):
    purchase, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    data = {"item": "Honey"}
    response = person.client.post(task.get_signed_url(person.assignee), data)
    purchase.refresh_from_db()
    return response, purchase.item == "Honey"


def form_of_assignees(person):
    workflow, task = make_task(Assigned, "sign", owner=person.other)
    task.assignees.add(person.assignee)
    response = person.client.post(task.get_absolute_url())
    return response, workflow.task_set.succeeded().exists()


def detail(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.get(workflow.get_absolute_url())
    return response, shows(response, "check note")


def detail_described(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.get(workflow.get_absolute_url(), **IN_JSON)
    return response, shows(response, "check_note")


def history(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.get(f"{workflow.get_absolute_url()}history", **IN_JSON)
    return response, shows(response, "check_note")


def detail_with_events(person, path="", **options):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    Event.objects.create(_workflow=workflow, kind=Event.COMMENTED, text="Hush")
    response = person.client.get(f"{workflow.get_absolute_url()}{path}", **options)
    return response, shows(response, "Hush")


def history_with_events(person):
    return detail_with_events(person, "history", **IN_JSON)


def history_with_reasons(person):
    workflow, task = make_task(GreetingWorkflow, "end", "machine", Task.FAILED)
    Task.objects.filter(pk=task.pk).update(exception="Secret")
    response = person.client.get(f"{workflow.get_absolute_url()}history", **IN_JSON)
    return response, shows(response, "Secret")


def openapi(person, **options):
    response = person.client.get("/work/openapi.json", **options)
    return response, shows(response, "check_note")


def openapi_with_json(person):
    return openapi(person, **IN_JSON)


def reasons(person):
    workflow, task = make_task(GreetingWorkflow, "end", "machine", Task.FAILED)
    Task.objects.filter(pk=task.pk).update(exception="Secret")
    response = person.client.get(workflow.get_absolute_url())
    return response, shows(response, "Secret")


def draft(person):
    _, task = make_task(GreetingWorkflow, "check_note")
    response = person.client.post(task.get_absolute_url(), {"note": "Draft", "_draft": "save"})
    return response, Draft.objects.filter(user=person.user).exists()


def state_changes(person):
    greeting = GreetingWorkflow(note="Before")
    for note in ("Before", "After"):
        greeting.note = note
        with create_revision("check_note"):
            greeting.save()
    greeting.task_set.create(name="check_note", type="human", workflow=greeting)
    response = person.client.get(greeting.get_absolute_url())
    return response, shows(response, "Before")


def comment(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.post(workflow.get_absolute_url(), {"comment": "Hello"})
    return response, Event.objects.filter(user=person.user, text="Hello").exists()


def inbox(person):
    response = person.client.get("/work/inbox/")
    return response, shows(response, "Inbox")


def take(person):
    _, task = make_task(Purchase, "order")
    assign(task, person)
    response = person.client.post("/work/inbox/claim/", {"only": task.pk})
    return response, list(task.assignees.all()) == [person.user]


def give_back(person):
    _, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    response = person.client.post(f"/work/inbox/{task.pk}/release/")
    return response, not task.assignees.exists()


def hand_over(person):
    _, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    third = User.objects.create(username="third")
    response = person.client.post(f"/work/inbox/{task.pk}/assign/", {"to": "third"})
    return response, list(task.assignees.all()) == [third]


def put_off(person):
    _, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    response = person.client.post(f"/work/inbox/{task.pk}/snooze/", {"until": until})
    task.refresh_from_db()
    return response, task.snoozed_until is not None


def bring_back(person):
    _, task = make_task(Purchase, "sign")
    task.assignees.add(person.assignee)
    task.snooze(timedelta(days=1))
    response = person.client.post(f"/work/inbox/{task.pk}/bring-back/")
    task.refresh_from_db()
    return response, task.snoozed_until is None


def done(person):
    response = person.client.get("/work/done/")
    return response, shows(response, "What you have done")


def running(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.get("/work/running/")
    return response, shows(response, f"/greeting/{workflow.pk}/")


def starts(person):
    response = person.client.get("/work/start/")
    return response, shows(response, "/purchase/start/")


def override(person, **options):
    workflow, task = make_task(GreetingWorkflow, "check_note")
    data = {"count": 1, "open_tasks": task.pk, "next_tasks": ["end"]}
    response = person.client.post(workflow.get_override_url(), data, **options)
    return response, workflow.task_set.filter(name="override").exists()


def override_with_json(person):
    return override(person, **JSON)


def pause(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.post(f"/greeting/{workflow.pk}/pause", {"reason": "Strike"})
    return response, GreetingWorkflow.objects.paused().exists()


def pause_shown(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    response = person.client.get(f"/greeting/{workflow.pk}/pause")
    return response, shows(response, 'name="reason"')


def resume(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note")
    workflow.pause()
    response = person.client.post(f"/greeting/{workflow.pk}/resume")
    return response, not GreetingWorkflow.objects.paused().exists()


def form_while_paused(person):
    workflow, task = make_task(GreetingWorkflow, "check_note")
    workflow.pause()
    response = person.client.post(task.get_absolute_url(), {"note": "Typed"})
    return response, Task.objects.succeeded().exists()


def make_done_task(person):
    workflow, task = make_task(GreetingWorkflow, "check_note", note="Secret")
    task.finish(person.assignee)
    return f"/greeting/{workflow.pk}/undo/{task.pk}"


def undo(person):
    response = person.client.post(make_done_task(person))
    return response, Task.objects.open().filter(name="check_note").exists()


def undo_shown(person):
    response = person.client.get(make_done_task(person))
    return response, shows(response, "is open again afterwards")


def override_shown(person):
    workflow, _ = make_task(GreetingWorkflow, "check_note", note="Secret")
    response = person.client.get(workflow.get_override_url())
    return response, shows(response, "Secret")


def admin_task_list(person):
    make_task(Failing, "work", "machine")
    response = person.client.get("/admin/joeflow/task/")
    return response, shows(response, "work")


def admin_one_task(person):
    _, task = make_task(Failing, "work", "machine")
    response = person.client.get(f"/admin/joeflow/task/{task.pk}/change/")
    return response, shows(response, "work")


def admin_history_of_a_task(person):
    _, task = make_task(Failing, "work", "machine")
    response = person.client.get(f"/admin/joeflow/task/{task.pk}/history/")
    return response, shows(response, str(task))


def admin_delete_tasks(person):
    _, task = make_task(Failing, "work", "machine")
    data = {"action": "delete_selected", "_selected_action": task.pk, "post": "yes"}
    response = person.client.post("/admin/joeflow/task/", data)
    return response, not Task.objects.exists()


def admin_action(person, name):
    _, task = make_task(Failing, "work", "machine", Task.FAILED)
    data = {"action": name, "_selected_action": task.pk}
    response = person.client.post("/admin/joeflow/task/", data)
    return response, not Task.objects.failed().exists()


def admin_rerun(person):
    return admin_action(person, "rerun")


def admin_cancel(person):
    return admin_action(person, "cancel")


def admin_add_task(person):
    response = person.client.post("/admin/joeflow/task/add/", {"name": "new"})
    return response, Task.objects.exists()


def admin_change_task(person):
    _, task = make_task(Failing, "work", "machine")
    url = f"/admin/joeflow/task/{task.pk}/change/"
    response = person.client.post(url, {"name": "new"})
    return response, not Task.objects.filter(name="work").exists()


def admin_delete_task(person):
    _, task = make_task(Failing, "work", "machine")
    response = person.client.post(f"/admin/joeflow/task/{task.pk}/delete/", {"post": "yes"})
    return response, not Task.objects.exists()


def admin_workflow_list(person):
    letter = Letter.objects.create()
    response = person.client.get(ADMIN_OF_LETTERS)
    return response, shows(response, str(letter))


def admin_save_the_list(person):
    loan = Loan.objects.create(borrower="Ada")
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "_save": "Save"}
    data |= {"form-0-workflow_ptr": loan.pk, "form-0-urgent": "on"}
    response = person.client.post("/admin/testapp/loan/", data)
    loan.refresh_from_db()
    return response, loan.urgent


def admin_one_workflow(person):
    letter = Letter.objects.create(text="Dear Sir")
    response = person.client.get(f"{ADMIN_OF_LETTERS}{letter.pk}/change/")
    return response, shows(response, "Dear Sir")


def admin_add_workflow(person):
    response = person.client.post(f"{ADMIN_OF_LETTERS}add/", {"text": "Hello"})
    return response, Letter.objects.exists()


def change_letter(person, **data):
    letter = Letter.start(text="Dear Sir")
    task = letter.task_set.get(name="write")
    data = {"task_set-TOTAL_FORMS": 0, "task_set-INITIAL_FORMS": 0, "open_tasks": task.pk, **data}
    return person.client.post(f"{ADMIN_OF_LETTERS}{letter.pk}/change/", data), letter


def admin_change_workflow(person):
    response, letter = change_letter(person, text="Changed")
    letter.refresh_from_db()
    return response, letter.text == "Changed"


def admin_override(person):
    response, letter = change_letter(person, text="Dear Sir", next_tasks=["send"])
    return response, letter.task_set.filter(name="override").exists()


def admin_step_in(person, action, **data):
    letter = Letter.start(text="Dear Sir")
    if action == "resume_selected":
        letter.pause()
    data = {"action": action, "_selected_action": letter.pk, "confirmed": 1, **data}
    return person.client.post(ADMIN_OF_LETTERS, data), letter


def admin_override_many(person):
    data = {"next_tasks": ["send"], "reason": "In a hurry"}
    response, letter = admin_step_in(person, "override_selected", **data)
    return response, letter.task_set.filter(name="override").exists()


def admin_pause(person):
    response, _ = admin_step_in(person, "pause_selected", reason="Strike")
    return response, Letter.objects.paused().exists()


def admin_resume(person):
    response, _ = admin_step_in(person, "resume_selected")
    return response, not Letter.objects.paused().exists()


def admin_delete_workflow(person):
    letter = Letter.start()
    response = person.client.post(f"{ADMIN_OF_LETTERS}{letter.pk}/delete/", {"post": "yes"})
    return response, not Letter.objects.exists()


def admin_delete_workflows(person):
    letter = Letter.start()
    data = {"action": "delete_selected", "_selected_action": letter.pk, "post": "yes"}
    response = person.client.post(ADMIN_OF_LETTERS, data)
    return response, not Letter.objects.exists()


def admin_history(person):
    letter = Letter.start()
    response = person.client.get(f"{ADMIN_OF_LETTERS}{letter.pk}/history/")
    return response, shows(response, "start")


def admin_go_back(person):
    from reversion.models import Version

    letter = Letter.start(text="Before")
    version = Version.objects.get_for_object(letter).get()
    Letter.objects.update(text="After")
    url = f"{ADMIN_OF_LETTERS}{letter.pk}/history/{version.pk}/"
    data = {"task_set-TOTAL_FORMS": 0, "task_set-INITIAL_FORMS": 0, "text": "Before"}
    response = person.client.post(url, data)
    letter.refresh_from_db()
    return response, letter.text == "Before"


def admin_earlier_state(person):
    from reversion.models import Version

    letter = Letter.start(text="Before")
    version = Version.objects.get_for_object(letter).get()
    response = person.client.get(f"{ADMIN_OF_LETTERS}{letter.pk}/history/{version.pk}/")
    return response, shows(response, "Before")


def delete_letter():
    from reversion.models import Version

    letter = Letter.start(text="Before")
    version = Version.objects.get_for_object(letter).get()
    letter.delete()
    return version


def admin_deleted_workflows(person):
    version = delete_letter()
    response = person.client.get(f"{ADMIN_OF_LETTERS}recover/")
    return response, shows(response, f"recover/{version.pk}/")


def admin_recover(person):
    version = delete_letter()
    data = {"task_set-TOTAL_FORMS": 0, "task_set-INITIAL_FORMS": 0, "text": "Before"}
    response = person.client.post(f"{ADMIN_OF_LETTERS}recover/{version.pk}/", data)
    return response, Letter.objects.exists()


#: The lines of the table.
PAGES = {
    "Start form": start,
    "Start form, not yet sent": start_shown,
    "Start form with LoginRequiredMixin": start_after_login,
    "Start form with LoginRequiredMixin, not yet sent": start_after_login_shown,
    "Start form with LoginRequiredMixin: JSON": start_after_login_with_json,
    "Start form with permission_required": start_with_permission,
    "Start form with permission_required: JSON": start_with_permission_with_json,
    "Start form with permission_required: what JSON says of it": start_described,
    "Form of a task": form,
    "Form of a task, not yet sent": form_shown,
    "Form of a task with PermissionRequiredMixin": guarded_form,
    "Form of a task with PermissionRequiredMixin, not yet sent": guarded_form_shown,
    "Form of a task with PermissionRequiredMixin: JSON": guarded_form_with_json,
    "Form of a closed task with PermissionRequiredMixin": guarded_closed_form,
    "Form of a task with permission_required": order,
    "Form of a task with permission_required, not yet sent": order_shown,
    "Form of a task with permission_required: JSON": order_with_json,
    "Form of a task with permission_required: what JSON says of it": order_described,
    "Form of a task that is somebody's": somebody_s,
    "Form of a task that is somebody's, not yet sent": somebody_s_shown,
    "Form of a task that is somebody's: JSON": somebody_s_with_json,
    "Form of a task that is somebody's: what JSON says of it": somebody_s_described,
    "Form of a task that is a group's": form_of_a_group,
    "Form of a task, save a draft": draft,
    "Form of a task, with the signed link of its assignee": signed_form,
    "Form of a task with UserPassesTestMixin for its assignees": form_of_assignees,
    "Page of an instance": detail,
    "Page of an instance, what people said": detail_with_events,
    "Page of an instance, why a task failed": reasons,
    "Page of an instance, what has changed in the state": state_changes,
    "Page of an instance, comment": comment,
    "Inbox": inbox,
    "Inbox: take a task with permission_required": take,
    "Inbox: give back one's task": give_back,
    "Inbox: hand over a task that is somebody's": hand_over,
    "Inbox: put off a task that is somebody's": put_off,
    "Inbox: bring back a task that is somebody's": bring_back,
    "List of what one has done": done,
    "List of what is running": running,
    "Start list, a start with permission_required": starts,
    "Page of an instance: what JSON says of it": detail_described,
    "History of an instance: JSON": history,
    "History of an instance: JSON, what people said": history_with_events,
    "History of an instance: JSON, why a task failed": history_with_reasons,
    "OpenAPI document": openapi,
    "OpenAPI document: JSON": openapi_with_json,
    "Override": override,
    "Override of one workflow class": override,
    "Override, not yet sent": override_shown,
    "Override: JSON": override_with_json,
    "Pause an instance": pause,
    "Pause an instance, not yet sent": pause_shown,
    "Resume an instance": resume,
    "Form of a task of a paused instance": form_while_paused,
    "Take back what the assignee has done": undo,
    "Take back what the assignee has done, not yet sent": undo_shown,
    "Admin: list of tasks": admin_task_list,
    "Admin: one task": admin_one_task,
    "Admin: history of a task": admin_history_of_a_task,
    "Admin: rerun a failed task": admin_rerun,
    "Admin: cancel an open task": admin_cancel,
    "Admin: add a task": admin_add_task,
    "Admin: change a task": admin_change_task,
    "Admin: delete a task": admin_delete_task,
    "Admin: delete selected tasks": admin_delete_tasks,
    "Admin: list of a workflow": admin_workflow_list,
    "Admin: save in the list": admin_save_the_list,
    "Admin: one instance": admin_one_workflow,
    "Admin: add an instance": admin_add_workflow,
    "Admin: change an instance": admin_change_workflow,
    "Admin: override in the change form": admin_override,
    "Admin: override selected instances": admin_override_many,
    "Admin: pause selected instances": admin_pause,
    "Admin: resume selected instances": admin_resume,
    "Admin: delete an instance": admin_delete_workflow,
    "Admin: delete selected instances": admin_delete_workflows,
    "Admin: history of an instance": admin_history,
    "Admin: one earlier state": admin_earlier_state,
    "Admin: go back to an earlier state": admin_go_back,
    "Admin: list of deleted instances": admin_deleted_workflows,
    "Admin: recover a deleted instance": admin_recover,
}
