"""Wiring of the S3-compatible store: its package and its memory are taken only where one is set."""

from typing import TYPE_CHECKING

from core.deliveries import Deliveries
from core.errors import ConfigurationError, UploadError
from core.file_links import FileLinks
from core.settings import Settings
from upload_module.courier import AbsentCourier, Courier
from upload_module.links import LinkStore
from upload_module.s3_address import parse_s3
from upload_module.web_links import WebLinks

if TYPE_CHECKING:
    from upload_module.s3_store import S3Access

NO_STORE = "This bot has no S3 store. The files are kept and stored when an admin has set one."
NO_PACKAGE = "This bot was installed without S3. Ask its admin to install boss-bot[s3]."


def store_courier(settings: Settings, deliveries: Deliveries) -> Courier:
    """Delivers what is asked for with `to=s3://...`."""
    try:
        access = _access(settings)
        if access is None:
            return AbsentCourier(NO_STORE)
        from upload_module.s3_destination import S3Courier
    except ModuleNotFoundError:
        return AbsentCourier(NO_PACKAGE)
    return S3Courier(deliveries=deliveries, access=access)


def link_store(settings: Settings, files: FileLinks) -> LinkStore | None:
    """Where files go that can't be made to fit; None: they are kept.

    Raises:
        ConfigurationError: DELIVERY_LINKS names no bucket, or there is no key for it, or no address of the web page.
    """
    if not settings.delivery_links:
        return None
    if settings.delivery_links == "web":
        if settings.web_public_url is None:
            raise ConfigurationError("DELIVERY_LINKS=web needs WEB_PUBLIC_URL, where people reach the web page.")
        return WebLinks(files, base_url=settings.web_public_url, seconds=settings.web_link_hours * 3600)
    try:
        address = parse_s3(settings.delivery_links)
    except UploadError:
        raise ConfigurationError("DELIVERY_LINKS must be web, s3://BUCKET or s3://BUCKET/FOLDER.") from None
    try:
        access = _access(settings)
        from upload_module.s3_links import S3Links
    except ModuleNotFoundError:
        raise ConfigurationError("DELIVERY_LINKS needs the package boss-bot[s3]. Install it.") from None
    if access is None:
        raise ConfigurationError("DELIVERY_LINKS needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.")
    return S3Links(access=access, address=address)


def _access(settings: Settings) -> "S3Access | None":
    if settings.s3_access_key_id is None or settings.s3_secret_access_key is None:
        return None
    from upload_module.s3_store import S3Access

    return S3Access(
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        link_expiry_seconds=settings.s3_link_expiry_hours * 3600,
    )
