#!/usr/bin/env python3
"""Makes test/fixtures/expected-v3.json: what the real Deep Lake 3.9.x client sees in every complete v3 fixture.

    python freeze_v3.py FIXTURES_DIR > expected-v3.json      (needs `deeplake<4` and `numpy<2`)

For each data set: branches with their heads, and per commit the rows (shortest visible tensor), the length of every tensor, hidden ones too,
and which are visible. A set that the client refuses has `error` instead.
"""
import contextlib
import json
import os
import sys
import tarfile
import tempfile

import client

SETS = ["gen-v3-full", "v3-tiny", "lol", "hub-2.3-xyz", "hub-old-meta", "gen-v3-series/0-first-150-rows", "gen-v3-series/1-300-rows-in-place-append",
        "gen-v3-series/2-after-commit", "gen-v3-series/3-450-rows-in-new-commit", "gen-v3-series/4-one-update-one-pop",
        "gen-v3-series/5-branch-exp-plus-40", "gen-v3-torn/0-clean-before"]


def freeze(fixtures):
    out = {"client": client.deeplake.__version__, "sets": {}}
    with tempfile.TemporaryDirectory() as folder:
        for archive in sorted({s.split("/")[0] for s in SETS}):
            tarfile.open(os.path.join(fixtures, archive + ".tar.gz")).extractall(folder)
        for name in SETS:
            try:
                out["sets"][name] = client.dump(os.path.join(folder, name), values=False)
            except Exception as e:  # what the client cannot open is worth knowing too
                out["sets"][name] = {"error": f"{type(e).__name__}: {e}".replace(folder, "")}
    return out


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        frozen = freeze(sys.argv[1])
    print(json.dumps(frozen, indent=1, sort_keys=True))
