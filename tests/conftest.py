"""What every test may ask for: a real cluster, and an environment without the developer's own settings."""

import os

import hypothesis

pytest_plugins = ["tests.secrecy", "tests.cluster.fixtures", "tests.postgres.fixtures"]

# On a machine that does other things too, how long an example takes says nothing about it.
hypothesis.settings.register_profile("shipbell", deadline=None)
hypothesis.settings.load_profile("shipbell")

OURS = ("SHIPBELL_", "SLACK_", "KUBERNETES_SERVICE")
KEPT = {"SHIPBELL_CACHE", "SHIPBELL_GO", "SHIPBELL_GOLDEN"}
for name in [name for name in os.environ if name.startswith(OURS) and name not in KEPT]:
    del os.environ[name]
os.environ.pop("KUBECONFIG", None)
