"""Why a rollout fails: one small rule per cause, found by the API's own word for it.

Read `cases` (what a rule is given, and what it answers), then any rule, then `table` (which rule for which
word). A rule says how a cause is put into words, how long it may last before it is said, and what to do about
it; it decides nothing else. The waiting times are the table "When failing is said" of the messages' rules.
"""
