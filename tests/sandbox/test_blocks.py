"""The block checker against Slack's limits, at and beyond each of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.sandbox import blocks, limits
from tests.sandbox.clients import header, mrkdwn, section


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}} | more


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def context(*elements: Any) -> dict[str, Any]:
    return {"type": "context", "elements": list(elements)}


def fields(number: int, text: str = "f") -> dict[str, Any]:
    return {"type": "section", "fields": [mrkdwn(text)] * number}


def rich(*inline: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(inline)}]}


IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}

GOOD: list[Any] = [
    header("h" * 150),
    section("s" * 3000),
    fields(10, "f" * 2000),
    context(*[mrkdwn("c")] * 10),
    context(IMAGE, {"type": "plain_text", "text": "x"}),
    actions(*[button()] * 25),
    actions(button(url="https://example.com", value="v" * 2000, style="primary", action_id="a" * 255)),
    {**section("s"), "accessory": button()},
    {**IMAGE, "title": {"type": "plain_text", "text": "t"}, "block_id": "b"},
    {"type": "divider"},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "t", "style": {"bold": True}},
                    {"type": "link", "url": "https://example.com"},
                    {"type": "date", "timestamp": 1, "format": "{ago}", "fallback": "x"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": []}],
            },
        ],
    },
]

BAD: list[tuple[Any, str]] = [
    (header("h" * 151), "/0/text/text"),
    (header(""), "/0/text/text"),
    ({"type": "header", "text": mrkdwn("h")}, "/0/text/type"),
    (section("s" * 3001), "/0/text/text"),
    (section(""), "/0/text/text"),
    ({"type": "section"}, "/0"),
    (fields(11), "/0/fields"),
    (fields(0), "/0/fields"),
    (fields(1, "f" * 2001), "/0/fields/0/text"),
    (context(), "/0/elements"),
    (context(*[mrkdwn("c")] * 11), "/0/elements"),
    (context(button()), "/0/elements/0/type"),
    (actions(), "/0/elements"),
    (actions(*[button()] * 26), "/0/elements"),
    (actions(button(action_id="a"), button(action_id="a")), "/0/elements/1/action_id"),
    (actions(button(url="javascript:alert(1)")), "/0/elements/0/url"),
    (actions(button(url="https://[")), "/0/elements/0/url"),
    (actions(button(style="green")), "/0/elements/0/style"),
    (actions(button(value="v" * 2001)), "/0/elements/0/value"),
    (actions(button(text={"type": "plain_text", "text": "b" * 76})), "/0/elements/0/text/text"),
    ({**IMAGE, "alt_text": ""}, "/0/alt_text"),
    ({"type": "image", "image_url": "https://example.com/a.png"}, "/0"),
    ({"type": "divider", "color": "red"}, "/0"),
    ({"type": "divider", "block_id": "b" * 256}, "/0/block_id"),
    ({"type": "alert"}, "/0/type"),
    ({"type": 7}, "/0/type"),
    ("divider", "/0/type"),
    ({"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}, "/0/text"),
    ({**section("s"), "expand": "yes"}, "/0/expand"),
    ({"type": "section", "text": {"type": "mrkdwn", "text": 7}}, "/0/text/text"),
    (actions(button(confirm="sure?")), "/0/elements/0/confirm"),
    (rich({"type": "date", "timestamp": "soon", "format": "{ago}"}), "/0/elements/0/elements/0/timestamp"),
    (rich({"type": "x"}), "/0/elements/0/elements/0/type"),
    (rich({"type": "text", "text": "x", "style": {"big": True}}), "/0/elements/0/elements/0/style"),
]  # fmt: skip


@pytest.mark.parametrize("block", GOOD)
def test_what_slack_takes_is_taken(block: Any) -> None:
    assert blocks.problems([block]) == ()


@pytest.mark.parametrize(("block", "pointer"), BAD)
def test_what_slack_refuses_is_refused_at_its_place(block: Any, pointer: str) -> None:
    assert [problem.pointer for problem in blocks.problems([block], "")] == [pointer]


def test_fifty_blocks_are_the_most() -> None:
    assert blocks.problems([{"type": "divider"}] * 50) == ()
    assert [str(problem) for problem in blocks.problems([{"type": "divider"}] * 51)] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


def test_a_block_id_stands_once_in_a_message() -> None:
    twice = [{"type": "divider", "block_id": "same"}] * 2
    assert [problem.pointer for problem in blocks.problems(twice)] == ["/blocks/1/block_id"]


def test_every_fault_is_named_at_once() -> None:
    found = blocks.problems([header(""), section(""), {"type": "alert"}])
    assert len(found) == 3


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.sampled_from(["section", "header", "context", "actions", "rich_text", "mrkdwn", "button"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "text", "elements", "fields", "url", "style", "block_id", "x/~y"]),
        inner,
        max_size=5,
    ),
    max_leaves=25,
))  # fmt: skip
def test_any_json_gets_a_verdict(value: object) -> None:
    assert isinstance(blocks.problems(value), tuple)


@given(st.lists(st.sampled_from(GOOD), max_size=20))
def test_good_blocks_stay_good_together(chosen: list[Any]) -> None:
    assert (
        blocks.problems([{key: item for key, item in block.items() if key != "block_id"} for block in chosen])
        == ()
    )


@given(st.sampled_from(GOOD), st.text(min_size=1, max_size=5), st.data())
def test_one_more_field_anywhere_on_top_spoils_a_block(block: Any, name: str, data: st.DataObject) -> None:
    known = {
        "type",
        "text",
        "fields",
        "elements",
        "accessory",
        "expand",
        "block_id",
        "image_url",
        "alt_text",
        "title",
    }
    if name not in known:
        assert blocks.problems([{**block, name: data.draw(st.none() | st.text())}])


def test_the_total_counts_all_text_and_what_headers_cost() -> None:
    assert blocks.total([header("1234"), section("123"), fields(2, "12")]) == 11 + limits.HEADER_COST
