"""Every message as it is sent, held by a file each in `tests/golden`.

`GOLDEN=write pytest tests/rendering` writes them anew; look at the difference before it is kept.
"""

import json
import os
from pathlib import Path

import pytest

from shipbell import rendering
from tests.rendering import gallery

GOLDEN = Path(__file__).parent.parent / "golden"
STORIES = {story.name: story for story in gallery.all_stories()}


def as_json(message: rendering.Message) -> str:
    said = {"text": message.text, "blocks": list(message.blocks)}
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("name", STORIES)
def test_a_message_says_what_its_golden_file_says(name: str) -> None:
    said = as_json(STORIES[name].message())
    file = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(said, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == said


def test_no_golden_file_is_without_a_story() -> None:
    files = {file.stem for file in GOLDEN.glob("*.json")}
    assert files == set(STORIES)


def test_no_two_stories_share_a_name() -> None:
    names = [story.name for story in gallery.all_stories()]
    assert len(names) == len(set(names))
