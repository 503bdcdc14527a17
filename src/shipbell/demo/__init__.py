"""A demonstration: a recorded cluster, the sandbox Slack, and the real service between them."""
