"""A storm: 300 instances run while workers, brokers and databases are killed; nothing may be lost.

``make storm`` runs it on each runner; ``python -m tests.acceptance.storm --help`` says what else.
It starts servers of its own in a temporary directory, and touches nothing that it did not start.
"""
