"""Districts of many places at once: a raster answers at a glance, and near borders the distances decide.

A place belongs to the nearest landmark's district within `REACH_M`, as `DistrictRaster.nearest` works out. A cell of
the raster is settled where no point of it can be any other district's: by the triangle inequality, where the nearest
landmark of every other district is more than the cell's diagonal further away than the nearest of all.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

REACH_M = 3000.0
METRES = 111_320.0
"""Of a degree of latitude."""
CELLS = 256
"""Of the longer side of the raster."""
LEAST_CELL_M = 20.0
SPAN_M = 60_000.0
"""Half of the longest side: one landmark entered at the wrong end of the world must not blur the raster."""
NONE = -1
"""Code of places in no district."""
_UNSETTLED = -2
_MARGIN_M = 1.0
"""For the bend of a cell."""
_RADIUS_M = METRES * 180.0 / math.pi

Reals = NDArray[np.float64]
Codes = NDArray[np.int16]


class DistrictRaster:
    """Nearest landmark's district; places in deg, codes are rows of `names`."""

    def __init__(self, places: Sequence[tuple[float, float, str]]) -> None:
        """Take landmarks as (lon, lat, district; deg)."""
        self.places = tuple(places)
        self.names = sorted({name for _, _, name in self.places})
        code = {name: row for row, name in enumerate(self.names)}
        self._lon = np.array([lon for lon, _, _ in self.places], float)
        self._lat = np.array([lat for _, lat, _ in self.places], float)
        self._tree = cKDTree(_points(self._lon, self._lat)) if self.places else None
        self._code = np.array([code[name] for _, _, name in self.places], np.int16)
        self._cells = np.full((0, 0), NONE, np.int16)
        self._west = self._south = 0.0
        self._per_lon = self._per_lat = 1.0
        self._whole = True
        """Nothing beyond the raster is in a district."""
        if self.places:
            self._draw()

    def codes(self, lon: Reals, lat: Reals) -> Codes:
        """Code of the district of each place; NONE where it is in none."""
        found = np.full(len(lon), NONE, np.int16)
        if not self.places:
            return found
        height, width = self._cells.shape
        with np.errstate(invalid="ignore"):
            x, y = np.floor((lon - self._west) * self._per_lon), np.floor((lat - self._south) * self._per_lat)
            inside = np.flatnonzero((x >= 0) & (x < width) & (y >= 0) & (y < height))
        if not self._whole:
            found[:] = _UNSETTLED
        found[inside] = self._cells[y[inside].astype(np.intp), x[inside].astype(np.intp)]
        unsettled = np.flatnonzero(found == _UNSETTLED)
        if len(unsettled):
            found[unsettled] = self.nearest(lon[unsettled], lat[unsettled])
        return found

    def nearest(self, lon: Reals, lat: Reals) -> Codes:
        """Work out the same from the distances to the landmarks."""
        found = np.full(len(lon), NONE, np.int16)
        if self._tree is not None:
            away, landmark = self._tree.query(_points(lon, lat))
            near = away <= REACH_M
            found[near] = self._code[landmark[near]]
        return found

    def _draw(self) -> None:
        middle_lon, middle_lat = float(np.median(self._lon)), float(np.median(self._lat))
        lon_m = METRES * max(math.cos(math.radians(middle_lat)), 0.01)
        most_lon, most_lat = SPAN_M / lon_m, SPAN_M / METRES
        lon = np.clip(self._lon, middle_lon - most_lon, middle_lon + most_lon)
        lat = np.clip(self._lat, middle_lat - most_lat, middle_lat + most_lat)
        self._whole = bool((lon == self._lon).all() and (lat == self._lat).all())
        # a degree of longitude is shorter towards the pole
        reach_lon, reach_lat = REACH_M / lon_m * 1.1, REACH_M / METRES * 1.1
        self._west, self._south = float(lon.min()) - reach_lon, float(lat.min()) - reach_lat
        wide = (float(lon.max()) + reach_lon - self._west) * lon_m
        high = (float(lat.max()) + reach_lat - self._south) * METRES
        cell = max(max(wide, high) / CELLS, LEAST_CELL_M)
        width, height = math.ceil(wide / cell), math.ceil(high / cell)
        self._per_lon, self._per_lat = lon_m / cell, METRES / cell
        middles = self._west + (np.arange(width) + 0.5) / self._per_lon
        # a cell is widest at the edge that is nearer to the equator
        edges = np.array([self._south, self._south + height / self._per_lat])
        widest = cell * METRES * float(np.cos(np.radians(edges)).max()) / lon_m
        diagonal = math.hypot(widest, cell) + _MARGIN_M
        rows = self._south + (np.arange(height) + 0.5) / self._per_lat
        cells = _points(*(side.ravel() for side in np.meshgrid(middles, rows)))
        self._cells = self._settled(cells, diagonal).reshape(height, width)

    def _settled(self, cells: Reals, diagonal: float) -> Codes:
        """Codes of cells by their middles, (n, 3) m; _UNSETTLED where a cell may hold several."""
        first, second = np.full(len(cells), np.inf), np.full(len(cells), np.inf)
        codes = np.full(len(cells), NONE, np.int16)
        corners = _points(self._lon, self._lat)
        for code in range(len(self.names)):
            away, _ = cKDTree(corners[self._code == code]).query(cells, distance_upper_bound=REACH_M + 2 * diagonal)
            nearer = away < first
            second = np.where(nearer, first, np.minimum(second, away))
            first[nearer], codes[nearer] = away[nearer], code
        with np.errstate(invalid="ignore"):
            codes[(second - first <= diagonal) | (np.abs(first - REACH_M) <= diagonal)] = _UNSETTLED
        codes[first > REACH_M + diagonal] = NONE
        return codes


def _points(lon: Reals, lat: Reals) -> Reals:
    """Places on the globe, (n, 3) m; within a city chords are as long as the ground."""
    across, up = np.radians(lon), np.radians(lat)
    ring = np.cos(up)
    found: Reals = _RADIUS_M * np.column_stack((ring * np.cos(across), ring * np.sin(across), np.sin(up)))
    return found
