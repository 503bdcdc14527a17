"""The Kubernetes API as a source of observations: one transport, two ways to credentials, one reflector.

Read `reflector` first (list, watch, resume, relist), then `kinds` (a module and a row for each kind of
workload) with `decoding` (bytes to values), and `reading` (one workload, now). `podswatch` looks at the pods
of rollouts in flight, `access` at what Shipbell may do; `limiting` bounds how often anything is asked.
Ours, because no Python library brings a reflector that pages, resumes and survives a silent connection.
"""
