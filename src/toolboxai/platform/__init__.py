"""The application: identity and content. It sees the outside through ``ports`` alone."""
