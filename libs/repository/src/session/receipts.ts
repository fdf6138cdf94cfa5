/**
 * A receipt says that a tree was captured in a session: a piece in one of the session's own packs, which nothing else refers to. With it another process of
 * the same session can prove that a base is its own, also when the tree's pages all lay in older packs. Always shorter than any piece of a file.
 */
export function receiptOf(backupId: string, root: string): Buffer {
  return Buffer.from(`dr1/receipt\n${backupId}\n${root}\n`);
}
