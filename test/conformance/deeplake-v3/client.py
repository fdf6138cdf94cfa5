#!/usr/bin/env python3
"""Reads and writes data sets with the real Deep Lake 3 client, for comparison with ours. Needs `deeplake<4` and `numpy<2`.

    client.py write DIR     makes a data set with commits, branches, updates, deletes and an uncommitted tail
    client.py dump DIR      prints as JSON what the client sees: branches, commits, rows per tensor, a digest of every value
    client.py reset DIR     drops the uncommitted work of main, Deep Lake's own cure of a torn head; prints the id of the new head
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


def digest_of(tensor):
    """SHA-256 over every sample of a tensor: dtype, shape and bytes, or JSON for text and objects."""
    sha = hashlib.sha256()
    for i in range(len(tensor)):
        sha.update(sample_bytes(tensor[i].numpy(aslist=True)))
    return sha.hexdigest()


def sample_bytes(value):
    if isinstance(value, np.ndarray) and value.dtype != object:
        return f"{value.dtype}{value.shape}".encode() + value.tobytes()
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(sample_bytes(v) for v in value) + b"]"
    return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value, sort_keys=True, default=str).encode()


def describe(ds, values):
    tensors = ds._tensors(include_hidden=True)
    visible = ds.tensors
    out = {"rows": ds.__len__(warn=False), "tensors": {name: len(t) for name, t in sorted(tensors.items())}, "visible": sorted(visible)}
    if values:
        out["values"] = {name: digest_of(t) for name, t in sorted(visible.items()) if not t.meta.is_link}
    return out


def dump(path, values=True):
    ds = deeplake.load(path, read_only=True, verbose=False, check_integrity=False)
    nodes = ds.version_state["commit_node_map"]
    heads = dict(ds.version_state["branch_commit_map"])
    out = {"branches": heads, "commits": {}}
    for commit in sorted(nodes):
        node = nodes[commit]
        if node.commit_time is None and commit not in heads.values():
            continue  # a head that `reset` replaced: its folder is gone, and the client cannot open it
        ds.checkout(commit)
        out["commits"][commit] = {"branch": node.branch, "message": node.commit_message, **describe(ds, values)}
    return out


def write(path):
    rng = np.random.default_rng(7)
    ds = deeplake.empty(path, overwrite=True)
    ds.create_tensor("id", htype="text")
    ds.create_tensor("text", htype="text", chunk_compression="lz4")
    ds.create_tensor("embedding", htype="embedding", dtype="float32")
    ds.create_tensor("labels", htype="class_label", class_names=["a", "b"])
    ds.create_tensor("facts", htype="json")
    ds.create_tensor("image", htype="image", sample_compression="jpeg")
    ds.create_tensor("big", dtype="uint8", max_chunk_size=80_000, tiling_threshold=40_000)

    def rows(a, b):
        for i in range(a, b):
            ds.append({
                "id": f"id-{i}", "text": f"row {i} " * (i % 7 + 1), "embedding": rng.random(64, np.float32), "labels": i % 2,
                "facts": {"i": i}, "image": rng.integers(0, 255, (16, 16, 3), np.uint8),
                "big": rng.integers(0, 255, (200, 300) if i % 9 == 0 else (20, 30), np.uint8),
            })

    rows(0, 40)
    ds.commit("40 rows")
    rows(40, 60)
    ds.text[3] = "row 3 changed"
    ds.embedding[5] = np.zeros(64, np.float32)
    ds.pop(10)
    ds.commit("20 more, two updates, one pop")
    ds.checkout("side", create=True)
    rows(100, 110)
    ds.commit("10 on side")
    ds.checkout("main")
    ds.merge("side")
    rows(200, 203)
    ds.flush()


def append(path):
    ds = deeplake.load(path, verbose=False)
    before = ds.__len__(warn=False)
    with ds:
        ds.append({name: t[0].data()["value"] for name, t in ds.tensors.items()}, skip_ok=True)
    ds.commit("one more row")
    return {"before": before, "after": ds.__len__(warn=False)}


def reset(path):
    ds = deeplake.load(path, verbose=False)
    ds.reset(force=True)
    return {"head": ds.pending_commit_id}


if __name__ == "__main__":
    command, path = sys.argv[1], sys.argv[2]
    with contextlib.redirect_stdout(sys.stderr):  # the client prints progress
        result = {"write": write, "dump": dump, "reset": reset, "append": append}[command](path)
    if result is not None:
        print(json.dumps(result, indent=1, sort_keys=True))
