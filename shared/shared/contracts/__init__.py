"""The wire contracts between services, one file a subject. Pydantic models only; no behaviour."""
