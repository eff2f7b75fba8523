"""The hostile documents, by threat.

Each threat is a generator of cases: (name, files, options). `files` maps a path below the case's own
folder to text, bytes, or a function that makes it; the first is what `gameday run` is given.
Options: `exits`, the exit statuses that are right (all of FINE unless it is said); `args`, more
arguments; `path`, to run something else than the first file; `says`, words that must be in stderr.
"""
import copy
import json
import os
import random
import string

FINE = (0, 1, 3, 5)
REFUSED = (3,)
UNREADABLE = (3, 4)  # a mistake in a document, or a file that cannot be read
SMALL = ["--events", "200000"]  # where the value, not the length of the run, is what is tried

# Raw JSON text. The first lot is no JSON, or no JSON that tools agree on: always refused.
BAD_LITERALS = ["01", "1.", ".5", "+1", "1e", "0x10", "NaN", "Infinity", "-Infinity", "1e999", "-1e999",
                "9007199254740993", "9" * 70, "1_000", "1,,", "'1'", "tru", '"a', '"\\x"', '"\\ud800"',
                '"\\u0000"', '"1\\n', "\x00", '"\x01"']
ODD_LITERALS = ["-1", "-0", "0", "1", "2", "1e-400", "5e-324", "0.5", "1e308", "255", "256", "65535", "65536",
                "4294967295", "4294967296", "1000000000", "9007199254740992", "true", "false", "null",
                "[]", "{}", '""', '"1"', '"0"', '"0ms"', '"-1ms"', '"1ns"', '"0.1ns"', '"1ms"', '"1h"',
                '"9223372036854775807ns"', '"9223372036854775808ns"', '"4611686018427387904ns"',
                '"9007199254740993ns"', '"1e30s"', '"1e-30s"', '"300y"', '"1e999999999s"', '"0/s"',
                '"-1/s"', '"1/s"', '"1e9/s"', '"1e18/s"', '"1/y"', '"0%"', '"100%"', '"101%"',
                '"0.0000000001%"', '"1KiB"', '"8EiB"', '"1e30B"', '"1bit/s"', '"1e30bit/s"', '"NaN"',
                '"inf"', '"1 ms"', '"1MS"', '"１ms"', '"%n%s%n"',
                '{"about": "1ms", "between": ["2ms", "1ms"]}', '{"exponential": "1h"}', '"preset:same-zone"']
MARK = "@@literal@@"

NASTY = ["%n%n%s%s", "\x1b]0;owned\x07", "\x1b[2J", "a\x1b[31mred", "\x9b31m", "\r\rover", "back\b\b\b",
         "\u202etxt.exe", "\u2066hidden\u2069", "a\u0000b", "../../x", "/etc/passwd", "con", ".", "..",
         "-rf", "--set", "a" * 300, "a" * 70000, "", " ", "\t", "=1+1", "@x", "<script>", "a.b", "a>b",
         "\"", "\\", "'; drop", "\ufeffbom", "\u2028", "\U0001f4a3", "e\u0301", "NaN", "null", "services"]


def text(document):
    return json.dumps(document, ensure_ascii=False)


def model(services, clients=None, **more):
    """A scenario around services; users ask "a" 100 times a second unless it is said."""
    more = {"duration": "10s", **more}
    clients = clients or {"web": {"at": "a", "mix": "go", "arrivals": {"poisson": "100/s"}}}
    inner = {"gameday": 1, "services": services, "clients": clients}
    for section in ("external", "network", "defaults", "policies"):
        if section in more:
            inner[section] = more.pop(section)
    return {"gameday": 1, "name": "hostile", "model": inner, **more}


def service(*steps, **more):
    return {"workers": "unlimited", "operations": {"go": list(steps)}, **more}


