"""The platform's memory: spool, schema, writer and reader."""
