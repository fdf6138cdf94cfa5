#!/usr/bin/env python3
"""The real Deep Lake 3 client as a writer that never stops, and as the judge of what was restored. Needs `deeplake<4` and `numpy<2`.

    client.py write DIR JOURNAL SEED REST  writes until SIGTERM: appends, extends, updates, pops, commits, branches, merges; rests REST seconds
                                           between two operations. A line goes to JOURNAL after each: branch, commit or head, digest of the ids
    client.py check DIR JOURNAL SINCE HOW  opens the set, reads every row of every commit of every branch, compares with the journal, goes on
                                           writing, reads everything again; prints what it found as JSON. SINCE: journal lines that were there
                                           when the backup began, which the restored set must not be older than. HOW: `heads` when uncommitted
                                           rows must be a state that the writer had, `commits` when heads may have been replaced by fresh ones

Rows check themselves: id i, text and compressed text "row i", embedding[k] = i + k / 256. An update gives a row another i, all tensors in one flush.
"""
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import time

os.environ.setdefault("BUGGER_OFF", "true")
import numpy as np
import deeplake

DIM = 16


def row(i):
    return {"id": np.int64(i), "text": f"row {i}", "packed": f"row {i}", "embedding": np.float32(i) + np.arange(DIM, dtype=np.float32) / np.float32(256)}


def read(ds):
    """All ids of a version; raises when a row is not what its id says or a tensor is longer than another."""
    lengths = {name: len(t) for name, t in ds.tensors.items()}
    assert len(set(lengths.values())) <= 1, f"tensors differ in length: {lengths}"
    if not lengths or len(ds) == 0:
        return []
    ids = [int(i) for i in ds.id.numpy().reshape(-1)]
    for name in ("text", "packed"):
        texts = [str(x[0]) for x in ds[name].numpy(aslist=True)]
        assert texts == [f"row {i}" for i in ids], f"{name}: {[p for p in zip(ids, texts) if p[1] != f'row {p[0]}'][:3]}"
    wrong = np.flatnonzero((ds.embedding.numpy() != np.stack([row(i)["embedding"] for i in ids])).any(axis=1))
    assert len(wrong) == 0, f"embeddings differ at ids {[ids[i] for i in wrong[:3]]}"
    return ids


def digest(ids):
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]


class Writer:
    def __init__(self, path, journal, seed, rest):
        self.random = random.Random(seed)
        self.journal = open(journal, "a")
        self.rest = rest
        self.next_id = 0
        self.names = 0
        self.ids = {"main": []}
        self.branch = "main"
        self.ds = deeplake.empty(path, overwrite=True)
        with self.ds:
            self.ds.create_tensor("id", dtype="int64")
            self.ds.create_tensor("text", htype="text")
            self.ds.create_tensor("packed", htype="text", chunk_compression="lz4")
            self.ds.create_tensor("embedding", htype="embedding", dtype="float32")
        self.extend(40)
        self.commit()

    @property
    def now(self):
        return self.ids[self.branch]

    def fresh(self, n):
        self.next_id += n
        return list(range(self.next_id - n, self.next_id))

    def write_down(self, **what):
        line = {"branch": self.branch, "head": self.ds.pending_commit_id, "rows": len(self.now), "ids": digest(self.now), **what}
        print(json.dumps(line), file=self.journal, flush=True)

    def extend(self, n):
        new = self.fresh(n)
        rows = [row(i) for i in new]
        with self.ds:
            self.ds.extend({name: [r[name] for r in rows] for name in rows[0]})
        self.now.extend(new)
        self.write_down()

    def append(self):
        [i] = self.fresh(1)
        with self.ds:
            self.ds.append(row(i))
        self.now.append(i)
        self.write_down()

    def update(self):
        [i] = self.fresh(1)
        index = self.random.randrange(len(self.now))
        with self.ds:
            for name, value in row(i).items():
                self.ds[name][index] = value
        self.now[index] = i
        self.write_down()

    def pop(self):
        index = self.random.randrange(len(self.now))
        with self.ds:
            self.ds.pop(index)
        del self.now[index]
        self.write_down()

    def commit(self):
        self.names += 1
        self.write_down(commit=self.ds.commit(f"{self.branch} {self.names}"))

    def switch(self):
        """To another branch, a new one as long as there are few. Uncommitted work is committed first, so that each commit has its line."""
        if self.ds.has_head_changes:
            self.commit()
            self.pause()
        others = [b for b in self.ids if b != self.branch]
        if len(self.ids) < 3:
            name = f"side{len(self.ids)}"
            self.ids[name] = list(self.now)
            self.ds.checkout(name, create=True)
        else:
            name = self.random.choice(others)
            self.ds.checkout(name)
        self.branch = name
        self.write_down()

    @property
    def commit_below(self):
        """Each commit makes about a hundred files; after some, they become rare, or the client could not read them all in time."""
        return 0.94 if self.names < 20 else 0.81

    def pause(self):
        time.sleep(self.rest)

    def step(self):
        kind = self.random.random()
        if kind < 0.35:
            self.append()
        elif kind < 0.55:
            self.extend(self.random.randint(2, 9))
        elif kind < 0.70:
            self.update()
        elif kind < 0.80:
            if len(self.now) > 20:
                self.pop()
        elif kind < self.commit_below:
            if self.ds.has_head_changes:
                self.commit()
        elif kind > 0.99 - 0.05 * (self.names < 20):
            self.switch()
        else:
            self.append()
        self.pause()


