"""What can be taught, and how a base model reads a text."""

from fastapi import APIRouter

from app.accounts.principal import Viewer
from app.base_models.initializers import free_placeholder, is_known
from app.base_models.schemas import BaseModelList, BaseModelOut, Tokenization, TokenizeIn, WordPiece
from app.concepts import queries as concepts
from app.dependencies import Reading, ServicesOf

router = APIRouter(prefix="/api", tags=["base models"])


@router.get("/base-models")
def list_base_models(_: Viewer, services: ServicesOf) -> BaseModelList:
    """Every base model of this studio, the default first."""
    return BaseModelList(items=[BaseModelOut.of(model) for model in services.catalog.models])


@router.post("/tokenize")
def tokenize(body: TokenizeIn, principal: Viewer, services: ServicesOf, session: Reading) -> Tokenization:
    """How a base model reads a text, near words that are one token, and a free placeholder."""
    model = services.catalog.get(body.base_model)
    tokens = model.tokenizer.tokens(body.text)
    known = is_known(model, body.text)
    single = known and len(tokens) == 1
    return Tokenization(
        text=body.text,
        tokens=[WordPiece(id=token.id, text=token.text) for token in tokens],
        count=len(tokens),
        single=single,
        known=known,
        suggestions=[] if single or not body.text.strip() else model.words.near(body.text),
        placeholder=free_placeholder(body.text, concepts.placeholders(session, principal.team_id)),
    )
