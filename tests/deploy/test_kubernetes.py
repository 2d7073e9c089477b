"""The kustomization fits the services: settings, ports, probes, names."""

from typing import Any

import pytest
import yaml

from tests.deploy.houses import FILLED_IN, HOUSES, ROOT, UVICORN, WEB, WITH_DATABASE

FOLDER = ROOT / "deploy/kubernetes"
Json = dict[str, Any]


def read(name: str) -> list[Json]:
    return [document for document in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")) if document]


KUSTOMIZATION = read("kustomization.yaml")[0]
OBJECTS = {(one["kind"], one["metadata"]["name"]): one for name in KUSTOMIZATION["resources"] for one in read(name)}
CONFIG: dict[str, str] = OBJECTS["ConfigMap", "memberpass"]["data"]
SECRET: dict[str, str] = read("secret.example.yaml")[0]["stringData"]


def pod_of(service: str) -> Json:
    spec: Json = OBJECTS["Deployment", service]["spec"]["template"]["spec"]
    return spec


def container_of(service: str) -> Json:
    (container,) = pod_of(service)["containers"]
    found: Json = container
    return found


def own_environment(container: Json) -> dict[str, str]:
    """Its own variables; a secret's as an operator would fill it in."""
    environment = {}
    for variable in container["env"]:
        if "value" in variable:
            environment[variable["name"]] = variable["value"]
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            assert (reference["name"], reference["key"]) == ("memberpass", variable["name"])
            environment[variable["name"]] = SECRET[reference["key"]] or FILLED_IN[reference["key"]]
    return environment


def test_nothing_is_left_out_of_the_kustomization() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml", "secret.example.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert {image["name"] for image in KUSTOMIZATION["images"]} == {f"memberpass/{service}" for service in HOUSES}
    assert {name for kind, name in OBJECTS if kind == "Deployment"} == set(HOUSES)


@pytest.mark.parametrize("service", HOUSES)
def test_a_service_starts_in_production_with_what_it_is_given(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house, container = HOUSES[service], container_of(service)
    assert container["envFrom"] == [{"configMapRef": {"name": "memberpass"}}]
    own = own_environment(container)
    assert set(own) <= house.names()
    settings = house.read(CONFIG | own, monkeypatch)
    assert settings.sandbox is False
    assert house.port in (None, settings.port)
    assert container["image"] == f"memberpass/{service}"


def test_what_all_are_told_somebody_reads() -> None:
    known = set[str]().union(*(house.names() for house in HOUSES.values()))
    assert set(CONFIG) <= known
    used = {name for service in HOUSES for name in own_environment(container_of(service))}
    assert set(SECRET) == used - {"PORT"}
    assert not set(SECRET) & set(CONFIG)
    assert set(CONFIG) >= UVICORN


@pytest.mark.parametrize("service", WEB)
def test_probes_and_services_lead_to_the_port_that_is_listened_on(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house, container = HOUSES[service], container_of(service)
    assert container["ports"] == [{"name": "http", "containerPort": house.port}]
    settings = house.read(CONFIG | own_environment(container), monkeypatch)
    assert not house.answers("/nothing-here", settings)
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
        assert house.answers(path, settings)
    door = OBJECTS["Service", service]["spec"]
    assert door["ports"] == [{"name": "http", "port": house.port, "targetPort": "http"}]
    assert door["selector"] == OBJECTS["Deployment", service]["spec"]["template"]["metadata"]["labels"]
    assert CONFIG[f"{house.package.upper()}_URL"] == f"http://{service}:{house.port}"


@pytest.mark.parametrize("service", HOUSES)
def test_a_deployment_holds_its_own_pods(service: str) -> None:
    spec = OBJECTS["Deployment", service]["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"] == {"app": service}
    assert pod_of(service)["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_each_database_has_its_migration(service: str) -> None:
    job = OBJECTS["Job", "migrate-" + service.removesuffix("-api")]["spec"]["template"]["spec"]
    (container,) = job["containers"]
    assert container["image"] == f"memberpass/{service}"
    assert container["command"] == ["python", "-m", "alembic", "upgrade", "head"]
    assert set(own_environment(container)) == {WITH_DATABASE[service]}
