"""The five old WebSocket endpoints and their JSON messages: pure, as a second dialect beside Channels."""
