#!/usr/bin/env python3
"""The real Deep Lake 4 client as a writer that never stops, and as the judge of what was restored. Needs `deeplake==4.7.*`.

    client.py write DIR JOURNAL SEED   writes until SIGTERM: appends, updates, deletes, tags, branches, merges, compaction, a text index built
                                       at every commit. After each commit a line goes to JOURNAL: branch, version, rows, a digest of the ids
    client.py check DIR JOURNAL SINCE  opens the set, reads every row of every version of every branch and tag, compares each version with its
                                       journal line, goes on writing, reads everything again; prints what it found as JSON. SINCE: journal lines
                                       that were there when the backup began, which the restored set must not be older than

Rows check themselves: id i, text "row i v", note "note i v", embedding[k] = i + k / 256. An update gives text and note another v in one commit.
Embeddings are not updated: a compaction of 4.7.4 that folds an update of an embedding into its block writes the block as one dimension, and the
client itself cannot read it any more (our check D3 finds that; the rows of the source are damaged then, whatever a backup does).
"""
import contextlib
import hashlib
import json
import os
import random
import signal
import sys

os.environ.setdefault("BUGGER_OFF", "true")
import numpy as np
import deeplake
from deeplake import types as t

DIM = 16


def rows(ids):
    ids = list(ids)
    emb = np.array(ids, np.float32)[:, None] + np.arange(DIM, dtype=np.float32)[None, :] / 256
    return {"id": ids, "text": [f"row {i} 0" for i in ids], "note": [f"note {i} 0" for i in ids], "embedding": emb}


def read(ds):
    """What each row of a version says, `i v`; raises when its columns do not say the same."""
    if len(ds) == 0:
        return []
    ids = [int(i) for i in np.asarray(ds["id"][:])]
    assert len(ids) == len(ds), f"{len(ids)} ids in {len(ds)} rows"
    said = [str(x).removeprefix("row ") for x in ds["text"][:]]
    notes = [str(x).removeprefix("note ") for x in ds["note"][:]]
    wrong = [row for row in zip(ids, said, notes) if row[1] != row[2] or not row[1].startswith(f"{row[0]} ")]
    assert not wrong, f"rows whose columns differ: {wrong[:3]}"
    wrong = np.flatnonzero((np.asarray(ds["embedding"][:]) != rows(ids)["embedding"]).any(axis=1))
    assert len(wrong) == 0, f"embeddings differ at ids {[ids[i] for i in wrong[:3]]}"
    return said


def digest(said):
    return hashlib.sha256(" ".join(sorted(said)).encode()).hexdigest()[:16]


class Writer:
    def __init__(self, path, journal, seed):
        self.random = random.Random(seed)
        self.journal = open(journal, "a")
        self.next_id = 0
        self.commits = 0
        self.updates = 0
        self.names = 0
        self.side = None
        self.ds = deeplake.create(path)
        self.ds.add_column("id", "int64")
        self.ds.add_column("text", t.Text())
        self.ds.add_column("note", t.Text())
        self.ds.add_column("embedding", t.Embedding(DIM))
        self.ds.commit("schema")
        self.ds.append(rows(self.fresh(50)))
        self.ds.commit("first rows")
        self.ds.indexing_mode = deeplake.IndexingMode.Always
        self.ds["text"].create_index(t.TextIndex(t.BM25))
        self.commit("main", self.ds)

    def fresh(self, n):
        self.next_id += n
        return range(self.next_id - n, self.next_id)

    def name(self, kind):
        self.names += 1
        return f"{kind}{self.names}"

    def commit(self, branch, ds):
        ds.commit(f"{branch} {self.commits}")
        self.commits += 1
        self.write_down(branch, ds)

    def write_down(self, branch, ds):
        said = read(ds)
        print(json.dumps({"branch": branch, "version": ds.version, "rows": len(said), "ids": digest(said)}), file=self.journal, flush=True)

    def change(self, ds):
        """Appends, and sometimes updates and deletes, in what will be one commit."""
        r = self.random
        if r.random() < 0.3 and len(ds) > 20:
            for index in r.sample(range(len(ds)), 2):
                row, i = ds[index], int(ds[index]["id"])
                self.updates += 1
                row["text"], row["note"] = f"row {i} {self.updates}", f"note {i} {self.updates}"
        if r.random() < 0.3 and len(ds) > 40:
            for _ in range(2):
                ds.delete(r.randrange(len(ds)))
        ds.append(rows(self.fresh(r.randint(1, 12))))

    def step(self):
        kind = self.random.random()
        if self.side is None and kind < 0.05:
            self.side = self.name("side")
            self.side_ds = self.ds.branch(self.side).open()
        elif self.side is not None and kind < 0.35:
            self.change(self.side_ds)
            self.commit(self.side, self.side_ds)
        elif self.side is not None and kind < 0.40:
            self.ds.merge(self.side)
            self.write_down("main", self.ds)
            self.side = None
        elif kind < 0.46:
            self.ds.tag(self.name("tag"))
        elif kind < 0.48:
            self.ds.compact()
        else:
            self.change(self.ds)
            self.commit("main", self.ds)


def write(path, journal, seed):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    writer = Writer(path, journal, int(seed))
    while not stop:
        writer.step()


def journal_of(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def check(path, journal, since):
    lines = journal_of(journal)
    known = {(line["branch"], line["version"]): line for line in lines}
    floor = {line["branch"]: line["version"] for line in lines[: int(since)]}
    seen = look(path, known, floor)
    after = go_on(path, seen)
    return {**seen, "after": after}


def look(path, known, floor, versions=True):
    """Every row of every head and tag, and of every version. Raises at the first thing that is not right."""
    ds = deeplake.open_read_only(path)
    out = {"branches": {}, "tags": len(ds.tags.names()), "versions": 0, "compared": 0}
    for name in ds.branches.names():
        branch = ds.branches[name].open()
        out["branches"][name] = len(read(branch))
        assert branch.version >= floor.get(name, ""), f"branch {name} ends with {branch.version}, the writer had {floor[name]} before"
        history = branch.history if versions else []
        for i in range(len(history)):
            version = history[i].open()
            ids = read(version) if version.schema.columns else []
            line = known.get((name, history[i].id))
            out["versions"] += 1
            if line is not None:
                out["compared"] += 1
                assert (len(ids), digest(ids)) == (line["rows"], line["ids"]), f"{name} {history[i].id} has {len(ids)} rows, written were {line}"
    missing = set(floor) - set(out["branches"])
    assert not missing, f"branches {missing} are not there"
    for name in ds.tags.names():
        read(ds.tags[name].open())
    return out


def go_on(path, seen):
    ds = deeplake.open(path)
    before = read(ds)
    new = list(range(1_000_000, 1_000_005))
    ds.append(rows(new))
    ds.commit("after the restore")
    ds.delete(0)
    ds.commit("one less")
    ds.tag("after the restore")
    side = ds.branch("after").open()
    side.append(rows([2_000_000]))
    side.commit("on a new branch")
    again = deeplake.open_read_only(path)
    ids = read(again)
    assert sorted(ids) == sorted((before + [f"{i} 0" for i in new])[1:]), f"{len(ids)} rows after writing, {len(before)} before"
    assert len(read(again.branches["after"].open())) == len(ids) + 1
    look(path, {}, {}, versions=False)
    return len(ids)


if __name__ == "__main__":
    command, *args = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        result = {"write": write, "check": check}[command](*args)
    if result is not None:
        print(json.dumps(result))
