"""Stands for somebody else's service: it does the same thing once for each key."""


class Bank:
    def __init__(self):
        self.receipts = {}

    def charge(self, amount, *, idempotency_key):
        return self.receipts.setdefault(idempotency_key, f"R{len(self.receipts) + 1}")


bank = Bank()
