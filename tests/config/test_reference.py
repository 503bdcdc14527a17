"""The page that documents the settings."""

from pathlib import Path

import pytest

from shipbell.config import fields, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_settings_say_now() -> None:
    assert PAGE.read_text() == reference.page(), (
        "run: python -m shipbell.config.reference > docs/configuration.md"
    )


@pytest.mark.parametrize("field", fields.every(), ids=lambda field: field.dotted)
def test_every_setting_is_documented_with_its_variable(field: fields.Field) -> None:
    assert field.info.description
    assert f"### `{field.dotted}`\n" in reference.page()
    assert f"`{field.twin}`" in reference.page()


def test_no_two_settings_share_a_variable() -> None:
    twins = [field.twin for field in fields.every()]

    assert len(set(twins)) == len(twins)


def test_every_secret_has_a_setting_that_names_its_file() -> None:
    paths = {field.path for field in fields.every()}

    assert [field.dotted for field in fields.every() if field.secret and field.file_path not in paths] == []
