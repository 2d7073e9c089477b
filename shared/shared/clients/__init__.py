"""Typed HTTP clients of the services' internal endpoints. One file a service."""
