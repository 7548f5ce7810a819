"""One browser for many tests, each with a window of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from chromium import ARGUMENTS, chromium
from toolboxai.adapters.loop_thread import LoopThread

__all__ = ["Window", "Windows"]


class Window:
    """One page. What it says with ``tell(json)`` or ``tell(object)`` comes in `told`."""

    def __init__(self, thread: LoopThread, page: Page, told: "asyncio.Queue[dict[str, Any]]") -> None:
        self._thread = thread
        self._page = page
        self.told = told
        self._runs: set[asyncio.Future[Any]] = set()

    async def run(self, script: str, argument: object = None) -> Any:
        """Evaluate there, and wait for the value."""
        return await self._thread.call(self._page.evaluate(script, argument))

    def begin(self, script: str) -> None:
        """Evaluate there; nobody waits."""
        run = asyncio.ensure_future(self.run(script))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    async def rest(self) -> None:
        """Wait for all that was begun."""
        await asyncio.gather(*self._runs, return_exceptions=True)


class Windows:
    """Opens them. The driver has a thread and a loop of its own, for it costs a second, and each test has its own loop."""

    def __init__(self, thread: LoopThread, browser: Browser) -> None:
        self._thread = thread
        self._browser = browser

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["Windows"]:
        """Until the block ends."""
        program = chromium()
        thread = LoopThread("browser")
        thread.start()

        async def start() -> tuple[Playwright, Browser]:
            playwright = await async_playwright().start()
            browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            return playwright, browser

        try:
            playwright, browser = asyncio.run(thread.call(start()))
            yield cls(thread, browser)
            asyncio.run(thread.call(browser.close()))
            asyncio.run(thread.call(playwright.stop()))
        finally:
            thread.stop()

    @asynccontextmanager
    async def window(self, url: str, *, ready: str = "true") -> AsyncIterator[Window]:
        """A window without cookies or memory of another.

        Args:
            url: that it shows.
            ready: an expression of the page that is true once it can be used.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        def tell(said: Any) -> None:
            loop.call_soon_threadsafe(told.put_nowait, json.loads(said) if isinstance(said, str) else said)

        async def open_one() -> tuple[BrowserContext, Page]:
            # A browser takes an authority from the system alone; what a certificate says is looked at in Node.
            context = await self._browser.new_context(ignore_https_errors=url.startswith("https:"))
            page = await context.new_page()
            await page.expose_function("tell", tell)
            await page.goto(url)
            await page.wait_for_function(ready)
            return context, page

        context, page = await self._thread.call(open_one())
        window = Window(self._thread, page, told)
        try:
            yield window
        finally:
            await window.rest()
            await self._thread.call(context.close())
