"""An advisory as the API tells it, of now or of the past."""

from cloudctl.advice.advisory import Advisory
from cloudctl.api.models import AdvisoryItem, as_time
from cloudctl.store.reader import StoredAdvisory


def advisory_item(advisory: Advisory | StoredAdvisory) -> AdvisoryItem:
    """Make the item of an advisory."""
    return AdvisoryItem(
        id=advisory.id,
        kind=advisory.kind,
        target=advisory.target,
        created=as_time(advisory.created),
        valid_until=as_time(advisory.valid_until),
        reason=advisory.reason,
        reason_code=advisory.reason_code,
        lon=advisory.lon,
        lat=advisory.lat,
        content=advisory.content,
        replaces=advisory.replaces,
    )
