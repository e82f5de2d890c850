"""People who start instances, fill in forms, and step in; all of it through real HTTP."""

import http.client
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlencode

from tests.acceptance.storm.evidence import Answer

#: How many instances are of each kind, in proportion.
MIX = {"gate": 4, "ten": 4, "loop": 4, "pause": 3, "trouble": 3, "paper": 3, "late": 3}
#: One of so many instances is of these kinds, besides; all of them are among the first.
SOME = {"slow": 50, "deadly": 100}
#: Seconds after which a person gives up on an answer.
PATIENCE = 20


class Unanswered(Exception):
    """Nobody answered, so that nothing is known."""


class Browser:
    """Sends requests as one person."""

    def __init__(self, port, person):
        self.port = port
        self.person = person

    def send(self, method, path, body=None, content_type="application/json"):
        """Return status and body of the answer.

        Raises:
            Unanswered: There was none.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"X-Person": self.person, "Content-Type": content_type}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered from error
        finally:
            connection.close()

    def get(self, path):
        """Return what a JSON page says; None where it cannot be had."""
        try:
            status, body = self.send("GET", path)
        except Unanswered:
            return None
        return json.loads(body) if status == 200 else None

    def post_json(self, path, **values):
        return self.send("POST", path, json.dumps(values))

    def post_form(self, path, **values):
        body = urlencode(values, doseq=True)
        return self.send("POST", path, body, "application/x-www-form-urlencoded")


class People:
    """A crowd with a seed.

    Args:
        port: Where the web server is.
        seed: Says who does what.
        count: How many instances are started at least.
    """

    #: So many people post a form at once.
    AT_ONCE = 3

    def __init__(self, port, seed, count):
        self.port = port
        self.seed = seed
        self.count = count
        self.started = []
        self.answers = []
        self.statuses = []
        self.did = dict.fromkeys(("posts", "reruns", "overrides", "cancels", "wakes"), 0)
        self.is_calm = False
        self.errors_in_calm = []
        self.allowed = 0  # so many instances may have been started
        self._kinds = self._choose_kinds(random.Random(seed))
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._posters = ThreadPoolExecutor(self.AT_ONCE * 2)

    def _choose_kinds(self, rng):
        kinds = [kind for kind, share in MIX.items() for _ in range(share)]
        chosen = [kinds[number % len(kinds)] for number in range(self.count)]
        rng.shuffle(chosen)
        some = [kind for kind, share in SOME.items() for _ in range(self.count // share)]
        return [*some, *chosen][: self.count]

    @property
    def have_started_all(self):
        return len(self.started) >= self.count

    @contextmanager
    def at_work(self):
        """Let them work until the block ends."""
        works = [self._start_instances, *[self._work] * 2, self._step_in]
        threads = [
            threading.Thread(target=work, args=(random.Random(self.seed + number), number))
            for number, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._done.set()
            for thread in threads:
                thread.join()
            self._posters.shutdown()

    def calm_down(self):
        """From now on they only fill in the forms that are open."""
        self.is_calm = True

    # Start.

    def let_start(self, count):
        """Let them start instances until there are so many."""
        self.allowed = max(self.allowed, count)

    def let_one_more_start(self):
        """Let them start another instance, even if all are there, as nothing else happens."""
        self.let_start(len(self.started) + 1)

    def _start_instances(self, rng, number):
        browser = Browser(self.port, f"person{number}")
        while not self._done.is_set():
            if len(self.started) >= self.allowed:
                self._done.wait(0.05)
                continue
            self._start_instance(browser, self._kinds[len(self.started) % self.count], rng)

    def _start_instance(self, browser, kind, rng):
        left = rng.random() < 0.3
        try:
            if kind == "paper":
                status, body = browser.post_json("/paper/start/", text="new")
            else:
                status, body = browser.post_json(f"/start/{kind}/", left=left)
        except Unanswered:
            self._done.wait(0.2)
            return
        if status == 201:
            self.started.append(json.loads(body)["id"])
        else:
            self._done.wait(0.2)

    # Work.

    def _work(self, rng, number):
        browser = Browser(self.port, f"person{number}")
        while not self._done.wait(0.1):
            state = browser.get("/state/")
            if state is None:
                continue
            for pk, url in rng.sample(state["human"], min(3, len(state["human"]))):
                self._post_at_once(pk, url)
            if state["failed"] and not self.is_calm and rng.random() < 0.5:
                chosen = rng.sample(state["failed"], (len(state["failed"]) + 1) // 2)
                self._act_in_admin(browser, "rerun", chosen)

    def _post_at_once(self, pk, url):
        barrier = threading.Barrier(self.AT_ONCE)

        def post(number):
            barrier.wait(PATIENCE)
            self._post(Browser(self.port, f"person{number}"), pk, url, f"{pk} by {number}")

        with self._lock:  # so that the posters are there for those who meet
            for posted in [self._posters.submit(post, n) for n in range(self.AT_ONCE)]:
                posted.result()

    def _post(self, browser, pk, url, text):
        calm = self.is_calm
        try:
            status, _ = browser.post_json(url, text=text)
        except Unanswered:
            status = 0
        self.answers.append(Answer(pk, status, text))
        self.did["posts"] += 1
        if calm and status not in {200, 404, 409, 410}:
            self.errors_in_calm.append(f"POST {url} was answered with {status}.")

    def _act_in_admin(self, browser, action, pks):
        values = {"action": action, "_selected_action": pks, "index": 0}
        try:
            status, _ = browser.post_form("/admin/joeflow/task/", **values)
        except Unanswered:
            return
        self.did["reruns" if action == "rerun" else "cancels"] += len(pks) * (status == 302)

    # Step in.

    def _step_in(self, rng, number):
        browser = Browser(self.port, f"person{number}")
        while not self._done.wait(rng.uniform(0.2, 0.8)):
            state = browser.get("/state/")
            if state is None or self.is_calm or not state["open"]:
                continue
            kind, pk = rng.choice(state["open"])
            act = rng.choice([self._override, self._cancel, self._wake, self._wake])
            try:
                act(browser, kind, pk, rng)
            except Unanswered:
                continue

    def _override(self, browser, kind, pk, rng):
        target = (
            rng.choice([["end"], ["meet"], []]) if kind not in {"pause", "paper", "late"} else []
        )
        status, _ = browser.post_form(
            f"/{kind}/{pk}/override", text="stepped in", next_tasks=target
        )
        self.did["overrides"] += status == 302

    def _cancel(self, browser, kind, pk, rng):
        state = browser.get("/state/") or {"cancelable": []}
        if state["cancelable"]:
            self._act_in_admin(browser, "cancel", [rng.choice(state["cancelable"])])

    def _wake(self, browser, kind, pk, rng):
        status, _ = browser.post_json(f"/wake/{kind}/{pk}/")
        self.did["wakes"] += status == 200
