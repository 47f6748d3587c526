"""What a server may say of when to come back."""

import pytest
from canned import answer

from isomorph.archives.patience import retry_after


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("", None),
        ("²", None),
        ("1e400", None),
        ("-5", None),
        ("soon", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999", None),
        ("Mon, 01 Jan 0001 00:00:00 +2300", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_only_what_can_be_understood_is_waited(said, seconds):
    assert retry_after(answer(b"", 503, **{"Retry-After": said})) == seconds