def write(path, journal, seed, rest):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    writer = Writer(path, journal, int(seed), float(rest))
    while not stop:
        writer.step()


class Judge:
    def __init__(self, path, journal, since, how):
        with open(journal) as f:
            self.lines = [json.loads(line) for line in f]
        self.path = path
        self.since = int(since)
        self.how = how
        self.commits = {line["commit"]: line for line in self.lines if line.get("commit")}
        self.problems = []

    def run(self):
        seen = self.look()
        return {**seen, "after": self.go_on()}

    def look(self):
        ds = deeplake.load(self.path, read_only=True, verbose=False)
        out = {"branches": {}, "commits": 0, "fresh": 0}
        nodes = ds.version_state["commit_node_map"]
        for commit in [c for c, node in nodes.items() if node.commit_time is not None]:
            ds.checkout(commit)
            ids, line = read(ds), self.commits.get(commit)
            assert line is not None, f"commit {commit} is not one that the writer made"
            assert (len(ids), digest(ids)) == (line["rows"], line["ids"]), f"commit {commit} has {len(ids)} rows, written were {line}"
            out["commits"] += 1
        for branch, head in ds.version_state["branch_commit_map"].items():
            ds.checkout(branch)
            ids = read(ds)
            out["branches"][branch] = len(ids)
            out["fresh"] += self.judge_head(branch, nodes[head].parent.commit_id, ids)
        known = {line["branch"] for line in self.lines[: self.since]}
        assert known <= set(out["branches"]), f"branches {known - set(out['branches'])} are not there"
        return out

    def judge_head(self, branch, parent, ids):
        """Is the head a state that the writer had, no older than the backup? @returns 1 when it is its parent commit without work of its own."""
        states = [(n, line) for n, line in enumerate(self.lines, 1) if line["branch"] == branch]
        is_parent = (len(ids), digest(ids)) == (self.commits[parent]["rows"], self.commits[parent]["ids"])
        if self.how == "commits" and is_parent:
            commits = [line["commit"] for n, line in states if line.get("commit") and n <= self.since]
            done = [c["commit"] for c in self.lines if c.get("commit")]
            assert not commits or done.index(parent) >= done.index(commits[-1]), f"{branch} ends with {parent}, {commits[-1]} was committed before"
            return 1
        last = max((n for n, line in states if n <= self.since), default=0)
        fitting = [n for n, line in states if n >= last and (line["rows"], line["ids"]) == (len(ids), digest(ids))]
        inherited = is_parent and not any(n <= self.since for n, _ in states)
        assert fitting or inherited, f"the head of {branch} has {len(ids)} rows, a state that the writer never had since line {last}"
        return 0

    def go_on(self):
        ds = deeplake.load(self.path, verbose=False)
        assert not ds.read_only
        before = {branch: self.write_on(ds, branch, 1_000_000 + n) for n, branch in enumerate(ds.branches)}
        ds.checkout("after the restore", create=True)
        ds.append(row(2_000_000))
        ds.commit("on a new branch")
        again = deeplake.load(self.path, read_only=True, verbose=False)
        for branch, ids in before.items():
            again.checkout(branch)
            assert read(again) == ids, f"{branch} has {len(again)} rows after writing, expected {len(ids)}"
        again.checkout("after the restore")
        return len(read(again))

    def write_on(self, ds, branch, i):
        ds.checkout(branch)
        ids = read(ds) + [i]
        ds.append(row(i))
        ds.commit("after the restore")
        ds.append(row(i + 100))
        with ds:
            for name, value in row(i + 200).items():
                ds[name][0] = value
        return [i + 200, *ids[1:], i + 100]


def check(path, journal, since, how):
    return Judge(path, journal, since, how).run()


if __name__ == "__main__":
    command, *args = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        result = {"write": write, "check": check}[command](*args)
    if result is not None:
        print(json.dumps(result))
