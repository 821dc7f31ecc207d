"""What the tests of the model share."""

import pytest
from transformers import CLIPTokenizer

from models.recipe.tokenizer import tokenizer


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    return tokenizer(tmp_path_factory.mktemp("words") / "tokenizer")