def nesting(base, chance, long):
    del base, chance, long
    for name, unit in (("arrays", "["), ("objects", '{"a":'), ("comments", "/*")):
        for n in (63, 64, 65, 1000, 1001, 1000000):
            yield f"{n} {name}", {"m.json": unit * n}, {"exits": REFUSED}
    for n in (61, 62, 63, 64, 65, 100):
        yield f"{n} closed", {"m.json": '{"gameday": 1, "x-deep": ' + "[" * n + "]" * n + "}"}, {"exits": REFUSED}
    for n in (20, 26, 27, 28, 29, 30, 31, 32, 33, 100): # each is two levels, below some eight of the document
        step = {"work": "1ms"}
        for _ in range(n):
            step = {"repeat": 1, "steps": [step]}
        exits = (0,) if n == 20 else REFUSED if n > 31 else (0, 3)
        yield f"{n} repeats", {"m.json": text(model({"a": service(step)}))}, {"exits": exits}
    for op in ("and", "or"):
        claim = f" {op} ".join(["web.go.availability > 0.5"] * 2000)
        yield f"2000 {op}", {"m.json": text(model({"a": service()}, expect={"c": claim}))}, {}
    for claim in ("(" * 30000, "not " * 10000 + "metastable", "-" * 9999, "web." * 9999, "1 < " * 9999):
        yield f"claim {claim[:6]}", {"m.json": text(model({"a": service()}, expect={"c": claim}))}, \
            {"exits": REFUSED}


def duplicates(base, chance, long):
    whole = text(base)
    keys = [at for at in range(len(whole)) if whole.startswith('": ', at)]
    for at in chance.sample(keys, len(keys) if long else 12):
        start = whole.rindex('"', 0, at)
        key = whole[start + 1:at]
        for again in (key, f"\\u{ord(key[0]):04x}" + key[1:]):
            yield f"{key} as {again} at {at}", {"m.json": whole[:start] + f'"{again}": 1, ' + whole[start:]}, \
                {"exits": REFUSED}


def numbers(base, chance, long, fields):
    del base
    for at, (address, put) in enumerate(fields):
        whole = text(put(MARK))
        bad = BAD_LITERALS if long else [BAD_LITERALS[at % len(BAD_LITERALS)]]
        odd = ODD_LITERALS if long else chance.sample(ODD_LITERALS, 2)
        for literal in bad + odd:
            yield f"{address} = {literal[:30]!r}", {"m.json": whole.replace(f'"{MARK}"', literal)}, \
                {"args": SMALL, **({"exits": REFUSED} if literal in bad else {})}


