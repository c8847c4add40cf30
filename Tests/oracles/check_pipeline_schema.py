"""Checks pipeline.json against pipeline.schema.json with the reference implementation of JSON Schema (pip install jsonschema)."""

import json
import pathlib

import jsonschema

root = pathlib.Path(__file__).resolve().parents[2]
schema = json.loads((root / "pipeline.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(json.loads((root / "pipeline.json").read_text()))
print("pipeline.json fits pipeline.schema.json")
