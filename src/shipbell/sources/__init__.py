"""Where facts come from: the Kubernetes API is read and watched, webhooks hint at what to read.

Everything here ends in an `Observation` (a fact, normalised) or a `Hint` (a reason to look). What either
means for a rollout is decided elsewhere, so that no source can tell an untrue story.
"""
