"""What is delivered of files and of what was made of them."""

from dataclasses import replace

from core.models import MediaFile
from tests.upload_module.given import media_file
from upload_module.deliverables import Deliverables

FIRST, FILM, LAST = (media_file(position, 500) for position in range(3))
PARTS = [replace(media_file(position, 100), fitted_from=FILM.id) for position in (3, 4)]
CUT = replace(media_file(5, 50), fitted_from=PARTS[1].id)


def sent(file: MediaFile) -> MediaFile:
    return replace(file, delivered_message_id=9)


def test_what_was_made_stands_in_place_of_its_file() -> None:
    rows = Deliverables([CUT, *PARTS, LAST, FILM, FIRST])
    assert rows.waiting() == [FIRST, PARTS[0], CUT, LAST]
    assert rows.sources == [FIRST, FILM, LAST]
    assert rows.made_of(FILM) == PARTS


def test_what_is_delivered_waits_no_more() -> None:
    rows = Deliverables([sent(FIRST), FILM, LAST, sent(PARTS[0]), PARTS[1]])
    assert rows.waiting() == [PARTS[1], LAST]
    assert rows.messages == 1
    assert Deliverables([sent(FILM), *PARTS]).waiting() == [], "its file is recorded last"


def test_fitting_begins_with_the_file_until_a_part_is_sent() -> None:
    assert Deliverables([FIRST, FILM, LAST, *PARTS]).unfitted() == [FIRST, FILM, LAST]
    assert Deliverables([FIRST, FILM, sent(PARTS[0]), PARTS[1]]).unfitted() == [FIRST, PARTS[1]]
    perhaps = replace(PARTS[0], nonce="60000000-1-0123456789")
    assert Deliverables([FILM, perhaps, PARTS[1]]).unfitted() == [perhaps, PARTS[1]]
