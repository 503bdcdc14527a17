"""Slack's own limits, as its documentation and its users' measurements give them.

The sandbox judges by this table and by nothing of ours, so that a message which passes here was measured
against Slack and not against our idea of it. Lengths are code points unless a name says bytes.

Sources: https://docs.slack.dev/reference/block-kit/blocks, .../methods/chat.postMessage,
.../methods/chat.update, .../apis/web-api/rate-limits.
"""

BLOCKS_PER_MESSAGE = 50
ATTACHMENTS_PER_MESSAGE = 100

HEADER_TEXT = 150
SECTION_TEXT = 3000
SECTION_FIELDS = 10
SECTION_FIELD = 2000
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
ACCESSIBILITY_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
ALT_TEXT = 2000
IMAGE_TITLE = 2000
URL = 3000
IDENTIFIER = 255

BLOCKS_TOTAL = 13_200
"""All text of a message's blocks together; undocumented, measured by several users of Slack."""
HEADER_COST = 100
"""What a header takes from that total besides its text, by one such measurement."""

POST_TEXT = 40_000
"""A longer text is cut, with the warning `message_truncated`."""
POST_CHUNK = 4000
"""A longer text arrives as several messages."""
UPDATE_TEXT_BYTES = 4000
"""UTF-8 bytes; a longer text is refused with `msg_too_long`."""
METADATA_BYTES = 4000
"""Of the whole metadata as JSON. Slack has a limit but publishes no number: this one is ours, and strict."""

PAGE_DEFAULT = 100
PAGE_LIMIT = 999
"""Most objects per page; Slack says to ask for less than 1,000."""
