"""The whole of Shipbell as its users run it: a process, a real control plane, and the sandbox Slack.

Judged by what reached Slack alone. `scenarios` says what happens in the cluster and what must have been told.
"""
