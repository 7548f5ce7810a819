"""A worker for lessons: pip install toolboxai, then TOOLBOXAI_AGENT_ID=… TOOLBOXAI_AGENT_TOKEN=… python agent_worker.py."""

from toolboxai.agent import Agent, Result, Task, TaskFailed

agent = Agent("http://127.0.0.1:8009")


@agent.task("lesson_generation")
async def lesson(task: Task) -> Result:
    """Make a section of each paragraph of the text."""
    paragraphs = [part.strip() for part in str(task.input.get("text", "")).split("\n\n") if part.strip()]
    if not paragraphs:
        raise TaskFailed("SOURCE_REQUIRED", 'the input has no "text": send one with paragraphs')
    sections = []
    for done, paragraph in enumerate(paragraphs):
        await task.progress(100 * done / len(paragraphs), f"section {done + 1}")
        sections.append({"title": paragraph.partition(".")[0], "text": paragraph})
    return {"lesson_title": task.input.get("title") or sections[0]["title"], "content_sections": sections}


if __name__ == "__main__":
    agent.run()
