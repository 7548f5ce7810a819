"""The port of the settings: free, ours already, or somebody else's."""

import socket

from toolboxai.cli.checks.finding import Finding, fault, ok

__all__ = ["port"]


async def port(host: str, number: int) -> Finding:
    """Whether the server can listen there, or does.

    Args:
        host: to listen on, from the settings.
        number: of the port; 0: any that is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except PermissionError:
            text = f"{host}:{number} is not for this user: choose one above 1023, or put a proxy before it"
            return fault("port", text)
        except OSError as refused:
            why = refused.strerror or str(refused)
        else:
            return ok("port", f"{host}:{number} is free")
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    if await _is_ours(f"[{near}]" if ":" in near else near, number):
        return ok("port", f"a toolboxai server listens on {host}:{number}")
    text = (
        f"{host}:{number} cannot be listened on ({why}), and no toolboxai server answers there: stop what has it "
        f"(ss -ltnp 'sport = :{number}' names it), or choose another with TOOLBOXAI_PORT"
    )
    return fault("port", text)


async def _is_ours(host: str, number: int) -> bool:
    import httpx2

    # Its certificate is for another name than this address, and nothing secret is sent.
    async with httpx2.AsyncClient(timeout=5.0, trust_env=False, verify=False) as http:
        for scheme in ("http", "https"):
            try:
                answer = await http.get(f"{scheme}://{host}:{number}/healthz")
            except httpx2.HTTPError:
                continue
            if answer.status_code == 200 and answer.text.startswith("ok"):
                return True
    return False
