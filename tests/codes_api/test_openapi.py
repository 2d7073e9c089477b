"""The docs: every public operation says what it does, what it needs and what it can refuse."""

from codes_api.main import create_app
from codes_api.settings import Settings

OPEN = {"/healthz", "/readyz", "/metrics"}


def test_every_operation_is_documented() -> None:
    document = create_app(Settings(sandbox=True)).openapi()
    tags = {tag["name"] for tag in document["tags"]}
    assert document["paths"]
    for path, operations in document["paths"].items():
        assert path.startswith("/v1/"), f"{path} is internal"
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            assert operation["summary"], where
            assert len(operation["description"]) > 5, where
            assert set(operation["tags"]) <= tags, where
            assert operation["security"], where
            problems = {
                example
                for answer in operation["responses"].values()
                for example in answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
            }
            assert {"unauthorized", "rate_limited", "dependency_unavailable", "validation_failed"} <= problems, where
            if "{" in path:
                assert "not_found" in problems, where
            if "requestBody" in operation:
                assert "payload_too_large" in problems, where
            if method == "post":
                assert {"idempotency_key_reused", "request_in_progress"} <= problems, where
                assert "Idempotency-Key" in {parameter["name"] for parameter in operation.get("parameters", [])}, where


def test_every_field_has_an_example() -> None:
    schemas = create_app(Settings(sandbox=True)).openapi()["components"]["schemas"]
    # FastAPI's own form of a 422 belongs to the docs of what is sent to creators' servers; money has examples as a whole.
    ours = {
        name: schema
        for name, schema in schemas.items()
        if name not in {"ValidationError", "HTTPValidationError", "Money", "Price"}
    }
    missing = [
        f"{name}.{field}"
        for name, schema in ours.items()
        for field, shape in schema.get("properties", {}).items()
        if not {"examples", "example", "const", "default", "$ref", "anyOf", "format", "items"} & shape.keys()
    ]
    assert [name for name in missing if not name.startswith("Envelope_")] == []


def test_generation_names_its_refusals() -> None:
    document = create_app(Settings(sandbox=True)).openapi()
    operation = document["paths"]["/v1/projects/{project_id}/batches"]["post"]
    problems = {
        example
        for answer in operation["responses"].values()
        for example in answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    refusals = "consent_required quantity_out_of_range plan_inactive bot_not_connected access_codes_disabled"
    assert {*refusals.split(), "account_locked", "fee_not_accepted", "payment_method_required"} <= problems
    conflicts = operation["responses"]["409"]["content"]["application/problem+json"]["examples"]
    assert set(conflicts["fee_not_accepted"]["value"]["quote"]) == {"included", "overage", "fee"}


def test_the_docs_page_needs_no_internet() -> None:
    app = create_app(Settings(sandbox=True))
    assert "/docs" in {getattr(route, "path", "") for route in app.routes}
