"""The REST routes of the application, on FastAPI."""
