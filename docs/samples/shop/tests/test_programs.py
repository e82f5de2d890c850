from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory, TestCase
from django.urls import reverse
from rest_framework.authtoken.models import Token as RestToken

from joeflow.models import Task
from shop.logins import LoginMiddleware
from shop.models import ExpenseWorkflow, Refund, RefundWorkflow, Token

JSON = {"accept": "application/json"}


def make_user(name, *permissions):
    user = get_user_model().objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


class TokenTests(TestCase):
    def setUp(self):
        self.ada = make_user("ada")
        self.client = Client(enforce_csrf_checks=True)
        self.start = reverse("expenseworkflow:claim")

    def claim(self, token, scheme="Bearer"):
        return self.client.post(
            self.start,
            {"amount": "12.50"},
            content_type="application/json",
            headers={"Authorization": f"{scheme} {token}"},
        )

    def test_program_acts_for_its_user(self):
        self.assertEqual(self.claim(Token.issue(self.ada)).status_code, 201)
        self.assertEqual(ExpenseWorkflow.objects.get().claimant, self.ada)

    def test_token_logs_in_for_one_request(self):
        self.claim(Token.issue(self.ada))

        self.assertEqual(self.client.get(self.start, headers=JSON).status_code, 401)

    def test_wrong_tokens_are_refused(self):
        name, _, _ = Token.issue(self.ada).partition(".")
        for wrong in ("", ".", "x", name, f"{name}.", f"{name}.wrong", "\x00", f"x.{name}"):
            response = self.claim(wrong)

            self.assertEqual(response.status_code, 401, wrong)
        self.assertFalse(ExpenseWorkflow.objects.exists())

    def test_token_of_somebody_who_is_gone_is_refused(self):
        token = Token.issue(self.ada)
        get_user_model().objects.update(is_active=False)

        self.assertEqual(self.claim(token).status_code, 401)

    def test_session_still_needs_the_csrf_token(self):
        self.client.force_login(self.ada)

        self.assertEqual(self.claim("", scheme="Other").status_code, 403)

    def test_secret_is_not_in_the_database(self):
        _, _, secret = Token.issue(self.ada).partition(".")

        self.assertNotIn(secret, str(Token.objects.values()))


class RestTests(TestCase):
    def setUp(self):
        self.ada = make_user("ada", "add_refund", "change_refund")
        self.client = Client(enforce_csrf_checks=True)

    def send(self, method, url, data, user=None):
        token, _ = RestToken.objects.get_or_create(user=user or self.ada)
        return self.client.generic(
            method,
            url,
            data,
            content_type="application/json",
            headers={"Authorization": f"Token {token.key}"},
        )

    def submit(self):
        self.send("POST", "/refunds/submit/", '{"number": "7", "amount": "12.50"}')
        return Task.objects.get(name="approve")

    def test_refund_is_approved(self):
        task = self.submit()

        response = self.send("PUT", task.get_absolute_url(), '{"approved": true}')

        task.refresh_from_db()
        self.assertEqual(response.json()["approved"], True)
        self.assertEqual((task.status, task.completed_by_user), (Task.SUCCEEDED, self.ada))

    def test_serializer_has_its_say(self):
        task = self.submit()

        response = self.send("PUT", task.get_absolute_url(), '{"approved": false}')

        task.refresh_from_db()
        self.assertEqual(
            (response.status_code, response.json()), (400, {"remark": ["Say why not."]})
        )
        self.assertEqual(task.status, Task.SCHEDULED)

    def test_permission_is_asked(self):
        task = self.submit()

        bob = make_user("bob")
        response = self.send("PUT", task.get_absolute_url(), '{"approved": true}', bob)

        self.assertEqual(response.status_code, 403)

    def test_session_needs_the_csrf_token(self):
        task = self.submit()
        self.client.force_login(self.ada)

        response = self.client.put(
            task.get_absolute_url(), {"approved": True}, content_type="application/json"
        )

        self.assertEqual(response.status_code, 403)
        self.assertFalse(Refund.objects.get().approved)

    def test_page_says_more(self):
        self.submit()
        url = RefundWorkflow.objects.get().get_absolute_url()

        self.assertIn("approved", self.client.get(url, headers=JSON).json())


class DocumentTests(TestCase):
    def test_document_says_how_to_log_in(self):
        self.client.force_login(make_user("ada"))

        document = self.client.get("/openapi.json").json()

        operation = document["paths"]["/shipping/checkout/"]["post"]
        self.assertIn({"token": []}, operation["security"])

    def test_document_is_not_for_everybody(self):
        self.assertEqual(self.client.get("/openapi.json", headers=JSON).status_code, 401)


class LoginTests(TestCase):
    def test_programs_are_told_to_log_in(self):
        middleware = LoginMiddleware(lambda request: None)
        request = RequestFactory().get("/shipping/checkout/", headers=JSON)

        response = middleware.handle_no_permission(request, None)

        self.assertEqual(response.status_code, 401)
