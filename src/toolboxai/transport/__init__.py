"""Bytes: the one port, WebSocket, and the signed HTTP API."""
