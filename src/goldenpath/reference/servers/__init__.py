"""The reference platform as servers: its behaviour over HTTP and WebSocket."""
