"""One export: what, of when and where, in which format."""

from collections.abc import AsyncIterator

import pyarrow as pa

from cloudctl.exports.formats import Format, write_tables
from cloudctl.exports.tables import Content, Sight, incident_tables, light_tables, state_tables, track_tables
from cloudctl.store.reader import Box, StoreReader


def export_stored(
    reader: StoreReader,
    content: Content,
    name: Format,
    t0: float,
    t1: float,
    box: Box | None,
    sight: Sight | None = None,
) -> AsyncIterator[bytes]:
    """Bytes of the file; the area chooses tracks and incidents, states and lights come from everywhere.

    Of tracks, states and incidents it holds what may be seen; without `sight`, all. Lights are the city's.

    Raises:
        UnknownFormatError: the content cannot be written in this format.
        StoreDownError, StoreSlowError: the database does not answer in time, or refuses, while the pieces are fetched.
    """
    return write_tables(content, name, _tables(reader, content, t0, t1, box, sight))


def _tables(
    reader: StoreReader, content: Content, t0: float, t1: float, box: Box | None, sight: Sight | None
) -> AsyncIterator[pa.Table]:
    match content:
        case Content.TRACKS:
            return track_tables(reader, t0, t1, box, sight)
        case Content.STATES:
            return state_tables(reader, t0, t1, sight)
        case Content.LIGHTS:
            return light_tables(reader, t0, t1)
        case Content.INCIDENTS:
            return incident_tables(reader, t0, t1, box, sight)
