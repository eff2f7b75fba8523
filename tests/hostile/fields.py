"""Every numeric field that `gameday schema` knows, each in a whole document to put a value into."""
import json

NUMERIC = {"duration", "rate", "share", "factor", "size", "bandwidth", "number", "whole-number",
           "distribution", "count-distribution"}
SAMPLE = {"duration": "5ms", "rate": "10/s", "share": "50%", "factor": 2, "size": "1KiB",
          "bandwidth": "10Mbit/s", "number": 1, "whole-number": 2, "distribution": "5ms",
          "count-distribution": 2, "name": "spare", "address": "services.db"}


class Walker:
    """Walks schema and document together; `put` makes the whole document from a changed part."""

    def __init__(self, schema):
        self.defs = schema["$defs"]
        self.root = schema
        self.seen = set()
        self.fields = {}

    def resolve(self, schema):
        """(name of the definition or None, what it is)"""
        name = None
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            schema = self.defs[name]
        return name, schema

    def alternatives(self, schema):
        """All that a place may hold, through references and anyOf: (name, schema)."""
        name, schema = self.resolve(schema)
        if name in NUMERIC or "anyOf" not in schema:
            return [(name, schema)]
        return [found for one in schema["anyOf"] for found in self.alternatives(one)]

    def is_numeric(self, schema):
        return any(name in NUMERIC or one.get("type") in ("integer", "number")
                   for name, one in self.alternatives(schema))

    def sample(self, schema):
        """The smallest value that the schema takes."""
        name, schema = self.resolve(schema)
        if name in SAMPLE:
            return SAMPLE[name]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.sample(schema["anyOf"][0])
        kind = schema.get("type")
        if kind == "object":
            return {key: self.sample(schema["properties"][key])
                    for key in schema.get("required", []) if key in schema["properties"]}
        if kind == "array":
            return [self.sample(schema["items"])] * schema.get("minItems", 1)
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), 1)
        return "spare"

    def fits(self, schema, value):
        if not isinstance(value, dict):
            return False
        known = schema.get("properties", {})
        free = schema.get("additionalProperties") is not False or \
            any(key != "^x-" for key in schema.get("patternProperties", {}))
        required = set(schema.get("required", []))
        return required <= set(value) and (free or set(value) <= set(known))

    def walk(self, schema, value, put, path):
        for name, one in self.alternatives(schema):
            if name in NUMERIC and name not in ("distribution", "count-distribution"):
                continue
            if "anyOf" in one:  # a distribution: its families
                for family in one["anyOf"]:
                    self.walk(family, None, put, path)
            elif one.get("type") == "array" and "items" in one:
                items = value if isinstance(value, list) and value else [self.sample(one["items"])]
                for at, item in enumerate(items):
                    self.walk(one["items"], item, lambda v, at=at, items=items:
                              put(items[:at] + [v] + items[at + 1:]), f"{path}[{at}]")
            elif one.get("type") == "object":
                self.walk_object(one, value, put, path)

    def walk_object(self, one, value, put, path):
        known = {key: sub for key, sub in one.get("properties", {}).items() if sub is not True}
        fits = self.fits(one, value)
        first = id(one) not in self.seen
        if not first and not fits:
            return
        self.seen.add(id(one))
        whole = value if fits else self.sample(one)
        rest = [sub for key, sub in one.get("patternProperties", {}).items() if key != "^x-"]
        if isinstance(one.get("additionalProperties"), dict):
            rest.append(one["additionalProperties"])
        for key, sub in list(known.items()) + [(key, sub) for key in whole for sub in rest
                                               if key not in known]:
            def put_member(v, key=key):
                return put({**whole, key: v})
            if self.is_numeric(sub):
                self.fields.setdefault((id(one), key), (f"{path}.{key}", put_member))
            if first or key in whole:
                self.walk(sub, whole.get(key), put_member, f"{path}.{key}")


def numeric_fields(read_schema, base):
    """[(address, put)]: put(value) is `base` with `value` there. read_schema(kind) is the schema."""
    found = []
    model = Walker(read_schema("model"))
    model.walk(model.root, base["model"], lambda v: {**base, "model": v}, "model")
    scenario = Walker(read_schema("scenario"))
    scenario.walk(scenario.root, base, lambda v: v, "scenario")
    for walker in (model, scenario):
        found += walker.fields.values()
    return sorted(found, key=lambda field: field[0])


def main():
    """Lists the fields of a schema file, to see what the table reaches: fields.py MODEL SCENARIO BASE"""
    import sys
    read = {"model": sys.argv[1], "scenario": sys.argv[2]}
    with open(sys.argv[3], encoding="utf-8") as file:
        base = json.load(file)

    def read_schema(kind):
        with open(read[kind], encoding="utf-8") as file:
            return json.load(file)
    fields = numeric_fields(read_schema, base)
    for address, _ in fields:
        print(address)
    print(len(fields))


if __name__ == "__main__":
    main()
