"""What is done with a message; the way on which it came is not its business."""

from typing import Any


def handle(message: dict[str, Any]) -> bool:
    """Show the progress of a lesson; true when nothing more comes."""
    data = message["data"]
    if message["type"] == "progress_update":
        print(f"Progress: {data['progress_percent']}% - {data['message']}")
    elif message["type"] == "generation_complete":
        print(f"Content ID: {data['content_id']}")
        return True
    elif message["type"] == "error":
        print(f"{data['error_code']}: {data['message']}")
        return bool(data["details"]["terminal"])
    return False
