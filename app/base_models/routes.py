"""The endpoints of base models, of tokenized texts and of the example pictures."""

from fastapi import APIRouter, Response

from app.base_models.examples import examples, picture
from app.base_models.initializers import free_placeholder, is_known
from app.base_models.schemas import (
    BaseModelList,
    BaseModelOut,
    ExampleList,
    ExampleOut,
    Tokenization,
    TokenizeIn,
    WordPiece,
)
from app.concepts import queries as concepts
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Reading, ServicesOf
from app.web.file_responses import Jpeg, jpeg
from app.web.sign_in import Viewer

router = APIRouter(prefix="/api", tags=["base models"], route_class=BoundedRoute)


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
        suggestions=[] if single or not body.text.strip() else model.vocabulary.near(body.text),
        placeholder=free_placeholder(body.text, concepts.placeholders(session, principal.team_id)),
    )


@router.get("/lessons")
def list_lessons(_: Viewer, services: ServicesOf) -> ExampleList:
    """Ready lessons to try the studio with. Empty where the demo model is not among the base models."""
    return ExampleList(items=[ExampleOut.of(example) for example in examples(services.catalog)])


@router.get("/lessons/{lesson_id}/pictures/{number}", response_class=Jpeg)
def get_lesson_picture(lesson_id: str, number: int, _: Viewer, services: ServicesOf) -> Response:
    """A picture of a ready lesson."""
    return jpeg(picture(services.catalog, lesson_id, number), f"{number}.jpg")
