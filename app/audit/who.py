"""Who acts, as the audit writes it down."""

from typing import Literal, Protocol

Credential = Literal["session", "token", "command-line", "system"]


class Who(Protocol):
    """Who acts: a person in a team, or a program."""

    @property
    def team_id(self) -> str: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def user_name(self) -> str: ...
    @property
    def credential(self) -> Credential: ...
    @property
    def token_name(self) -> str | None: ...
