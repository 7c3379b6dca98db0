"""Exports of what is stored: Parquet, CSV, GeoJSON and OGC Moving Features JSON, a piece at a time."""
