"""What the page computes before it asks the service: the same rules, held to the service's own by this test.

All that the OpenAPI schema states reaches the page from there (`frontend/scripts/constraints.mjs`). These are the rules
that the schema does not state.
"""

import re

from app.contracts.placeholders import PLACEHOLDER
from app.core.settings import REPOSITORY
from app.pictures.decoding import LONGER_SIDE_MAX, SHORTER_SIDE_MAX

PAGE = REPOSITORY / "frontend" / "src"


def constant(path: str, name: str) -> str:
    """The value of a constant of the page, as its source has it."""
    found = re.search(rf"const {name} = (.+);", (PAGE / path).read_text())
    assert found is not None, f"{path} has no constant {name}"
    return found.group(1)


def test_the_page_accepts_the_placeholders_that_the_service_accepts() -> None:
    assert constant("teach/placeholder.ts", "PLACEHOLDER") == f"/^{PLACEHOLDER.pattern}$/"


def test_a_mask_is_painted_at_the_size_that_the_service_stores_the_picture_at() -> None:
    assert int(constant("draw/initImage.ts", "SHORTER_SIDE_MAX")) == SHORTER_SIDE_MAX
    assert int(constant("draw/initImage.ts", "LONGER_SIDE_MAX")) == LONGER_SIDE_MAX
