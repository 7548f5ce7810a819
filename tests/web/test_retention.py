"""For how long things are kept: told to admins, set by nobody over HTTP."""

import httpx2
import pytest

from identity_parts import PASSWORD
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.web.application import create_api
from toolboxai.web.retention import retention_routes
from toolboxai.web.security import Authenticator


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.TEACHER, 403), (Role.STUDENT, 403)])
async def test_admins_are_told_what_the_operator_has_set(
    identity: IdentityService, role: Role, status: int
) -> None:
    await identity.create_user("kim", role, PASSWORD)
    bearer = {"authorization": f"Bearer {await identity.issue_access_token('kim')}"}
    transport = httpx2.ASGITransport(create_api([retention_routes(30, 400, Authenticator(identity))]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as http:
        answer = await http.get("/api/v1/admin/retention", headers=bearer)
        assert answer.status_code == status
        if status == 200:
            assert answer.json() == {"retention_days": 30, "audit_days": 400}
