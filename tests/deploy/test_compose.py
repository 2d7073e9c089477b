"""compose.yaml fits the services: whoever fills in the example gets processes that start, find each other and are watched."""

import re
from typing import Any

import pytest
import yaml
from shared.settings import MIN_SECRET

from tests.deploy.houses import FILLED_IN, HOUSES, ROOT, WEB, WITH_DATABASE, interpolated, read_env_file, variables_in

FOLDER = ROOT / "deploy/compose"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
EXAMPLE = read_env_file(FOLDER / "env.example")
SECRETS = ("SERVICE_TOKEN", "OPERATOR_KEY", "ENCRYPTION_KEY", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> dict[str, Json]:
    """As Compose reads the file with the example filled in."""
    found: dict[str, Json] = yaml.safe_load(interpolated(TEXT, EXAMPLE | FILLED_IN))["services"]
    return found


def test_the_example_names_every_variable_and_no_other() -> None:
    assert set(EXAMPLE) == variables_in(TEXT)
    assert {name for name, value in EXAMPLE.items() if not value} == set(FILLED_IN)


@pytest.mark.parametrize("name", FILLED_IN)
def test_what_the_example_leaves_empty_is_asked_for(name: str) -> None:
    with pytest.raises(AssertionError, match=f"{name} has no value"):
        interpolated(TEXT, {**EXAMPLE, **FILLED_IN, name: ""})


@pytest.mark.parametrize("service", HOUSES)
def test_a_service_starts_in_production_with_what_it_is_given(
    service: str, services: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, given = HOUSES[service], services[service]["environment"]
    assert set(given) <= house.names() | {"CODES_API_URL", "BILLING_API_URL", "BOT_GATEWAY_URL"}
    settings = house.read(given, monkeypatch)
    assert settings.sandbox is False
    assert house.port in (None, settings.port)


@pytest.mark.parametrize("service", HOUSES)
def test_a_short_secret_is_refused_by_name(service: str, services: dict[str, Json], monkeypatch: pytest.MonkeyPatch) -> None:
    given = services[service]["environment"]
    held = [name for name in SECRETS if name in given]
    assert "SERVICE_TOKEN" in held
    for name in held:
        with pytest.raises(SystemExit, match=name):
            HOUSES[service].read({**given, name: "x" * (MIN_SECRET - 1)}, monkeypatch)


def test_only_who_needs_a_secret_has_it(services: dict[str, Json]) -> None:
    holders = {name: {service for service in HOUSES if name in services[service]["environment"]} for name in SECRETS}
    assert holders["SERVICE_TOKEN"] == set(HOUSES)
    assert holders["ENCRYPTION_KEY"] == {"codes-api"}
    assert holders["OPERATOR_KEY"] == holders["STRIPE_API_KEY"] == holders["STRIPE_WEBHOOK_SECRET"] == {"billing-api"}


@pytest.mark.parametrize("service", WEB)
def test_the_healthcheck_asks_a_path_that_is_there(
    service: str, services: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, given = HOUSES[service], services[service]
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", given["healthcheck"]["test"][-1])
    assert asked is not None
    assert int(asked[1]) == house.port
    assert house.answers(asked[2], house.read(given["environment"], monkeypatch))
    assert given["ports"] == [f"127.0.0.1:{house.port}:{house.port}"]


def test_services_find_each_other(services: dict[str, Json]) -> None:
    for service in HOUSES:
        given = services[service]["environment"]
        assert given["CODES_API_URL"] == "http://codes-api:8001"
        assert given["BILLING_API_URL"] == "http://billing-api:8002"
        assert given["BOT_GATEWAY_URL"] == "http://bot-gateway:8003"
        assert given["REDIS_URL"].startswith("redis://redis:")


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_a_database_is_migrated_before_its_service_starts(service: str, services: dict[str, Json]) -> None:
    migration = "migrate-" + service.removesuffix("-api")
    job, variable = services[migration], WITH_DATABASE[service]
    assert job["image"] == services[service]["image"]
    assert job["restart"] == "no"
    assert job["command"] == ["python", "-m", "alembic", "upgrade", "head"]
    assert job["environment"] == {variable: services[service]["environment"][variable]}
    assert services[service]["depends_on"][migration] == {"condition": "service_completed_successfully"}


def test_both_databases_are_made() -> None:
    made = set(re.findall(r"CREATE DATABASE (\w+);", (FOLDER / "create-databases.sql").read_text(encoding="utf-8")))
    first = yaml.safe_load(TEXT)["services"]["postgres"]["environment"]["POSTGRES_DB"]
    assert made | {first} == {"codes", "billing"}


def test_images_are_built_from_the_dockerfiles_stages(services: dict[str, Json]) -> None:
    for name, service in services.items():
        if "build" in service:
            target = service["build"]["target"]
            assert target in HOUSES
            assert service["image"] == f"memberpass/{target}", name
            assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == FOLDER / "Dockerfile"
