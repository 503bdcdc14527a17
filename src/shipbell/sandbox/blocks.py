"""Does Slack accept these blocks? A checker over plain JSON that names every fault by its JSON pointer.

The Web API asks it before a message is stored. Shapes are written as small checks put together
(`shapes.shape`, `shapes.array`, `_text`), one name per block type, so that the table below can be read beside
https://docs.slack.dev/reference/block-kit/blocks. Block types that a rollout's message has no use for are
refused, although Slack knows more of them. It promises to end with a verdict for any JSON whatsoever.
"""

from collections.abc import Mapping
from typing import Any

from shipbell.sandbox import limits, shapes


def problems(blocks: object, at: str = "/blocks") -> tuple[shapes.Problem, ...]:
    """Everything that is wrong with a message's blocks; nothing, if Slack would take them."""
    found = tuple(_BLOCKS(blocks, at))
    if found or not isinstance(blocks, list):
        return found
    return tuple(shapes.repeated(blocks, "block_id", at))


def total(blocks: list[Any] | tuple[Any, ...]) -> int:
    """How much of `limits.BLOCKS_TOTAL` valid blocks use."""
    headers = [block for block in blocks if block.get("type") == "header"]
    return _letters(list(blocks)) + len(headers) * limits.HEADER_COST


def _letters(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_letters, value))
    if isinstance(value, dict):
        own = value.get("text")
        return sum(map(_letters, value.values())) + (len(own) if isinstance(own, str) else 0)
    return 0


def _plain(limit: int) -> shapes.Check:
    return shapes.typed({"plain_text": shapes.shape({"text": shapes.string(limit)}, {"emoji": shapes.flag})})


def _text(limit: int) -> shapes.Check:
    return shapes.typed(
        {
            "plain_text": shapes.shape({"text": shapes.string(limit)}, {"emoji": shapes.flag}),
            "mrkdwn": shapes.shape({"text": shapes.string(limit)}, {"verbatim": shapes.flag}),
        }
    )


_URL = shapes.url(limits.URL)
_CONFIRM = shapes.shape(
    {
        "title": _plain(limits.CONFIRM_TITLE),
        "text": _text(limits.CONFIRM_TEXT),
        "confirm": _plain(limits.CONFIRM_BUTTON),
        "deny": _plain(limits.CONFIRM_BUTTON),
    },
    {"style": shapes.word("primary", "danger")},
)
_BUTTON = shapes.shape(
    {"text": _plain(limits.BUTTON_TEXT)},
    {
        "action_id": shapes.string(limits.IDENTIFIER),
        "value": shapes.string(limits.BUTTON_VALUE),
        "url": _URL,
        "style": shapes.word("primary", "danger"),
        "accessibility_label": shapes.string(limits.ACCESSIBILITY_LABEL),
        "confirm": _CONFIRM,
    },
)
_IMAGE = shapes.shape({"image_url": _URL, "alt_text": shapes.string(limits.ALT_TEXT)})

_BOLD_AND_SO_ON = shapes.shape(
    {}, {"bold": shapes.flag, "italic": shapes.flag, "strike": shapes.flag, "code": shapes.flag}
)
_INLINE = shapes.typed(
    {
        "text": shapes.shape({"text": shapes.string(limits.SECTION_TEXT)}, {"style": _BOLD_AND_SO_ON}),
        "link": shapes.shape(
            {"url": _URL},
            {"text": shapes.string(limits.SECTION_TEXT), "style": _BOLD_AND_SO_ON, "unsafe": shapes.flag},
        ),
        "emoji": shapes.shape({"name": shapes.string(100)}, {"unicode": shapes.string(100)}),
        "user": shapes.shape({"user_id": shapes.string(20)}, {"style": _BOLD_AND_SO_ON}),
        "usergroup": shapes.shape({"usergroup_id": shapes.string(20)}, {"style": _BOLD_AND_SO_ON}),
        "channel": shapes.shape({"channel_id": shapes.string(20)}, {"style": _BOLD_AND_SO_ON}),
        "broadcast": shapes.shape({"range": shapes.word("here", "channel", "everyone")}),
        "date": shapes.shape(
            {"timestamp": shapes.whole, "format": shapes.string(200)},
            {"fallback": shapes.string(200), "url": _URL},
        ),
        "color": shapes.shape({"value": shapes.string(7)}),
    }
)
_LINE = shapes.array(_INLINE, most=1000, least=0)
_RICH = shapes.typed(
    {
        "rich_text_section": shapes.shape({"elements": _LINE}),
        "rich_text_quote": shapes.shape({"elements": _LINE}, {"border": shapes.whole}),
        "rich_text_preformatted": shapes.shape(
            {"elements": _LINE}, {"border": shapes.whole, "language": shapes.string(50)}
        ),
        "rich_text_list": shapes.shape(
            {
                "style": shapes.word("bullet", "ordered"),
                "elements": shapes.array(
                    shapes.typed({"rich_text_section": shapes.shape({"elements": _LINE})}), most=1000
                ),
            },
            {"indent": shapes.whole, "offset": shapes.whole, "border": shapes.whole},
        ),
    }
)

_ID: Mapping[str, shapes.Check] = {"block_id": shapes.string(limits.IDENTIFIER)}
_BLOCK = shapes.typed(
    {
        "header": shapes.shape({"text": _plain(limits.HEADER_TEXT)}, _ID),
        "divider": shapes.shape({}, _ID),
        "section": shapes.either(
            "text",
            "fields",
            shapes.shape(
                {},
                {
                    "text": _text(limits.SECTION_TEXT),
                    "fields": shapes.array(_text(limits.SECTION_FIELD), most=limits.SECTION_FIELDS),
                    "accessory": shapes.typed({"button": _BUTTON, "image": _IMAGE}),
                    "expand": shapes.flag,
                    **_ID,
                },
            ),
        ),
        "context": shapes.shape(
            {
                "elements": shapes.array(
                    shapes.typed(
                        {
                            "image": _IMAGE,
                            "plain_text": _text(limits.SECTION_TEXT),
                            "mrkdwn": _text(limits.SECTION_TEXT),
                        }
                    ),
                    most=limits.CONTEXT_ELEMENTS,
                )
            },
            _ID,
        ),
        "actions": shapes.unique(
            "action_id",
            "elements",
            shapes.shape(
                {"elements": shapes.array(shapes.typed({"button": _BUTTON}), most=limits.ACTIONS_ELEMENTS)},
                _ID,
            ),
        ),
        "image": shapes.shape(
            {"image_url": _URL, "alt_text": shapes.string(limits.ALT_TEXT)},
            {"title": _plain(limits.IMAGE_TITLE), **_ID},
        ),
        "rich_text": shapes.shape({"elements": shapes.array(_RICH, most=1000)}, _ID),
    }
)
_BLOCKS = shapes.array(_BLOCK, most=limits.BLOCKS_PER_MESSAGE, least=0)
