"""Slack's formatting as a tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.sandbox import mrkdwn
from shipbell.sandbox.mrkdwn import Node


def words(nodes: tuple[Node, ...]) -> str:
    return "".join(node.text + words(node.children) for node in nodes)


def brief(nodes: tuple[Node, ...]) -> list[str]:
    """`tag:text` per node, children in brackets."""
    return [
        f"{node.tag}:{node.text}" + (str(brief(node.children)) if node.children else "") for node in nodes
    ]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("plain", ["text:plain"]),
        ("*bold* _it_ ~no~ `code`", ["bold:['text:bold']", "text: ", "italic:['text:it']", "text: ",
                                     "strike:['text:no']", "text: ", "code:code"]),
        ("*a _b_ c*", ["bold:['text:a ', \"italic:['text:b']\", 'text: c']"]),
        ("2*3*4 snake_case_name", ["text:2*3*4 snake_case_name"]),
        ("* not bold*", ["text:* not bold*"]),
        ("`*literal* &lt;b&gt;`", ["code:*literal* <b>"]),
        ("a\n```\nx *y*\n  z\n```\nb", ["text:a", "pre:x *y*\n  z", "text:b"]),
        ("&gt; one\n> two\nafter", ["quote:['text:one\\ntwo']", "text:after"]),
        ("&amp;lt; &lt;b&gt;", ["text:&lt; <b>"]),
        (":rocket: :no_such_thing:", ["text:🚀 :no_such_thing:"]),
        ("<#C1|deploys><@U1><!here>", ["mention:deploys", "mention:@U1", "mention:@here"]),
        ("<!subteam^S1|@oncall>", ["mention:@oncall"]),
    ],
)  # fmt: skip
def test_formats_as_slack_does(text: str, tree: list[str]) -> None:
    assert brief(mrkdwn.parse(text, verbatim=True)) == tree


def test_links_lead_to_the_web_and_nowhere_else() -> None:
    good, bad = mrkdwn.parse(
        "<https://example.com/?a=1&amp;b=2|label><javascript:alert(1)|label>", verbatim=True
    )

    assert (good.tag, good.url, words(good.children)) == ("link", "https://example.com/?a=1&b=2", "label")
    assert (bad.tag, bad.text) == ("text", "<javascript:alert(1)|label>")


def test_dates_carry_their_moment_their_format_and_a_fallback() -> None:
    (date,) = mrkdwn.parse("<!date^1769868131^{date_short} {time}^https://example.com|31 Jan>", verbatim=True)

    assert (date.tag, date.moment, date.format) == ("date", 1769868131, "{date_short} {time}")
    assert (date.url, date.text) == ("https://example.com", "31 Jan")


def test_only_loose_text_makes_links_of_bare_urls_and_mentions_of_words() -> None:
    text = "see https://example.com @here"

    assert brief(mrkdwn.parse(text, verbatim=True)) == [f"text:{text}"]
    assert [node.tag for node in mrkdwn.parse(text, verbatim=False)] == ["text", "link", "text", "mention"]


@given(st.text(alphabet=st.sampled_from("*_~`<>|!@#^:&;\nabc 1/{}h"), max_size=200), st.booleans())
def test_any_text_ends_in_a_tree(text: str, verbatim: bool) -> None:
    assert isinstance(mrkdwn.parse(text, verbatim=verbatim), tuple)


@given(st.text(alphabet=st.characters(exclude_characters="*_~`:>\n", exclude_categories=["Cs"])))
def test_escaped_text_without_marks_is_shown_to_the_letter(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert words(mrkdwn.parse(escaped, verbatim=True)) == text


@pytest.mark.parametrize("mark", ["*", "_", "~", "`", "```", "<", ":", "*a ", "<!date^1^", ">\n", "@here "])
def test_hostile_repetition_takes_no_time_to_speak_of(mark: str) -> None:
    text = mark * (20_000 // len(mark))
    assert words(mrkdwn.parse(text, verbatim=False)) is not None
