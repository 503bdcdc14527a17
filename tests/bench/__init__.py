"""`make bench`: how soon after the API server's own word a message leaves, and how much memory that takes.

The figures are printed for people to compare; no test asserts them, for they are the machine's as much as
Shipbell's. `rollouts` makes the work and `witness` sees when the API server says what, `delays` compares that
with what reached the sandbox Slack, `pods` starts Shipbell as a kubelet would, `memory` looks at its process.
"""
