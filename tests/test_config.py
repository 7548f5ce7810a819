"""Settings: environment over file over defaults, every fault at once, nothing ignored, no secret shown."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from toolboxai.apps.app import FlowRule
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.config import Configuration, Purpose, load_configuration, load_settings
from toolboxai.config.environment import APP_VARIABLES, VARIABLES, Variable, read_environment
from toolboxai.config.example import example
from toolboxai.config.leaves import leaves, shown
from toolboxai.errors import ConfigError

JWT = "j" * 32
MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # the digits, for 32 bytes
APP = {"PUSHER_APP_ID": "3", "PUSHER_KEY": "school-key", "PUSHER_SECRET": "school-secret"}
ENVIRON = {**APP, "TOOLBOXAI_JWT_SECRET": JWT}


WriteFile = Callable[[str], Path]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteFile:
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        path = tmp_path / "toolboxai.toml"
        path.write_text(text)
        return path

    return write


def faults(
    environ: Mapping[str, str] = ENVIRON, *, purpose: Purpose = Purpose.SERVE, file: Path | None = None
) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        load_settings(environ, file=file, purpose=purpose)
    return refused.value.faults


class TestLayers:
    def test_defaults_hold_where_nobody_says_anything(self) -> None:
        settings = load_settings(ENVIRON)
        assert (settings.server.host, settings.server.port, settings.server.drain_s) == ("127.0.0.1", 8009, 5)
        assert settings.database.url == "sqlite:///./toolboxai.db"
        assert settings.publisher.kind == "embedded"
        assert settings.channels.public_compat == "safe"
        assert settings.legacy.mode == "warn"

    def test_the_file_in_the_working_directory_is_read(self, file: WriteFile) -> None:
        file("[server]\nport = 6001")
        assert load_settings(ENVIRON).server.port == 6001

    def test_a_named_file_beats_the_variable_and_the_variable_beats_the_working_directory(
        self, file: WriteFile, tmp_path: Path
    ) -> None:
        file("[server]\nport = 1")
        (tmp_path / "two.toml").write_text("[server]\nport = 2")
        (tmp_path / "three.toml").write_text("[server]\nport = 3")
        environ = {**ENVIRON, "TOOLBOXAI_CONFIG": str(tmp_path / "two.toml")}
        assert load_settings(environ).server.port == 2
        assert load_settings(environ, file=tmp_path / "three.toml").server.port == 3

    def test_the_environment_beats_the_file_and_the_command_line_beats_both(self, file: WriteFile) -> None:
        path = file("[server]\nport = 1\nhost = '0.0.0.0'")
        environ = {**ENVIRON, "TOOLBOXAI_PORT": "2"}
        assert load_settings(environ, file=path).server.port == 2
        settings = load_settings(environ, file=path, overrides={"server.port": 3})
        assert (settings.server.port, settings.server.host) == (3, "0.0.0.0")

    def test_a_variable_set_to_nothing_counts_as_not_set(self) -> None:
        assert load_settings({**ENVIRON, "TOOLBOXAI_PORT": "", "PUSHER_APP_CLUSTER": " "}).server.port == 8009

    def test_lists_in_the_environment_are_separated_by_commas(self) -> None:
        settings = load_settings(
            {**ENVIRON, "TOOLBOXAI_ALLOWED_ORIGINS": "https://a.example, https://b.example"}
        )
        assert settings.server.allowed_origins == ("https://a.example", "https://b.example")

    @pytest.mark.parametrize("name", [name for row in VARIABLES for name in row.names])
    def test_every_variable_reaches_its_setting(self, name: str) -> None:
        values = {
            "TOOLBOXAI_PORT": "80",
            "PUSHER_PORT": "80",
            "TOOLBOXAI_DRAIN_S": "1",
            "TOOLBOXAI_BATCHED_SENDS": "false",
            "TOOLBOXAI_AGENT_LEASE_S": "9",
            "TOOLBOXAI_ALLOWED_ORIGINS": "https://a.example",
            "TOOLBOXAI_TRUSTED_PROXIES": "10.0.0.0/8",
            "TOOLBOXAI_JWT_SECRET": "s" * 40,
            "TOOLBOXAI_DATABASE_URL": "postgresql://u:p@h/n",
            "TOOLBOXAI_PUBLISHER": "embedded",
            "PUSHER_ENCRYPTION_MASTER_KEY_BASE64": MASTER_KEY,
            "PUSHER_SCHEME": "http",
            "TOOLBOXAI_PUBLIC_COMPAT": "off",
            "TOOLBOXAI_LEGACY_MODE": "off",
            "TOOLBOXAI_LEGACY_SUNSET": "2030-01-01",
            "TOOLBOXAI_METRICS_TOKEN": "m" * 32,
            "TOOLBOXAI_LLM_PROVIDER": "openai",
            "TOOLBOXAI_LLM_BASE_URL": "http://127.0.0.1:11434/v1",
        }
        model = {
            "TOOLBOXAI_LLM_PROVIDER": "openai",
            "TOOLBOXAI_LLM_MODEL": "m",
            "TOOLBOXAI_LLM_API_KEY": "k",
        }
        whole_pair = {
            **dict.fromkeys([*model, "TOOLBOXAI_LLM_BASE_URL"], model),
            "TOOLBOXAI_TLS_CERTIFICATE": {"TOOLBOXAI_TLS_KEY": "key.pem"},
            "TOOLBOXAI_TLS_KEY": {"TOOLBOXAI_TLS_CERTIFICATE": "certificate.pem"},
        }
        environ = {**ENVIRON, **whole_pair.get(name, {}), name: values.get(name, "text")}
        found = read_environment({name: values.get(name, "text")}, VARIABLES)
        (path,) = [row.path for row in VARIABLES if name in row.names]
        assert found[path].source == f"environment {name}"
        whose = {"roblox.open_cloud_user_id": 7} if path == "roblox.open_cloud_key" else None  # of the file
        assert load_configuration(environ, overrides=whose).source_of(path) == f"environment {name}"


class TestSources:
    def test_each_value_says_where_it_comes_from(self, file: WriteFile) -> None:
        path = file(
            "[server]\nport = 1\nhost = '::1'\n[[apps]]\nid='7'\nkey='k'\nsecret='s'\nmax_connections=5"
        )
        found = load_configuration(
            {**ENVIRON, "TOOLBOXAI_PORT": "2"}, file=path, overrides={"server.drain_s": 1.0}
        )
        assert found.source_of("server.port") == "environment TOOLBOXAI_PORT"
        assert found.source_of("server.host") == "toolboxai.toml"
        assert found.source_of("server.drain_s") == "command line"
        assert found.source_of("database.url") == "default"
        assert found.source_of("auth.jwt_keys") == "environment TOOLBOXAI_JWT_SECRET"
        assert found.source_of("apps.0.secret") == "environment PUSHER_SECRET"
        assert found.source_of("apps.1.max_connections") == "toolboxai.toml"

    @pytest.mark.parametrize(
        ("listed", "kids", "source"),
        [
            ("", [("1", JWT)], "environment TOOLBOXAI_JWT_SECRET"),
            ("{kid='2', secret='SECOND'}", [("1", JWT), ("2", "SECOND")], None),
            ("{kid='2', secret='SECOND'}, {kid='1', secret='x'}", [("2", "SECOND"), ("1", JWT)], None),
            ("{kid='2', secret='SECOND'}, {kid='1'}", [("2", "SECOND"), ("1", JWT)], None),
            ("{secret='x'}, {kid='2', secret='SECOND'}", [("1", JWT), ("2", "SECOND")], None),
        ],
        ids=["alone", "before the file's", "where the file lists it", "without a secret there", "by default"],
    )
    def test_the_environments_key_is_one_more_and_the_file_decides_where_it_stands(
        self, file: WriteFile, listed: str, kids: list[tuple[str, str]], source: str | None
    ) -> None:
        second = "a second secret, which is long enough too"
        path = file(f"[auth]\njwt_keys = [{listed.replace('SECOND', second)}]")
        found = load_configuration(ENVIRON, file=path)
        keys = [(key.kid, key.secret.get_secret_value()) for key in found.settings.auth.jwt_keys]
        assert keys == [(kid, secret.replace("SECOND", second)) for kid, secret in kids]
        told = source or "toolboxai.toml, environment TOOLBOXAI_JWT_SECRET"
        assert found.source_of("auth.jwt_keys") == told

    def test_faults_of_keys_are_told_where_they_stand(self, file: WriteFile) -> None:
        path = file("[auth]\njwt_keys = [{kid='2', secret='short'}]")
        (fault,) = faults(file=path)
        assert fault.startswith(
            "toolboxai.toml, environment TOOLBOXAI_JWT_SECRET: auth.jwt_keys.1.secret: it has 5"
        )
        (fault,) = faults(
            {**ENVIRON, "TOOLBOXAI_JWT_SECRET": "tiny"}, file=file("[auth]\njwt_keys = [{kid='1'}]")
        )
        assert fault.startswith("TOOLBOXAI_JWT_SECRET: it has 4 bytes")
        (fault,) = faults(file=file("[auth]\njwt_keys = ['x']"))
        assert "auth.jwt_keys.0" in fault

    def test_of_two_names_for_one_setting_the_first_wins_and_the_other_is_told(self) -> None:
        found = load_configuration({**ENVIRON, "PUSHER_APP_KEY": "laravel-key"})
        assert found.settings.client_key == "school-key"
        assert (
            found.source_of("apps.0.key") == "environment PUSHER_KEY (PUSHER_APP_KEY differs and is not used)"
        )

    @pytest.mark.parametrize("row", APP_VARIABLES)
    def test_the_other_names_of_the_app_work_alone(self, row: Variable) -> None:
        mine = {"id": "3", "key": "k", "secret": "s"}
        environ = {next(iter(reversed(other.names))): mine[other.path] for other in APP_VARIABLES}
        settings = load_settings({**environ, "TOOLBOXAI_JWT_SECRET": JWT})
        assert settings.own_app is not None
        assert settings.own_app.id == "3"
        assert settings.own_app.active_keys()[0].secret == "s"


class TestOurApp:
    def test_it_is_the_one_of_the_environment(self, file: WriteFile) -> None:
        path = file("[[apps]]\nid='7'\nkey='k'\nsecret='s'")
        registry = load_settings(ENVIRON, file=path).registry()
        assert registry.own is not None
        assert registry.own.id == "3"
        assert [app.id for app in registry] == ["3", "7"]

    def test_else_the_first_of_the_file(self, file: WriteFile) -> None:
        path = file("[[apps]]\nid='7'\nkey='k'\nsecret='s'\n[[apps]]\nid='8'\nkey='l'\nsecret='s'")
        registry = load_settings({"TOOLBOXAI_JWT_SECRET": JWT}, file=path).registry()
        assert registry.own is not None
        assert registry.own.id == "7"

    def test_an_entry_of_the_file_with_its_id_keeps_its_limits(self, file: WriteFile) -> None:
        path = file(
            "[[apps]]\nid='7'\nkey='k'\nsecret='s'\n"
            "[[apps]]\nid='3'\nmax_connections=9\nkeys=[{key='school-key',secret='x'},{key='new',secret='y'}]"
        )
        own = load_settings(ENVIRON, file=path).registry().own
        assert own is not None
        assert (own.id, own.max_connections) == ("3", 9)
        assert own.secrets == {"school-key": "school-secret", "new": "y"}

    def test_it_keeps_the_events_of_generations_for_latecomers_unless_the_file_says_otherwise(
        self, file: WriteFile
    ) -> None:
        own = load_settings(ENVIRON).registry().own
        assert own is not None
        rule = own.history_rule("private-content-generation-gen_1")
        assert rule is not None
        assert (rule.events, rule.seconds) == (200, 3600)
        assert own.history_rule("news") is None
        path = file("[[apps]]\nid='3'\nhistory=[{pattern='content-*', events=5, seconds=60}]")
        own = load_settings(ENVIRON, file=path).registry().own
        assert own is not None
        rule = own.history_rule("content-generation-gen_1")
        assert rule is not None
        assert rule.events == 5

    def test_other_apps_keep_nothing_of_their_own_accord(self, file: WriteFile) -> None:
        path = file("[[apps]]\nid='7'\nkey='k'\nsecret='s'")
        other = load_settings(ENVIRON, file=path).registry().by_id("7")
        assert other is not None
        assert other.history == ()

    def test_a_history_rule_names_a_number_or_a_time_or_both(self, file: WriteFile) -> None:
        rules = "history=[{pattern='a', events=5}, {pattern='b', seconds=60}]\n"
        flow = "resume=true\nflow=[{pattern='a', conflate_by='k', queue_bytes=1000, on_full='drop_oldest'}]"
        own = load_settings(ENVIRON, file=file(f"[[apps]]\nid='3'\n{rules}{flow}")).registry().own
        assert own is not None
        assert [(rule.events, rule.seconds) for rule in own.history[:2]] == [(5, 86400.0), (10_000, 60.0)]
        assert (own.resume, own.flow) == (True, (FlowRule("a", "k", 1000, "drop_oldest"),))
        (fault,) = faults(file=file("[[apps]]\nid='3'\nhistory=[{pattern='a'}]"))
        assert "a history rule needs events = N, seconds = T, or both" in fault

    def test_every_limit_of_the_table_reaches_the_app(self, file: WriteFile) -> None:
        path = file("""
            [[apps]]
            id = 12
            keys = [{key = "old", secret = "1"}, {key = "new", secret = "2"}]
            enabled = false
            client_events = false
            activity_timeout_s = 30
            pong_timeout_s = 10
            max_connections = 100
            allowed_origins = ["https://school.example", "*"]
            channel_name_chars = 164
            event_bytes = 20480
            client_events_per_s = 20
            [[apps.history]]
            pattern = "news-*"
            events = 3
            seconds = 1.5
        """)
        app = load_settings({"TOOLBOXAI_JWT_SECRET": JWT}, file=path).registry().by_key("new")
        assert app is not None
        assert app.id == "12"
        assert (app.key, app.secrets) == ("old", {"old": "1", "new": "2"})
        assert (app.enabled, app.client_events, app.max_connections) == (False, False, 100)
        assert (app.activity_timeout_s, app.pong_timeout_s, app.client_events_per_s) == (30, 10, 20)
        assert (app.channel_name_chars, app.event_bytes) == (164, 20480)
        assert app.allowed_origins == ("https://school.example", "*")
        assert app.history[0].seconds == 1.5


class TestWhatMustBeThere:
    def test_serving_needs_an_app_and_a_signing_secret_and_says_how_to_get_both(self) -> None:
        app, jwt = faults({})
        assert "PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET" in app
        assert "toolboxai config init" in app
        assert jwt.startswith(
            "TOOLBOXAI_JWT_SECRET is not set; make one: export TOOLBOXAI_JWT_SECRET=$(python3"
        )

    def test_channels_alone_need_no_signing_secret(self) -> None:
        assert load_settings(APP, purpose=Purpose.CHANNELS_ONLY).jwt_secret is None

    def test_tokens_need_no_app(self) -> None:
        settings = load_settings({"TOOLBOXAI_JWT_SECRET": JWT}, purpose=Purpose.TOKENS)
        assert settings.own_app is None
        assert settings.registry().own is None
        assert settings.jwt_secret == SecretStr(JWT)

    def test_a_client_needs_the_key_alone(self) -> None:
        assert load_settings({"PUSHER_KEY": "k"}, purpose=Purpose.ANY).client_key == "k"
        assert load_settings({}, purpose=Purpose.ANY).client_key is None

    def test_half_an_app_is_none(self) -> None:
        assert faults({"PUSHER_KEY": "k", "TOOLBOXAI_JWT_SECRET": JWT}) == (
            "PUSHER_KEY is set, but not PUSHER_APP_ID and PUSHER_SECRET: set all three, or none and use [[apps]]",
        )

    def test_a_short_signing_secret_is_refused_without_showing_it(self) -> None:
        (fault,) = faults({**APP, "TOOLBOXAI_JWT_SECRET": "hunter2-hunter2"})
        assert "it has 15 bytes, at least 32 are needed" in fault
        assert "hunter2" not in fault


class TestFaults:
    def test_all_are_told_at_once(self, file: WriteFile) -> None:
        path = file("""
            [server]
            prot = 1
            [llm]
            model = "small"
            [[apps]]
            id = "seven"
            kee = "x"
        """)
        environ = {"TOOLBOXAI_PROT": "1", "TOOLBOXAI_PORT": "99999", "TOOLBOXAI_JWT_SECRET": "short"}
        told = "\n".join(faults(environ, file=path))
        for part in (
            "TOOLBOXAI_PROT in the environment is not a setting; did you mean 'TOOLBOXAI_PORT'?",
            "TOOLBOXAI_PORT: got '99999'; input should be less than or equal to 65535",
            "toolboxai.toml: server.prot: 'prot' is not a setting; did you mean 'port'?",
            "TOOLBOXAI_JWT_SECRET: it has 5 bytes",
            "apps.0.id: an app's id is 1 to 20 digits, not 'seven'",
            "apps.0.kee: 'kee' is not a setting; did you mean 'key'?",
            "toolboxai.toml: llm: base_url, model or api_key is set and provider is not",
        ):
            assert part in told

    @pytest.mark.parametrize(
        ("name", "value", "text"),
        [
            ("TOOLBOXAI_PORT", "-1", "greater than or equal to 0"),
            ("TOOLBOXAI_PORT", "http", "valid integer"),
            ("TOOLBOXAI_TRUSTED_PROXIES", "10.0.0.1/8", "is not an address range"),
            ("TOOLBOXAI_TRUSTED_PROXIES", "proxy.local", "is not an address range"),
            ("TOOLBOXAI_ALLOWED_ORIGINS", "school.example", "is not an origin"),
            ("TOOLBOXAI_ALLOWED_ORIGINS", "https://school.example/page", "is not an origin"),
            ("TOOLBOXAI_PUBLIC_COMPAT", "maybe", "'safe', 'full' or 'off'"),
            ("TOOLBOXAI_PUBLISHER", "ably", "'embedded' or 'pusher'"),
            ("TOOLBOXAI_PUBLISHER", "pusher", "set PUSHER_HOST, or PUSHER_CLUSTER"),
            ("TOOLBOXAI_TLS_KEY", "key.pem", "TLS needs both files"),
            ("TOOLBOXAI_DRAIN_S", "nan", "greater than or equal to 0"),
            ("TOOLBOXAI_DRAIN_S", "inf", "finite number"),
            ("TOOLBOXAI_LEGACY_SUNSET", "soon", "date"),
            ("PUSHER_APP_ID", "app", "1 to 20 digits"),
            ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "c2hvcnQ=", "must be 32 bytes in base64"),
            ("PUSHER_KEY", "a:b", "1 to 64 letters"),
            ("TOOLBOXAI_CONFIG", "/nowhere/x.toml", "there is no file"),
        ],
    )
    def test_a_bad_value_is_told_with_what_is_allowed(self, name: str, value: str, text: str) -> None:
        (fault,) = faults({**ENVIRON, name: value})
        assert text in fault

    def test_a_bad_database_url_is_told_without_its_password(self) -> None:
        (fault,) = faults({**ENVIRON, "TOOLBOXAI_DATABASE_URL": "mysql://root:hunter2@db/x"})
        assert "sqlite:///" in fault
        assert "hunter2" not in fault

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+aiosqlite://"])
    def test_a_database_in_memory_is_refused(self, url: str) -> None:
        (fault,) = faults({**ENVIRON, "TOOLBOXAI_DATABASE_URL": url})
        assert "does not outlive the process" in fault

    @pytest.mark.parametrize(
        "text",
        [
            "[server",
            "server = 3",
            "apps = 3",
            "apps = [3]",
            "[apps]\nid = '1'",
            "auth = []",
            "[server]\nport = true",
        ],
    )
    def test_a_file_of_another_shape_is_a_fault_and_never_a_crash(self, file: WriteFile, text: str) -> None:
        assert faults(file=file(text))

    @pytest.mark.parametrize("second", ["id='3'\nkey='other'", "id='7'\nkey='school-key'"])
    def test_two_apps_share_neither_id_nor_key(self, file: WriteFile, second: str) -> None:
        path = file(f"[[apps]]\nid='3'\nkey='school-key'\nsecret='s'\n[[apps]]\n{second}\nsecret='s'")
        (fault,) = faults({"TOOLBOXAI_JWT_SECRET": JWT}, file=path)
        assert "two apps have the id" in fault or "stands twice" in fault


class TestNothingIsIgnored:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("provider='openai'", "needs a model; set TOOLBOXAI_LLM_MODEL"),
            ("provider='openai'\nmodel='m'", "needs a key; set TOOLBOXAI_LLM_API_KEY"),
            ("provider='anthropic'\nmodel='m'\nbase_url='http://h/'", "needs a key"),
            ("model='m'", "provider is not; set it to openai"),
            ("provider='other'\nmodel='m'", "'openai' or 'anthropic'"),
            ("provider='openai'\nmodel='m'\nbase_url='ftp://h/'", "an address such as"),
            ("provider='openai'\nmodel='m'\nbase_url='http://key:k@h/v1'", "without key or query"),
            ("provider='openai'\nmodel='m'\nbase_url='http://:secret@h/v1'", "without key or query"),
            ("provider='openai'\nmodel='m'\nbase_url='http://h:99999/v1'", "an address such as"),
            ("provider='openai'\nmodel='m'\napi_key='sk-\u00e4'", "a key has letters, digits"),
            ("provider='openai'\nmodel='m'\nbase_url='http://h/v1'\nstage_money=1", "no price is set"),
            ("stage_s=300", "less than or equal to 280"),
            (
                "provider='openai'\nmodel='m'\napi_key='k'\n[content]\nstage_limit_s=130",
                "llm.stage_s is 120 and content.stage_limit_s 130",
            ),
        ],
    )
    def test_a_provider_is_named_in_full(self, file: WriteFile, text: str, told: str) -> None:
        (fault,) = faults(file=file(f"[llm]\n{text}"))
        assert told in fault

    def test_a_provider_on_ones_own_machine_needs_no_key(self, file: WriteFile) -> None:
        text = "[llm]\nprovider='openai'\nmodel='m'\nbase_url='http://127.0.0.1:11434/v1'"
        assert load_settings(ENVIRON, file=file(text)).llm.api_key is None

    def test_a_webhook_in_full(self, file: WriteFile) -> None:
        text = (
            "[[apps]]\nid='3'\n[[apps.webhooks]]\nurl='https://a.example:8443/hook?x=1'\nevent_types=['member_added']"
            "\nchannel_prefix='presence-'\nheaders={Authorization='Bearer receiver'}\nbatch_ms=10"
            "\n[[apps.webhooks]]\nurl='http://127.0.0.1:9/'\n[[apps.webhooks]]\nurl='http://10.0.0.1/'"
            "\nallow_private_address=true"
        )
        settings = load_settings(ENVIRON, file=file(text))
        own = settings.registry().own
        assert own is not None
        assert own.webhooks == (
            WebhookRule(
                "https://a.example:8443/hook?x=1",
                ("member_added",),
                "presence-",
                (("Authorization", "Bearer receiver"),),
                10,
            ),
            WebhookRule("http://127.0.0.1:9/"),
            WebhookRule("http://10.0.0.1/", allow_private_address=True),
        )
        assert "receiver" not in repr(settings) + repr(own)
        (shown_value,) = [shown(leaf.value) for leaf in leaves(settings) if leaf.path == "apps.0.webhooks"]
        assert shown_value[0]["headers"] == {"Authorization": "********"}

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ("url='ftp://a.example'", "is http:// or https:// with a host"),
            ("url='https://'", "is http:// or https:// with a host"),
            ("url='https://a.example:0/'", "is http:// or https:// with a host"),
            ("url='https://a.example:x/'", "is http:// or https:// with a host"),
            ("url='https://me:word@a.example/'", "no user and no password"),
            ("url='https://a.example/#x'", "no fragment"),
            ("url='https://a.example/\u00fc'", "visible ASCII"),
            ("url='http://10.0.0.1/'", "an address that is private; set allow_private_address = true"),
            ("url='http://169.254.169.254/latest'", "an address that is link-local"),
            ("url='http://[fd00:ec2::254]/'", "an address that is private"),
            ("url='http://0.0.0.0/'", "an address that is none of a host"),
            (
                "url='https://a.example'\nevent_types=['channel_ocupied']",
                "there are channel_occupied, channel_v",
            ),
            (
                "url='https://a.example'\nheaders={'X-Pusher-Key'='a'}",
                "X-Pusher-Key is not for webhooks to choose",
            ),
            (
                "url='https://a.example'\nheaders={'x-toolboxai-webhook-id'='a'}",
                "is not for webhooks to choose",
            ),
            ("url='https://a.example'\nheaders={Host='a'}", "Host is not for webhooks to choose"),
            ("url='https://a.example'\nheaders={Content-Type='a'}", "is not for webhooks to choose"),
            ("url='https://a.example'\nheaders={X-A=\"a\\r\\nX-B: c\"}", "has line breaks"),
            ("url='https://a.example'\nheaders={'X A'='a'}", "the name of a header"),
            ("url='https://a.example'\nbatch_ms=10001", "less than or equal to 10000"),
            (
                "url='https://a.example'\n[[apps.webhooks]]\nurl='https://a.example'",
                "the same url; name it once",
            ),
        ],
    )
    def test_a_webhook_that_cannot_work(self, file: WriteFile, entry: str, said: str) -> None:
        (fault,) = faults(file=file(f"[[apps]]\nid='3'\n[[apps.webhooks]]\n{entry}"))
        assert said in fault
        assert "word" not in fault.replace("password", "")

    def test_a_default_may_be_written_down(self, file: WriteFile) -> None:
        load_settings(
            ENVIRON, file=file("[legacy]\nmode='warn'\n[[apps]]\nid='3'\nwatchlist=true\nresume=false")
        )


class TestSecrets:
    def test_no_text_form_of_the_settings_holds_one(self) -> None:
        environ = {
            **ENVIRON,
            "TOOLBOXAI_DATABASE_URL": "postgresql://teacher:hunter2@db/school",
            "PUSHER_ENCRYPTION_MASTER_KEY_BASE64": MASTER_KEY,
        }
        found = load_configuration(environ)
        for text in (repr(found), str(found.settings), repr(found.settings.registry().own)):
            assert "school-secret" not in text
            assert JWT not in text
            assert MASTER_KEY not in text
            assert "hunter2" not in text

    def test_what_is_shown_is_masked(self) -> None:
        environ = {
            **ENVIRON,
            "TOOLBOXAI_DATABASE_URL": "postgresql://teacher:hunter2@db/school",
            "PUSHER_ENCRYPTION_MASTER_KEY_BASE64": MASTER_KEY,
        }
        values = {leaf.path: shown(leaf.value) for leaf in leaves(load_settings(environ))}
        assert values["apps.0.secret"] == "********"
        assert values["auth.jwt_keys"] == [{"kid": "1", "secret": "********"}]
        assert values["channels.encryption_master_key_base64"] == "********"
        assert values["database.url"] == "postgresql://teacher:********@db/school"


def test_the_example_file_works_as_it_is_and_says_nothing_but_defaults(file: WriteFile) -> None:
    path = file(example(app_id="42", key="k", secret="s", jwt_secret=JWT))
    found: Configuration = load_configuration({}, file=path)
    assert found.settings.own_app is not None
    named = {"apps.0.id", "apps.0.key", "apps.0.secret", "auth.jwt_keys"}
    assert [
        leaf.path for leaf in leaves(found.settings) if leaf.value != leaf.default and leaf.path not in named
    ] == []
