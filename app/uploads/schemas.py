"""Response schemas of uploads."""

from datetime import datetime

from pydantic import BaseModel, Field


class UploadOut(BaseModel):
    """A picture that is kept for later requests."""

    id: str = Field(description='Named as `{"upload_id": …}` in later requests.')
    url: str = Field(description="Where the picture is, as PNG.")
    name: str = Field(description="The name that its sender gave it.")
    width: int = Field(description="Pixels across. Pictures are made smaller where training would do so anyway.")
    height: int = Field(description="Pixels down.")
    bytes: int = Field(description="What it takes of the team's storage.")
    created_at: datetime = Field(description="When it was sent.")
    expires_at: datetime = Field(
        description="When it goes, unless a request names it before: then it stays for `ONEWORD_UPLOAD_HOURS` longer."
    )
