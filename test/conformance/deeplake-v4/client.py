#!/usr/bin/env python3
"""Reads and writes data sets with the real Deep Lake 4 client, for comparison with ours. Needs `deeplake==4.7.*`.

    client.py write DIR     makes a data set with appends, updates, deletes, branches, merges, tags, indexes, compaction, pictures
    client.py dump DIR      prints as JSON what the client sees: branches, tags, history, rows per version, a digest of every value
    client.py append DIR    appends one row on main and commits: proof that a restored set can be written
"""
import contextlib
import hashlib
import json
import os
import sys

os.environ.setdefault("BUGGER_OFF", "true")
import numpy as np
import deeplake
from deeplake import types as t

DIM = 32


def rows(a, b):
    ids = list(range(a, b))
    emb = np.array(ids, np.float32)[:, None] + np.arange(DIM, dtype=np.float32)[None, :] / 256
    rng = np.random.default_rng(a)
    return dict(id=ids, text=[f"row {i} " * (i % 5 + 1) for i in ids], embedding=emb, score=[i * 0.5 for i in ids],
                blob=[bytes([i % 251]) * (i % 9 + 1) for i in ids], facts=[{"i": i} for i in ids],
                picture=[rng.integers(0, 255, (8, 8, 3), np.uint8) for _ in ids])


def write(path):
    ds = deeplake.create(path)
    ds.add_column("id", "int64")
    ds.add_column("text", t.Text())
    ds.add_column("embedding", t.Embedding(DIM))
    ds.add_column("score", "float64")
    ds.add_column("blob", t.Bytes())
    ds.add_column("facts", t.Dict())
    ds.add_column("picture", t.Image(sample_compression="png"))
    ds.commit("schema")
    ds.append(rows(0, 200))
    ds.commit("200 rows")
    for start in range(200, 240, 4):
        ds.append(rows(start, start + 4))
        ds.commit(f"4 rows from {start}")
    ds[7]["text"] = "row 7 changed"
    ds[70]["score"] = -1.25
    ds.commit("two updates")
    for _ in range(5):
        ds.delete(20)
    ds.commit("five deletes")
    ds.tag("before-branches")
    ds.metadata["owner"] = "conformance"
    ds["text"].metadata["language"] = "en"
    ds.commit("metadata")
    side = ds.branch("side").open()
    side.append(rows(500, 510))
    side.commit("10 on side")
    inner = side.branch("inner").open()
    inner.append(rows(600, 605))
    inner.delete(0)
    inner.commit("5 on a branch of side")
    side.merge("inner")
    ds.merge("side")
    fix = ds.branch("fix").open()
    fix.append(rows(700, 703))
    fix.commit("3 on fix")
    ds.merge("fix")
    ds.branch("old").delete()
    ds.rename_column("blob", "raw")
    ds.add_column("late", "int32", default_value=7)
    ds.commit("columns")
    ds.indexing_mode = deeplake.IndexingMode.Always
    ds["text"].create_index(t.TextIndex(t.BM25))
    ds.commit("text index")
    ds.indexing_mode = deeplake.IndexingMode.Automatic
    ds.compact()
    ds.tag("end", message="all of it")


def digest(value):
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}".encode() + value.tobytes()
    if isinstance(value, bytes):
        return value
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    return json.dumps(value, sort_keys=True, default=str).encode()


def describe(ds):
    columns = [c.name for c in ds.schema.columns]
    values = {}
    for name in columns:
        sha = hashlib.sha256()
        for i in range(len(ds)):
            sha.update(digest(ds[i][name]))
        values[name] = sha.hexdigest()
    return {"rows": len(ds), "columns": columns, "values": values}


def dump(path):
    ds = deeplake.open_read_only(path)
    out = {"branches": {}, "tags": {}, "versions": {}, "metadata": {k: str(ds.metadata[k]) for k in sorted(ds.metadata.keys())}}
    for name in sorted(ds.branches.names()):
        branch = ds.branches[name].open()
        out["branches"][name] = {"id": ds.branches[name].id, "version": branch.version, **describe(branch)}
        history = branch.history
        for i in range(len(history)):
            at = history[i].open()
            out["versions"][f"{name} {history[i].id}"] = {"message": history[i].message, "rows": len(at), "columns": [c.name for c in at.schema.columns]}
    for name in sorted(ds.tags.names()):
        tag = ds.tags[name]
        out["tags"][name] = {"version": tag.version, "message": tag.message, **describe(tag.open())}
    return out


def append(path):
    ds = deeplake.open(path)
    before = len(ds)
    ds.append({**{k: v for k, v in rows(900, 901).items() if k != "blob"}, "raw": [b"x"], "late": [1]})
    ds.commit("one more row")
    return {"before": before, "after": len(deeplake.open_read_only(path))}


if __name__ == "__main__":
    command, path = sys.argv[1], sys.argv[2]
    with contextlib.redirect_stdout(sys.stderr):
        result = {"write": write, "dump": dump, "append": append}[command](path)
    if result is not None:
        print(json.dumps(result, indent=1, sort_keys=True))
