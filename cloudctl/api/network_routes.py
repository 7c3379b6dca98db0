"""`/api/v1/network`: the road network's tables, whose rows the live frames name. They change with the map file only."""

from fastapi import APIRouter, Request, Response

from cloudctl.access.permissions import Permission, requires
from cloudctl.api.network_tables import entity_tag
from cloudctl.api.services import Services

GEOJSON = "application/geo+json"


class GeoJson(Response):
    """An answer in GeoJSON (RFC 7946)."""

    media_type = GEOJSON


router = APIRouter(prefix="/api/v1/network", tags=["network"], dependencies=[requires(Permission.SEE_PICTURE)])


@router.get("")
def get_overview(request: Request) -> Response:
    """Give name, box and counts of the network."""
    return _tagged(request, Services.of(request).tables.overview)


@router.get("/signals")
def list_network_signals(request: Request) -> Response:
    """List signalised intersections in row order."""
    return _tagged(request, Services.of(request).tables.signals_json)


@router.get("/groups")
def list_network_groups(request: Request) -> Response:
    """List signal groups as columns in row order, with the place of every head and crossing."""
    return _tagged(request, Services.of(request).tables.groups_json)


@router.get("/links")
def list_network_links(request: Request) -> Response:
    """List links as columns in row order."""
    return _tagged(request, Services.of(request).tables.links_json)


@router.get("/approach-lanes")
def list_approach_lanes(request: Request) -> Response:
    """List lanes that end at a light: link, movements, and points from the stop line back."""
    return _tagged(request, Services.of(request).tables.lanes_json)


@router.get(
    "/links.geojson",
    response_class=GeoJson,
    responses={200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}},
)
def get_links_geojson(request: Request) -> Response:
    """Give all links with their shapes; the feature id is the row."""
    return _tagged(request, Services.of(request).tables.links_geojson, GEOJSON)


@router.get("/stops")
def list_network_stops(request: Request) -> Response:
    """List bus stops in row order."""
    return _tagged(request, Services.of(request).tables.stops_json)


def _tagged(request: Request, content: bytes, media_type: str = "application/json") -> Response:
    tag = entity_tag(content)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
