"""The right half: what the store says is untold is claimed, rendered now, sent, and settled.

Everything here may happen twice without harm: a crash leads to the same message being edited again, never to
silence and never to a second post. Read `worker` first (the loop), then `errand` (one claim in hand); `retry`
decides what a failure means, and `slack` and `webhook` are the only modules that speak to the outside.
"""
