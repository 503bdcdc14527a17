"""Messages made ready for the page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.sandbox import blocks, contents, views, workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.arguments import Arguments
from tests.sandbox.clients import header, mrkdwn, section


def message(**content: Any) -> workspace.Message:
    space = workspace.Workspace(clock=lambda: 1_800_000_000.0)
    space.add_channel("deployments")
    return space.post("deployments", workspace.Content(**content))


def test_blocks_take_the_place_of_the_text() -> None:
    view = views.seen(message(text="fallback", blocks=(header("a & b"), section("*x*"))))

    assert [part.kind for part in view.parts] == ["header", "section"]
    assert view.parts[0].nodes[0].text == "a & b"
    assert view.parts[1].nodes[0].tag == "bold"
    assert view.text == "fallback"


def test_without_blocks_the_text_itself_is_shown() -> None:
    (part,) = views.seen(message(text="*x* https://example.com", parse="none")).parts

    assert part.kind == "text"
    assert [node.tag for node in part.nodes] == ["bold", "text"]


def test_fields_elements_buttons_and_images_become_parts() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "url": "https://example.com"}
    image = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a graph"}
    shown: tuple[Any, ...] = (
        {"type": "section", "fields": [mrkdwn("a"), mrkdwn("b")], "accessory": button},
        {"type": "context", "elements": [mrkdwn("c"), image]},
        {"type": "actions", "elements": [button]},
        {"type": "divider"},
        image,
    )
    parts = views.seen(message(text="x", blocks=shown)).parts

    assert blocks.problems(list(shown)) == ()
    assert [len(part.cells) for part in parts] == [2, 2, 0, 0, 0]
    assert (parts[0].nodes[0].tag, parts[2].nodes[0].text, parts[4].nodes[0].text) == (
        "button",
        "Go",
        "a graph",
    )


def test_rich_text_keeps_its_words_literal_and_its_styles() -> None:
    line = {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "*<b>*", "style": {"bold": True}},
            {"type": "text", "text": "x", "style": {"code": True}},
            {"type": "emoji", "name": "tada"},
            {"type": "user", "user_id": "U1"},
            {"type": "channel", "channel_id": "C1"},
            {"type": "broadcast", "range": "here"},
            {"type": "link", "url": "https://example.com", "text": "l"},
            {"type": "date", "timestamp": 1, "format": "{ago}", "fallback": "f"},
        ],
    }
    rich = [
        line,
        {"type": "rich_text_list", "style": "bullet", "elements": [line]},
        {**line, "type": "rich_text_quote"},
        {**line, "type": "rich_text_preformatted"},
    ]
    (part,) = views.seen(message(text="x", blocks=({"type": "rich_text", "elements": rich},))).parts

    assert [node.tag for node in part.nodes] == [
        "bold", "code", "text", "mention", "mention", "mention", "link", "date", "list", "quote", "pre",
    ]  # fmt: skip
    assert part.nodes[0].children[0].text == "*<b>*"


def test_old_attachments_show_their_bar_title_text_and_fields() -> None:
    old = {"color": "good", "title": "T", "text": "*b*", "fields": [{"title": "k", "value": "v"}, "junk"]}
    (attachment,) = views.seen(message(text="x", attachments=(old,))).attachments

    assert attachment.color == "good"
    assert [len(part.cells) for part in attachment.parts] == [0, 0, 1]


def test_an_attachment_may_hold_blocks() -> None:
    (attachment,) = views.seen(message(text="x", attachments=({"blocks": [header("h")]},))).attachments

    assert [part.kind for part in attachment.parts] == ["header"]


def test_a_deleted_message_shows_nothing_of_itself() -> None:
    space = workspace.Workspace(clock=lambda: 1_800_000_000.0)
    space.add_channel("deployments")
    gone = space.delete(space.post("deployments", workspace.Content(text="secret")))

    assert (views.seen(gone).deleted, views.seen(gone).parts, views.seen(gone).text) == (True, (), "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "text", "color", "fields", "value", "blocks"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3))
def test_whatever_the_api_lets_in_can_be_shown(attachments: list[Any]) -> None:
    try:
        content = contents.written(Arguments({"text": "x", "attachments": attachments}))
    except Refusal:
        return  # what is refused is never shown
    space = workspace.Workspace(clock=lambda: 1_800_000_000.0)
    space.add_channel("deployments")

    assert len(views.seen(space.post("deployments", content)).attachments) == len(attachments)


@pytest.mark.parametrize(
    ("edits", "blocks_then", "edited"), [(0, (), False), (1, (), True), (1, (header("h"),), False)]
)
def test_edited_is_said_only_of_edits_without_blocks(edits: int, blocks_then: Any, edited: bool) -> None:
    space = workspace.Workspace(clock=lambda: 1_800_000_000.0)
    space.add_channel("deployments")
    shown = space.post("deployments", workspace.Content(text="x"))
    for _ in range(edits):
        shown = space.edit(shown, workspace.Content(text="y", blocks=blocks_then))

    assert views.seen(shown).edited is edited
