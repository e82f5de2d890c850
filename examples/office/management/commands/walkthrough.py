"""Walk through the running demo over HTTP, as the people would who work with it."""

from django.core.management.base import BaseCommand, CommandError

from office.walk import Unexpected, Walk


class Command(BaseCommand):
    help = "Drive a running demo as people would, and fail at the first thing that is wrong."

    # It asks the server, and neither the database nor the settings.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("address", help="where the demo runs, like http://127.0.0.1:8000")
        parser.add_argument("--user", default="tom", help="who does most (default: tom)")
        parser.add_argument("--colleague", default="maria", help="who reviews (default: maria)")
        parser.add_argument("--password", default="demo", help="of both (default: demo)")

    def handle(self, address, user, colleague, password, **options):
        walk = Walk(address, self.stdout.write)
        try:
            walk.log_in(walk.user, user, password)
            walk.log_in(walk.colleague, colleague, password)
            for step in STEPS:
                self.stdout.write(step.__doc__)
                step(walk)
        except (Unexpected, LookupError, OSError) as error:
            raise CommandError(f"Not as expected: {error}") from error
        self.stdout.write(f"All {walk.steps} steps went as expected.")


def look_around(walk):
    """The start page shows all workflows."""
    page = walk.user.get("/")
    walk.check("there are four graphs", page.graphs == 4)
    for path in ("/shipping/checkout/", "/welcome/start/", "/expenses/claim/", "/onboarding/hire/"):
        walk.check(f"it links to {path}", path in page.links)


def ship_a_parcel(walk):
    """A parcel is shipped, and whoever waits for it is told."""
    checkout = walk.user.get("/shipping/checkout/").form()
    page = walk.user.submit(checkout, email="not an address")
    walk.check(
        "an address that is none is refused",
        page.status == 200 and "Enter a valid email address." in page.text,
    )
    parcel = walk.start("/shipping/checkout/", shipping_address="Elm 1", email="li@example.com")
    ship = walk.wait_for_task(parcel, "/shipping/ship/")
    first, second = walk.user.get(ship).form(), walk.colleague.get(ship).form()
    walk.user.submit(first, tracking_code=walk.mark)
    walk.wait_for_mail("li@example.com", walk.mark)
    page = walk.colleague.submit(second, tracking_code="too late")
    walk.check("whoever ships it as well is told that it is done", page.status == 409)
    walk.check("the form is gone", walk.user.get(ship).status == 410)
    walk.wait_for_end(parcel)


def ship_without_a_browser(walk):
    """A program ships a parcel, with JSON."""
    answer = walk.user.post_json("/shipping/checkout/", email="li@example.com")
    walk.check(
        "what is missing is named",
        answer.status == 422
        and answer.json() == {"errors": {"shipping_address": ["This field is required."]}},
    )
    answer = walk.user.post_json("/shipping/checkout/", shipping_address="Elm 2")
    walk.check("a parcel is ordered", answer.status == 201 and not answer.json()["ended"])
    (task,) = answer.json()["tasks"]
    walk.check("it waits for shipping", (task["name"], task["status"]) == ("ship", "scheduled"))
    code = f"json-{walk.mark}"
    walk.check("it is shipped", walk.user.post_json(task["url"], tracking_code=code).status == 200)
    walk.wait_for_end(answer.json()["url"])
    walk.check("nobody is told, as there is no address", walk.count_mail(code) == 0)


def welcome_somebody(walk):
    """A new user is welcomed; without one there is nothing to do."""
    before = walk.mails()
    walk.wait_for_end(walk.start("/welcome/start/", user="maria"))
    new = [mail for mail in walk.mails() if mail not in before]
    walk.check("a mail was sent", any("Good to have you here, Maria!" in mail for mail in new))
    walk.wait_for_end(walk.start("/welcome/start/", user="---------"))


def onboard_somebody(walk):
    """People and machines prepare the first day of a colleague, then meet."""
    mail = f"{walk.mark}@example.com"
    colleague = walk.start("/onboarding/hire/", full_name=f"Ada {walk.mark}", email=mail)
    laptop = walk.wait_for_task(colleague, "/onboarding/order_laptop/")
    buddy = walk.wait_for_task(colleague, "/onboarding/choose_buddy/")
    walk.wait_for_mail("everybody@example.com", f"Ada {walk.mark} joins us")
    walk.user.submit(walk.user.get(laptop).form(), laptop="Lovelace 15")
    walk.check("one of four is missing: no mail yet", walk.count_mail(mail) == 0)
    walk.colleague.submit(walk.colleague.get(buddy).form(), buddy="otto")
    walk.wait_for_mail(mail, f"account is ada-{walk.mark}", "Lovelace 15 is ready", "Otto will")
    walk.wait_for_end(colleague)
    walk.check("they met once", walk.count_mail(mail) == 1)


def claim_little(walk):
    """A small claim is paid at once."""
    claim = walk.start("/expenses/claim/", purpose=f"Pens {walk.mark}", amount="12.50")
    walk.wait_for_mail("Your expenses are paid", f"12.50 for Pens {walk.mark}")
    walk.wait_for_end(claim)


def claim_a_lot(walk):
    """A large claim is corrected, then approved by somebody else, who had to be reminded."""
    claim = walk.start("/expenses/claim/", purpose=f"Fair {walk.mark}", amount="240.00")
    review = walk.wait_for_task(claim, "/expenses/review/")
    walk.check("nobody reviews a claim of their own", walk.user.get(review).status == 403)
    form = walk.colleague.get(review).form()
    walk.colleague.submit(form, decision="Ask for corrections", remark="Breakfast was included.")
    correct = walk.wait_for_task(claim, "/expenses/correct/")
    page = walk.user.get(correct)
    walk.check("the claimant reads the remark", "Breakfast was included." in page.text)
    walk.check("the form holds the old amount", page.form().values["amount"] == ["240.00"])
    walk.user.submit(page.form(), amount="180.00")
    again = walk.wait_for_task(claim, "/expenses/review/")
    walk.check("it is another visit of the same task", again != review)
    walk.wait_for_mail("to maria@example.com", f"Fair {walk.mark} (180.00) still waits")
    walk.colleague.submit(walk.colleague.get(again).form(), decision="Pay it")
    walk.wait_for_mail("Your expenses are paid", f"180.00 for Fair {walk.mark}")
    walk.wait_for_end(claim)


def step_in(walk):
    """Somebody steps in by hand."""
    parcel = walk.start("/shipping/checkout/", shipping_address="Elm 3", email="li@example.com")
    ship = walk.wait_for_task(parcel, "/shipping/ship/")
    page = walk.colleague.get(parcel)
    override = walk.check(
        "the page links to the override",
        next((path for path in page.links if path.endswith("/override")), None),
    )
    walk.check("not everybody may do that", walk.user.get(override).status == 403)
    form = walk.colleague.get(override).form()
    code = f"by hand {walk.mark}"
    plan = walk.colleague.submit(
        form,
        tracking_code=code,
        next_tasks=["send tracking code"],
        override_reason="The parcel is on its way",
    )
    walk.check("it says what will happen", "will be canceled: ship" in plan.text)
    walk.check("nothing has been done so far", walk.user.get(ship).status == 200)
    walk.colleague.submit(plan.form())
    walk.wait_for_mail("li@example.com", code)
    walk.check("the task that was open is canceled", walk.user.get(ship).status == 410)
    walk.wait_for_end(parcel)


STEPS = [
    look_around,
    ship_a_parcel,
    ship_without_a_browser,
    welcome_somebody,
    onboard_somebody,
    claim_little,
    claim_a_lot,
    step_in,
]
