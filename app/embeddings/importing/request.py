"""A request to import an embedding."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from app.pictures.cleaning import UploadedFile


@dataclass(frozen=True)
class ImportRequest:
    """A request to import an embedding, not yet checked."""

    uploads: Sequence[UploadedFile]
    placeholder: str = ""
    initializer: str = ""
    kind: str = ""
    base_model: str | None = None
    name: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    pictures: Sequence[UploadedFile] = ()  # found among the files
    masks: Sequence[bytes | None] = ()  # of the pictures at the same places
    captions: Sequence[str] = ()  # of the pictures at the same places; {} stands for the concept
    initializer_in_files: str = ""

    def fingerprint(self) -> str:
        """The hash of everything that was sent, for `Idempotency-Key`."""
        files = [(upload.name, hashlib.sha256(upload.content).hexdigest()) for upload in self.uploads]
        fields = {name: value for name, value in vars(self).items() if name not in ("uploads", "pictures", "masks")}
        return hashlib.sha256(repr(("import", files, sorted(fields.items()))).encode()).hexdigest()