def members(node, path=()):
    """(path, key) of every member of every object."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield path, key
            yield from members(value, path + (key,))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from members(value, path + (at,))


def misspell(chance, key):
    """One letter changed, lost, doubled or swapped with the next."""
    at = chance.randrange(len(key))
    other = chance.choice(string.ascii_lowercase.replace(key[at].lower(), ""))
    return chance.choice([key[:at] + other + key[at + 1:], key[:at] + key[at + 1:], key[:at] + key[at] + key[at:],
                          key[:at] + key[at + 1:at + 2] + key[at] + key[at + 2:], key[:at] + key[at].upper() + key[at + 1:]])


# What a user names freely: to change it is no mistake by itself. Their members are fixed words again.
NAMED = {"services", "clients", "operations", "external", "policies", "flags", "faults", "expect", "try",
         "journeys", "mix", "regions", "links", "choose", "draw", "observed", "calls", "parallel", "segments",
         "values", "limits"}


def misspelt(base, chance, long, library):
    documents = [("base", base, {})] + library
    cases = []
    for name, document, beside in documents:
        for path, key in members(document):
            named = [step for step in path if isinstance(step, str)]
            if "note" in named + [key] or (named and named[-1] in NAMED) or "patch" in named or "expect_not" in named:
                continue
            cases.append((name, document, beside, path, key))
    for name, document, beside, path, key in (cases if long else chance.sample(cases, min(60, len(cases)))):
        wrong = misspell(chance, key)
        changed = copy.deepcopy(document)
        place = changed
        for step in path:
            place = place[step]
        if wrong == key or wrong in place:
            continue
        items = list(place.items())
        place.clear()
        place.update((wrong if k == key else k, v) for k, v in items)
        yield f"{name} {'.'.join(map(str, path))}.{key} as {wrong!r}", {"m.json": text(changed), **beside}, \
            {"exits": REFUSED, "args": SMALL}


def files(base, chance, long):
    del chance, long
    whole = text(base)
    refused = {"exits": REFUSED, "args": SMALL}
    yield "trailing garbage", {"m.json": whole + "x"}, refused
    yield "two documents", {"m.json": whole + whole}, refused
    yield "empty", {"m.json": ""}, refused
    yield "blanks", {"m.json": " \n\t\r\n" * 1000}, refused
    yield "NUL at the end", {"m.json": whole + "\0"}, refused
    yield "UTF-16", {"m.json": whole.encode("utf-16")}, refused
    yield "UTF-8 BOM", {"m.json": b"\xef\xbb\xbf" + whole.encode()}, {"args": SMALL}
    yield "CRLF", {"m.json": json.dumps(base, indent=1).replace("\n", "\r\n")}, {"args": SMALL, "exits": (0, 1, 5)}
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        yield f"bytes {bad!r}", {"m.json": whole.encode().replace(b"a-bit", b"a" + bad)}, refused
    for cut in range(1, len(whole), len(whole) // 12):
        yield f"cut at {cut}", {"m.json": whole[:cut]}, refused
    yield "random bytes", {"m.json": random.Random(1).randbytes(100000)}, refused
    yield "missing", {}, {"exits": UNREADABLE, "path": "nothing.json"}
    yield "a folder", {"d/x": ""}, {"exits": UNREADABLE, "path": "d"}
    yield "a FIFO", {"p": os.mkfifo}, {"exits": UNREADABLE}
    yield "10 GB of nothing", {"m.json": lambda path: grow(path, 10 << 30)}, {"exits": UNREADABLE}
    yield "17 MB of blanks", {"m.json": " " * (17 << 20)}, {"exits": UNREADABLE}
    yield "16 MB array", {"m.json": "[" + "1," * (8 << 20)}, {"exits": UNREADABLE}
    yield "15 MB string", {"m.json": '{"name": "' + "a" * (15 << 20) + '"}'}, {"exits": UNREADABLE}
    yield "400,000 members", {"m.json": "{" + ",".join(f'"k{i}":1' for i in range(400000)) + "}"}, {"exits": UNREADABLE}
    for path in ("/dev/zero", "/dev/urandom", "/dev/null", "/proc/self/mem", "/dev/stdin/x", "/", "\x1b[2J", "%n%s",
                 "a" * 5000):
        yield f"path {path[:20]!r}", {}, {"exits": UNREADABLE, "path": path}


def grow(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def graphs(base, chance, long):
    """Calls that never end, and calls that end in too many."""
    del base, chance
    for ring in (1, 2, 3, 20, 200) + ((1000,) if long else ()):
        services = {f"s{i}": service({"work": "0ms"}, f"s{(i + 1) % ring}.go") for i in range(ring)}
        web = {"web": {"at": "s0", "mix": "go", "arrivals": {"poisson": "100/s"}}}
        yield f"ring of {ring}", {"m.json": text(model(services, web))}, {"exits": (3, 5)}
        waits = {name: service({"wait": "1ms"}, *one["operations"]["go"][1:]) for name, one in services.items()}
        yield f"slow ring of {ring}", {"m.json": text(model(waits, web))}, {"exits": (3, 5)}
    for width, depth in ((10, 10), (100, 4), (2, 40), (60, 3)):
        for shape in ("calls", "parallel", "repeat", "send"):
            services = {f"l{depth}": service({"work": "1us"})}
            for level in range(depth):
                callee = f"l{level + 1}.go"
                steps = {"calls": [callee] * width, "parallel": [{"parallel": [callee] * width}],
                         "repeat": [{"repeat": width, "at_once": width, "steps": [callee]}],
                         "send": [{"call": callee, "wait": False}] * width}[shape]
                services[f"l{level}"] = service(*steps)
            web = {"web": {"at": "l0", "mix": "go", "arrivals": {"poisson": "100/s"}}}
            # 60^3 is within what one request may ask for: a long run, and no mistake.
            yield f"tree {width}^{depth} of {shape}", {"m.json": text(model(services, web))}, \
                {"exits": (5,), "args": SMALL} if (width, depth) == (60, 3) else {"exits": REFUSED}
    for n in (1000, 1000000, 1000000000):
        bomb = {"work": "1us"}
        for _ in range(3):
            bomb = {"repeat": n, "at_once": 1, "steps": [bomb]}
        yield f"{n} repeats thrice", {"m.json": text(model({"a": service(bomb)}))}, {"exits": REFUSED}


def crowds(base, chance, long):
    del base, chance
    one = service({"work": "1ms"})
    for n in (1000000, 1000001, 1000000000, 4294967296):
        yield f"{n} instances", {"m.json": text(model({"a": {**one, "instances": n}}))}, {}
        guarded = {"a": {**service("b.go"), "instances": n, "calls": {"b": {
            "timeout": "1s", "retry": 3, "breaker": {"window_calls": 10000}, "bulkhead": 5}}}, "b": one}
        yield f"{n} guarded instances", {"m.json": text(model(guarded))}, {}
        yield f"{n} users", {"m.json": text(model({"a": one}, {"web": {
            "at": "a", "mix": "go", "users": {"n": n, "think": "1s"}}}))}, {"args": SMALL}
        yield f"{n} workers", {"m.json": text(model({"a": {**one, "workers": n}}))}, {}
        yield f"{n}/s", {"m.json": text(model({"a": one}, {"web": {
            "at": "a", "mix": "go", "arrivals": {"periodic": f"{n}/s"}}}))}, {"args": SMALL}
    for n in (2000, 20000) + ((1000000,) if long else ()):
        many = {f"s{i}": one for i in range(n)}
        many["a"] = one
        yield f"{n} services", {"m.json": text(model(many))}, {"args": SMALL}
    yield "20000 clients", {"m.json": text(model({"a": one}, {
        f"c{i}": {"at": "a", "mix": "go", "arrivals": {"poisson": "1/s"}} for i in range(20000)}))}, {"args": SMALL}
    yield "70000 steps", {"m.json": text(model({"a": service(*[{"work": "1ms"}] * 70000)}))}, {}
    yield "20000 faults", {"m.json": text(model({"a": one}, faults={
        f"f{i}": {"fault": "slow", "target": "services.a", "factor": 2, "at": f"{i}ms", "for": "1s"}
        for i in range(20000)}))}, {"args": SMALL}
    yield "3000 zones", {"m.json": text(model({"a": one}, network={"regions": {
        "eu": {"zones": [f"z{i}" for i in range(3000)]}}}))}, {}


def endless(base, chance, long):
    """No time passes, or no end comes."""
    del base, chance
    forever = {"timeout": "1s", "retry": {"max_attempts": 255}}
    shut = {**service({"work": "1ms"}), "queue": 0, "workers": 1}
    refusing = service({"fail": "100%"})
    closed = {"web": {"at": "a", "mix": "go", "users": {"n": 100, "think": "0ms"}}}
    yield "no think time, no work", {"m.json": text(model({"a": service()}, closed))}, {"exits": (3, 5)}
    yield "no think time, always refused", {"m.json": text(model({"a": refusing}, closed))}, {"exits": (3, 5)}
    yield "no work", {"m.json": text(model({"a": service({"work": "0ms"})}, closed))}, {"exits": (3, 5)}
    yield "tries without delay", {"m.json": text(model({"a": {**service("b.go"), "calls": {"b": forever}},
                                                       "b": refusing}))}, {"args": SMALL}
    deep = {f"s{i}": {**service(f"s{i + 1}.go"), "calls": {f"s{i + 1}": forever}} for i in range(6)}
    deep["s6"] = refusing
    yield "255^6 tries", {"m.json": text(model(deep, {"web": {
        "at": "s0", "mix": "go", "arrivals": {"poisson": "100/s"}}}))}, {"exits": (3, 5)}
    yield "always full", {"m.json": text(model({"a": {**service("b.go"), "calls": {"b": forever}}, "b": shut}))}, \
        {"args": SMALL}
    yield "reload at once", {"m.json": text(model({"a": refusing}, {"web": {
        "at": "a", "mix": "go", "arrivals": {"poisson": "100/s"}, "reload": {"max_attempts": 255, "after": "0ms"}}}))}, \
        {"args": SMALL}
    slow = {"a": service({"work": {"exponential": "10ms"}}, workers=1)}
    flood = {"web": {"at": "a", "mix": "go", "arrivals": {"poisson": "200/s"}}}
    for hours in ("1h", "1d" if long else "2h"):
        yield f"twice its capacity for {hours}", {"m.json": text(model(slow, flood, duration=hours))}, {"exits": (0, 5)}
    yield "a million times its capacity", {"m.json": text(model(slow, {"web": {
        "at": "a", "mix": "go", "arrivals": {"poisson": "100000000/s"}}}, duration="1h"))}, {"exits": (3, 5)}
    yield "never answered", {"m.json": text(model({"a": service({"wait": "300d"})}, flood, duration="300d"))}, \
        {"exits": (0, 3, 5)}
    yield "sent and forgotten", {"m.json": text(model({"a": service({"call": "b.go", "wait": False}), "b": slow["a"]},
                                                      {"web": {"at": "a", "mix": "go",
                                                               "arrivals": {"poisson": "100000/s"}}}))}, {}
    for times in ({"duration": "300y"}, {"duration": "10y"}, {"warmup": "9223372036s", "duration": "9223372036s"},
                  {"duration": "0s"}, {"duration": "1ns"}, {"warmup": "10y", "duration": "10y"}):
        yield f"{times}", {"m.json": text(model({"a": service({"work": "1ms"})}, **times))}, {"args": SMALL}
    for at, length in (("290y", "290y"), ("0s", "0s"), ("9s", "1000y"), ("-5s", "1s"), ("10s", "1s")):
        for fault in ({"fault": "slow", "factor": 1e9}, {"fault": "crash"}, {"fault": "slow", "added": "290y"},
                      {"fault": "hang"}, {"fault": "errors", "share": "100%"}):
            yield f"{fault} at {at} for {length}", {"m.json": text(model({"a": service({"work": "1ms"})}, faults={
                "f": {**fault, "target": "services.a", "at": at, "for": length}}))}, {"args": SMALL}


def includes(base, chance, long):
    del chance, long
    inner = base["model"]
    for path in ("../../etc/passwd", "/etc/passwd", "../../../../../../etc/passwd", "m.json", "./m.json", "..", ".", "",
                 "/dev/zero", "a/../../x", "%n", "\x1b[2J", "a" * 5000, "nothing.json"):
        yield f"model {path[:30]!r}", {"m.json": text({"gameday": 1, "model": path})}, {"exits": UNREADABLE}
        yield f"extends {path[:30]!r}", {"m.json": text({**inner, "extends": path})}, {"exits": UNREADABLE}
        client = {"at": "a", "mix": "go", "arrivals": {"csv": path}}
        yield f"csv {path[:30]!r}", {"m.json": text(model({"a": service()}, {"web": client}))}, {"exits": UNREADABLE}
    yield "extends itself 1e4 times", {"m.json": text({**inner, "extends": ["m.json"] * 10000})}, {"exits": UNREADABLE}
    yield "two that extend each other", {"m.json": text({**inner, "extends": "n.json"}),
                                         "n.json": text({"gameday": 1, "extends": "m.json"})}, {"exits": UNREADABLE}
    chain = {f"{i}.json": text({"gameday": 1, "extends": [f"{i + 1}.json"] * 10}) for i in range(1, 12)}
    yield "10^12 files", {"m.json": text({**inner, "extends": "1.json"}), **chain}, {"exits": UNREADABLE}
    wide = {f"{i}.json": text({"gameday": 1, "extends": [f"{i + 1}.json"] * 60}) for i in range(1, 6)}
    yield "60^5 files", {"m.json": text({**inner, "extends": "1.json"}), **wide, "6.json": text({"gameday": 1})}, \
        {}
    link = {"m.json": text({"gameday": 1, "model": "l.json"}), "l.json": lambda path: os.symlink("/etc/passwd", path)}
    yield "a link elsewhere", link, {"exits": UNREADABLE}


def names(base, chance, long):
    del chance
    for nasty in NASTY if long else NASTY[:24]:
        show = repr(nasty[:16])
        whole = text(base)
        yield f"shown {show}", {"m.json": text({**base, "name": nasty, "lesson": nasty, "question": nasty,
                                                "choices": [nasty], "try": {"other": {"say": nasty, "patch": {}}}})}, \
            {"args": SMALL + ["--series", "out/s.csv"]}
        renamed = copy.deepcopy(base)
        renamed["faults"] = {nasty: base["faults"]["down"]}
        yield f"fault {show}", {"m.json": text(renamed)}, {"args": SMALL}
        for name in ("gw", "buy", "web", "eu", "psp", "items"):
            yield f"{name} as {show}", {"m.json": whole.replace(f'"{name}"', json.dumps(nasty))
                                        .replace(f'"{name}.', json.dumps(nasty)[:-1] + ".")}, {"args": SMALL}
        yield f"claim {show}", {"m.json": text({**base, "expect": {"c": nasty}})}, {"args": SMALL, "exits": REFUSED}
        if "\0" not in nasty:
            yield f"--set {show}", {"m.json": whole}, {"args": SMALL + ["--set", nasty], "exits": (2, 3)}
            yield f"--set = {show}", {"m.json": whole}, {"args": SMALL + ["--set", "services.gw.x=" + nasty], "exits": (3,)}
            yield f"--try {show}", {"m.json": whole}, {"args": SMALL + ["--try=" + nasty], "exits": (3,)}


THREATS = [nesting, duplicates, numbers, misspelt, files, graphs, crowds, endless, includes, names]
