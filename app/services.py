"""The long-lived objects that endpoints and services share. `app.main` creates them once per process."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from app.accounts.signed_addresses import SignedAddresses
from app.accounts.throttle import Guesses, SignInThrottle
from app.base_models.catalog import Catalog
from app.core.database import Database
from app.core.settings import Settings
from app.core.storage import Storage
from app.jobs.stream import EventFeed, Viewers
from app.pictures.cleaning import PictureCleaner


@dataclass(frozen=True)
class Services:
    """One set of long-lived objects."""

    settings: Settings
    database: Database
    storage: Storage
    catalog: Catalog
    pictures: PictureCleaner
    masks: PictureCleaner  # its child makes masks
    feed: EventFeed
    viewers: Viewers
    signed_addresses: SignedAddresses
    sign_ins: SignInThrottle = field(default_factory=SignInThrottle)
    guesses: Guesses = field(default_factory=Guesses)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
