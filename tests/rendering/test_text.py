"""Foreign text made harmless, case by case; `test_promises` tries the rest."""

import pytest

from shipbell.rendering import text


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
        ("@here and @Everyone", "＠here and ＠Everyone"),
        ("app@sha256:abc", "app@sha256:abc"),
        ("*bold*", "∗bold∗"),
        ("_slanted_", "ˍslantedˍ"),
        ("snake_case_stays", "snake_case_stays"),
        ("~struck~", "∼struck∼"),
        ("`code`", "ˋcodeˋ"),
        (":tada:", "∶tada:"),
        ("12:30:45 stays", "12:30:45 stays"),
        ("registry:5000/app:1.2", "registry:5000/app:1.2"),
        ("> quoted", "›" + " quoted"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("\u202eevil\u2066\u200b\x00\ud800", "evil"),
        ("", ""),
    ],
)
def test_prose_is_one_line_without_live_markup(foreign: str, shown: str) -> None:
    assert text.prose(foreign) == shown


def test_prose_is_cut_to_its_limit_as_it_is_sent() -> None:
    assert text.prose("a" * 50, 10) == "a" * 9 + "…"
    assert text.prose("&" * 50, 12) == "&amp;&amp;…"


def test_a_cut_brings_no_markup_to_life() -> None:
    assert text.prose("_a_bcdefgh", 4) == "ˍaˍ…"


def test_a_name_that_is_too_long_keeps_its_beginning_and_its_end() -> None:
    shown = text.name("registry/" + "x" * 200 + ":2026.01.31.1", 60)
    assert shown.startswith("registry/xxx")
    assert shown.endswith(":2026.01.31.1")
    assert len(shown) == 60


def test_a_command_in_code_stays_literal_but_for_backticks() -> None:
    assert text.code("kubectl set image deploy/web *=a_b:1") == "`kubectl set image deploy/web *=a_b:1`"
    assert text.code("a`b") == "`aˋb`"


def test_nothing_in_code_is_nothing() -> None:
    assert text.code("\n\x00 ") == ""
    assert text.fence("\n \n", 100) == ""


def test_a_fence_keeps_lines_and_cannot_be_broken_out_of() -> None:
    assert text.fence("one\n```\n<two>", 100) == "```\none\nˋˋˋ\n&lt;two&gt;\n```"


def test_a_tail_keeps_the_end_from_the_beginning_of_a_line() -> None:
    assert text.fence("first\nsecond\nthird\nfourth", 20, tail=True) == "```\n…\nthird\nfourth\n```"
    assert text.fence("a" * 30, 10, tail=True) == "```\n…aaaaaaaa\n```"


def test_a_tail_is_not_cut_through_an_escape() -> None:
    assert text.fence("&" * 30, 13, tail=True) == "```\n…&amp;&amp;\n```"


def test_a_label_shows_what_looks_like_markup_in_plain_text() -> None:
    assert text.label("<b> & :tada: @here", 100) == "‹b› & ∶tada: ＠here"


NO_LINKS = ["javascript:alert(1)", "ftp://x", "//x", "http://", "https:///path", "", " https://x"]


@pytest.mark.parametrize("url", [*NO_LINKS, "https://" + "x" * 3000])
def test_a_link_that_is_none_is_bare_words(url: str) -> None:
    assert text.link(url, "words") == "words"


def test_a_url_cannot_break_out_of_its_link() -> None:
    link = text.link("https://x.example/?a=1&b=<c>|d e\n\u202e", "words")
    assert link == "<https://x.example/?a=1&amp;b=%3Cc%3E%7Cd%20e|words>"


def test_a_sentence_is_held_below_its_bytes_without_cutting_a_character() -> None:
    assert text.clamp_bytes("short", 100) == "short"
    assert text.clamp_bytes("中" * 10, 10) == "中中…"
    assert text.clamp_bytes("abc&amp;def", 9) == "abc…"
