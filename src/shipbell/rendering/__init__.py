"""What a message looks like: from a rollout to Slack blocks and one sentence, no I/O and no clock.

Read `layout` for what is said in which order, `words` for what it is called, `text` for how foreign
strings are made harmless. Delivery calls this right before it sends, with what is stored then.
"""

from shipbell.rendering.composing import plain, reply, root
from shipbell.rendering.message import Block, Message, Options
from shipbell.rendering.metadata import metadata
from shipbell.rendering.sentences import line

__all__ = ["Block", "Message", "Options", "line", "metadata", "plain", "reply", "root"]
