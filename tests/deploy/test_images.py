"""The Dockerfile copies what there is, starts what there is, and installs what the services need, locked."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.houses import HOUSES, ROOT, WITH_DATABASE

DOCKERFILE = (ROOT / "deploy/compose/Dockerfile").read_text(encoding="utf-8")
STAGES = {
    name: body for _, name, body in re.findall(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
}


def locked(path: str) -> dict[str, str]:
    """Each package's lines: version, marker and hashes."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=\S)", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE):
        if "==" in block:
            name = block.partition("==")[0]
            found[name] = found.get(name, "") + block
    return found


def needed(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """What a package of ours names, what it needs of `shared` included."""
    project = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    names: set[str] = set()
    for line in [*project["dependencies"], *(line for extra in sorted(extras) for line in optional[extra])]:
        requirement = Requirement(line)
        if requirement.name == "memberpass-shared":
            names |= needed("shared", frozenset(requirement.extras))
        else:
            names.add(canonicalize_name(requirement.name))
    return names


@pytest.mark.parametrize("service", HOUSES)
def test_an_image_holds_its_service_and_starts_it(service: str) -> None:
    house, stage = HOUSES[service], STAGES[service]
    assert f"COPY services/{service}/{house.package} {house.package}\n" in stage
    assert f'CMD ["python", "-m", "{house.package}"]' in stage
    assert (f"EXPOSE {house.port}\n" in stage) is (house.port is not None)
    assert ("migrations migrations" in stage) is (service in WITH_DATABASE)


def test_what_is_copied_is_there_and_let_through() -> None:
    let_in = [
        line[1:]
        for line in (ROOT / "deploy/compose/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    sources = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert any(source.startswith(prefix) for prefix in let_in)


def test_images_listen_outside_of_themselves_and_run_as_nobody_special() -> None:
    assert " HOST=0.0.0.0" in STAGES["base"]
    assert "\nUSER memberpass\n" in STAGES["base"]


def test_the_images_libraries_are_a_part_of_what_is_tested() -> None:
    whole, part = locked("requirements.lock"), locked("deploy/compose/requirements.lock")
    assert {name: lines for name, lines in part.items() if whole.get(name) != lines} == {}
    assert not {"pytest", "mypy", "ruff"} & set(part)


@pytest.mark.parametrize("service", HOUSES)
def test_every_library_of_a_service_is_installed(service: str) -> None:
    assert needed(f"services/{service}") <= set(locked("deploy/compose/requirements.lock"))
