"""What every test may ask for: a real cluster, and an environment without the developer's own settings."""

import os

pytest_plugins = ["tests.cluster.fixtures"]

for name in [name for name in os.environ if name.startswith(("SHIPBELL_", "SLACK_", "KUBERNETES_SERVICE"))]:
    del os.environ[name]
os.environ.pop("KUBECONFIG", None)
