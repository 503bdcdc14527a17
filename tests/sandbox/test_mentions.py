"""Whom a message would ring by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.sandbox import mentions
from tests.sandbox.clients import section


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<!here> and <!channel|everybody>", ("<!here>", "<!channel>")),
        ("<@U012AB3CD> <@W012AB3CD|jo> <@U012AB3CD>", ("<@U012AB3CD>", "<@W012AB3CD>")),
        ("<!subteam^S012AB3CD|@oncall>", ("<!subteam^S012AB3CD>",)),
        ("`<!here>`", ("<!here>",)),
        ("&lt;!here&gt; <!date^1^{ago}|x> <#C1> <https://example.com|@here>", ()),
        ("plain @here", ()),
    ],
)
def test_mentions_in_the_top_level_text(text: str, found: tuple[str, ...]) -> None:
    assert mentions.within(text, (), ()) == found


def test_a_plain_word_is_a_mention_where_verbatim_is_not_set() -> None:
    loose = {"type": "section", "text": {"type": "mrkdwn", "text": "mail@here.org but @here too"}}

    assert mentions.within("", (section("@here"),), ()) == ()
    assert mentions.within("", (loose,), ()) == ("<!here>",)


def test_rich_text_mentions_by_its_elements_and_never_by_its_words() -> None:
    elements = [
        {"type": "text", "text": "<!here> @channel"},
        {"type": "user", "user_id": "U1"},
        {"type": "broadcast", "range": "everyone"},
    ]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}

    assert mentions.within("", (block,), ()) == ("<@U1>", "<!everyone>")


def test_plain_text_mentions_nobody_and_old_attachments_do() -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "<!here>"}}
    attachment = {"color": "good", "text": "@channel", "fields": [{"title": "t", "value": "<@U1>"}]}

    assert mentions.within("", (header,), ()) == ()
    assert mentions.within("", (), (attachment,)) == ("<!channel>", "<@U1>")


@given(
    st.text(), st.recursive(st.text(), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3))
)
def test_any_text_and_any_attachment_gets_an_answer(text: str, attachment: object) -> None:
    assert isinstance(mentions.within(text, (), (attachment,)), tuple)


@given(st.text())
def test_escaped_text_mentions_nobody(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert mentions.within(escaped, (section(escaped or "x"),), ()) == ()
